"""The rules for spans once more: slow, character by character, with nothing clever.

The reference for privacy/names/span.py, known.py and detect.py.
"""

from __future__ import annotations

from privacy.names.span import RANK, Span
from privacy.names.writing import SEPARATORS, plain


def settled(spans: list[Span]) -> list[Span]:
    """Unite within a kind and rank until nothing changes; then every character picks a winner."""
    united = [span for span in spans if span.start < span.end]
    while pair := _overlapping(united):
        one, other = pair
        united.remove(one)
        united.remove(other)
        united.append(_union(one, other))
    winners = {place: _winner(united, place) for place in _places(united)}
    return _runs(winners)


def _overlapping(spans: list[Span]) -> tuple[Span, Span] | None:
    for at, one in enumerate(spans):
        for other in spans[at + 1 :]:
            both = set(range(*one[:2])) & set(range(*other[:2]))
            alike = one.kind == other.kind and RANK[one.source] == RANK[other.source]
            if alike and both:
                return one, other
    return None


def _union(one: Span, other: Span) -> Span:
    source = max((one.source, other.source), key=lambda name: RANK[name])
    start, end = min(one.start, other.start), max(one.end, other.end)
    return Span(start, end, one.kind, max(one.score, other.score), source)


def _places(spans: list[Span]) -> list[int]:
    return sorted({place for span in spans for place in range(*span[:2])})


def _winner(spans: list[Span], place: int) -> Span:
    over = [span for span in spans if span.start <= place < span.end]
    return max(
        over,
        key=lambda span: (
            RANK[span.source],
            span.score,
            span.end - span.start,
            -span.start,
            span.kind,
        ),
    )


def _runs(winners: dict[int, Span]) -> list[Span]:
    found: list[tuple[Span, Span]] = []
    for place, winner in sorted(winners.items()):
        if found and found[-1][1] is winner and found[-1][0].end == place:
            found[-1] = found[-1][0]._replace(end=place + 1), winner
        else:
            found.append((winner._replace(start=place, end=place + 1), winner))
    return sorted(piece for piece, _ in found)


def covered(spans: list[Span]) -> set[int]:
    return {place for span in spans for place in range(span.start, span.end)}


def written_places(text: str, form: str) -> set[int]:
    """The characters of every mention of a form, whatever separators stand inside it."""
    found: set[int] = set()
    for start in range(len(text)):
        place, used = start, []
        for sign in form:
            while used and place < len(text) and text[place] in SEPARATORS:
                place += 1
            if place == len(text) or _same(text[place]) != sign:
                break
            used.append(place)
            place += 1
        else:
            found |= set(range(used[0], used[-1] + 1))
    return found


def _same(sign: str) -> str:
    half = plain(sign)
    return half.upper() if half.isascii() else half
