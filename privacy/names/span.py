"""What was found where, and the rules by which findings become one list.

The rules never uncover a character: the union of what comes in is the union of what goes
out. tests/lib/plain_spans.py says the same things slowly.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

PERSON, PLACE, ORGANISATION = "person", "place", "organisation"
KINDS = (PERSON, PLACE, ORGANISATION)
WITHHELD = "withheld"
"""The kind of the one span over a whole text that could not be read in time."""

SURE = 0.5
"""From this score on a span is a claim; below it is masked all the same, to be safe."""

RANK = {"model": 0, "repeat": 0, "label": 1, "known": 2}
"""Where a span is from: where two overlap, the higher one keeps its extent."""


class Span(NamedTuple):
    """`text[start:end]` is of this kind."""

    start: int
    end: int
    kind: str
    score: float = 1.0
    source: str = "model"


class Find(Protocol):
    """What every model is to the lake: the spans of each text, in the order of the texts."""

    def __call__(self, texts: Sequence[str]) -> list[list[Span]]: ...


def settled(spans: Iterable[Span]) -> list[Span]:
    """Disjoint spans in the order of the text.

    Overlapping spans of one kind and rank become one; else the stronger keeps its extent,
    and the weaker what is left of it.
    """
    pieces: list[Span] = []
    free: dict[int, int] = {}
    for span in sorted(_united(spans), key=_strength, reverse=True):
        for start, end in _untaken(free, span.start, span.end):
            pieces.append(span._replace(start=start, end=end))
    return sorted(pieces)


def _united(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    real = [span for span in spans if span.start < span.end]
    for span in sorted(real, key=lambda span: (*_class(span), span.start, span.end)):
        overlaps = found and span.start < found[-1].end
        if overlaps and _class(span) == _class(found[-1]):
            found[-1] = joined(found[-1], span)
        else:
            found.append(span)
    return found


def _class(span: Span) -> tuple[str, int]:
    return span.kind, RANK[span.source]


def joined(before: Span, after: Span) -> Span:
    """One span from the start of the first to the later end, as strong as the stronger."""
    return Span(
        before.start,
        max(before.end, after.end),
        before.kind,
        max(before.score, after.score),
        max(before.source, after.source, key=RANK.__getitem__),
    )


def _strength(span: Span) -> tuple[int, float, int, int, str]:
    length = span.end - span.start
    return RANK[span.source], span.score, length, -span.start, span.kind


def _untaken(free: dict[int, int], start: int, end: int) -> list[tuple[int, int]]:
    """The runs of places in a range that nobody took yet; now they are taken.

    `free` leads from a taken place to one further right, so that none is visited often.
    """
    runs: list[tuple[int, int]] = []
    place = _next_free(free, start)
    while place < end:
        if runs and runs[-1][1] == place:
            runs[-1] = runs[-1][0], place + 1
        else:
            runs.append((place, place + 1))
        free[place] = place + 1
        place = _next_free(free, place)
    return runs


def _next_free(free: dict[int, int], place: int) -> int:
    passed = []
    while place in free:
        passed.append(place)
        place = free[place]
    free.update(dict.fromkeys(passed, place))
    return place
