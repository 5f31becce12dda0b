"""The known-value pass once more, slow and obvious, to hold the fast one against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from privacy.known_values import ANYWHERE, DIRECT, LONGEST, NAME, NUMBER, SHORTEST
from privacy.names.known import is_a_word
from privacy.names.writing import bare

Found = set[tuple[str, int, bool]]


def plain_hits(cells: Sequence[str], values: Mapping[str, Iterable[str]]) -> Found:
    """(semantic type, place of the cell, beyond doubt) of every known value."""
    return {
        (kind, place, sure)
        for place, cell in enumerate(cells)
        for kind, wanted in values.items()
        for value in wanted
        for sure in _hits(cell, kind, value)
    }


def _hits(cell: str, kind: str, value: str) -> Iterator[bool]:
    how = DIRECT[kind]
    sought = bare(value).text
    if len(sought) < SHORTEST[how] or (how == NAME and is_a_word(sought)):
        return
    sought = sought[-LONGEST[how] :]
    text, places = bare(cell)
    for start in range(len(text) - len(sought) + 1):
        if text[start : start + len(sought)] != sought:
            continue
        first, last = places[start], places[start + len(sought) - 1]
        if how == NUMBER:
            free = not (_digits(cell, first - 1) or _digits(cell, last))
            if len(sought) >= ANYWHERE or free:
                yield True
        else:
            touched = _one_sort(cell, first - 1) or _one_sort(cell, last)
            yield how != NAME or not touched


def _digits(cell: str, at: int) -> bool:
    """Are the two characters from `at` on both digits or Latin letters?"""
    pair = bare_pair(cell, at)
    return len(pair) == 2 and all(sign.isascii() and sign.isalnum() for sign in pair)


def _one_sort(cell: str, at: int) -> bool:
    pair = bare_pair(cell, at)
    if len(pair) < 2 or not all(sign.isalnum() for sign in pair):
        return False
    return pair[0].isascii() == pair[1].isascii()


def bare_pair(cell: str, at: int) -> str:
    return bare(cell[at : at + 2]).text if at >= 0 else ""
