"""A found piece of text, and which of several keeps a character that they all claim.

Every character goes to the strongest span over it: the higher score, then the longer,
then the class that stands first in CLASSES, then the one that begins first. So spans never
overlap, the declared order decides ties, and nothing that was found becomes visible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import pairwise

from privacy.recognisers.classes import RANK


@dataclass(frozen=True, slots=True)
class Span:
    """Places in the raw text and what they are held for; never what stands there."""

    start: int
    end: int
    entity: str
    score: float


def strength(span: Span) -> tuple[float | str, ...]:
    """Sorts the strongest first; classes that others added come after ours."""
    rank = RANK.get(span.entity, len(RANK))
    return (-span.score, span.start - span.end, rank, span.start, span.entity)


def without_overlaps(spans: Iterable[Span]) -> list[Span]:
    """The same characters, each in one span only; in the order of the text."""
    claims = list(set(spans))
    if len(claims) < 2:
        return claims
    claims.sort(key=lambda span: (span.start, strength(span)))
    if all(one.end <= next_.start for one, next_ in pairwise(claims)):
        return claims
    cuts = sorted({place for span in claims for place in (span.start, span.end)})
    kept: list[tuple[Span, int, int]] = []
    open_: list[tuple[tuple[float | str, ...], int]] = []
    coming = 0
    for start, end in pairwise(cuts):
        while coming < len(claims) and claims[coming].start == start:
            heappush(open_, (strength(claims[coming]), coming))
            coming += 1
        while open_ and claims[open_[0][1]].end <= start:
            heappop(open_)
        if open_:
            _keep(kept, claims[open_[0][1]], start, end)
    return [replace(span, start=start, end=end) for span, start, end in kept]


def _keep(kept: list[tuple[Span, int, int]], owner: Span, start: int, end: int) -> None:
    """One more piece of a span, joined to the piece before it where both touch."""
    if kept and kept[-1][0] is owner and kept[-1][2] == start:
        start = kept.pop()[1]
    kept.append((owner, start, end))
