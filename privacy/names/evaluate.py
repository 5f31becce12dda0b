"""How well an adapter finds what a labelled file says: one table, the same for any of both.

Recall, precision and F1 are strict: a span counts if place and kind are just right, and
only spans that are sure. Masking is judged by characters and by every span: coverage is
the share of an entity's characters that some span hides, over-masking the share of the
characters of no entity that are hidden.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from privacy.names.corpus import Sentence
from privacy.names.span import KINDS, SURE, WITHHELD, Span

ALL = "all"
"""The line over all kinds."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted of one kind; everything else follows."""

    entities: int = 0
    claimed: int = 0
    right: int = 0
    characters: int = 0
    covered: int = 0
    other_characters: int = 0
    masked: int = 0

    def __add__(self, other: Counts) -> Counts:
        names = (field.name for field in fields(self))
        return Counts(*(getattr(self, name) + getattr(other, name) for name in names))

    @property
    def recall(self) -> float:
        return _share(self.right, self.entities)

    @property
    def precision(self) -> float:
        return _share(self.right, self.claimed)

    @property
    def strict_f1(self) -> float:
        return _share(2 * self.right, self.entities + self.claimed)

    @property
    def coverage(self) -> float:
        return _share(self.covered, self.characters)

    @property
    def over_masking(self) -> float:
        return _share(self.masked, self.other_characters)


FIGURES = ("recall", "precision", "strict_f1", "coverage", "over_masking")


def evaluate(
    sentences: Iterable[Sentence], found: Iterable[Sequence[Span]]
) -> dict[str, Counts]:
    """The counts of each kind, and of all together."""
    totals = {kind: Counts() for kind in (*KINDS, ALL)}
    for sentence, spans in zip(sentences, found, strict=True):
        for kind in totals:
            totals[kind] += _counts(sentence, spans, kind)
    return totals


def figures(counts: Counts) -> dict[str, float]:
    """The five figures of one line."""
    return {name: getattr(counts, name) for name in FIGURES}


def _counts(sentence: Sentence, spans: Sequence[Span], kind: str) -> Counts:
    gold = Counter(span[:3] for span in sentence.spans if kind in (span.kind, ALL))
    claims = Counter(
        span[:3]
        for span in spans
        if kind in (span.kind, ALL) and span.score >= SURE and span.kind in KINDS
    )
    entity = _places(sentence.spans)
    asked = _places(span for span in sentence.spans if kind in (span.kind, ALL))
    hidden = _places(spans)
    of_kind = _places(
        span for span in spans if kind == ALL or span.kind in (kind, WITHHELD)
    )
    return Counts(
        entities=gold.total(),
        claimed=claims.total(),
        right=(gold & claims).total(),
        characters=len(asked),
        covered=len(asked & hidden),
        other_characters=len(sentence.text) - len(entity),
        masked=len(of_kind - entity),
    )


def _places(spans: Iterable[Span]) -> set[int]:
    return {place for span in spans for place in range(span.start, span.end)}


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
