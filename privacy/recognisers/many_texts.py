"""The analyzer's finds for many texts at once, most of which hold nothing.

A pattern without its look-arounds matches more, never less. So a column is first asked, by
polars, which of its texts a pattern may match at all; only those are looked at closely, by
the same patterns, grades and labels. tests/unit holds the results against the analyzer's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import polars as pl
from presidio_analyzer import AnalyzerEngine

from privacy.recognisers.analyzer import LONGEST, PIECE, analyzer, spans
from privacy.recognisers.classes import CLASSES
from privacy.recognisers.folded import Folded, folded
from privacy.recognisers.kinds import AFTER, BEFORE, FOUND, GLUED, Kind
from privacy.recognisers.labels import gain
from privacy.recognisers.spans import Span, without_overlaps

AT_ONCE = 50_000
"""Texts looked at together: what is held in memory does not grow with the column."""

_LOOK_AROUND = re.compile(r"\(\?<?[=!]")
_BLANKS = r"\s\x1c-\x1f"
"""What `\\s` is to Python; Rust leaves the four separators out."""

_BEFORE = f"(?:^|[^0-9A-Z]|{'|'.join(GLUED)})"
"""BEFORE stands behind the first sign of a value, which every such pattern begins with."""

_WRAPPED = "[0-9A-Za-z+/_-]{24}"
"""The shortest run of base64 that wrapped.py looks into."""


def spans_of(texts: Iterable[str]) -> Iterator[list[Span]]:
    """Of each text, in their order, what `analyzer.spans` finds with our recognisers."""
    some: list[str] = []
    for text in texts:
        some.append(text)
        if len(some) == AT_ONCE:
            yield from _spans_of(some)
            some = []
    yield from _spans_of(some)


def _spans_of(texts: Sequence[str]) -> list[list[Span]]:
    """What many small objects would cost is spared: texts are folded to plain strings, and
    only a find is traced back to where it stands in the raw text."""
    plain = [folded(text).text for text in texts]
    whole = _whole(texts)
    found: dict[int, list[Span]] = {}
    for kind, pattern, row in _candidates(plain):
        if row not in whole and (some := _found(plain[row], texts[row], kind, pattern)):
            found.setdefault(row, []).extend(some)
    for row, some in found.items():
        found[row] = without_overlaps(some)
    found |= {row: spans(_engine(), texts[row]) for row in whole}
    return [found.get(row, []) for row in range(len(texts))]


def _candidates(plain: list[str]) -> Iterator[tuple[Kind, re.Pattern[str], int]]:
    """A class, a pattern of it, and the row of a text that the pattern may match."""
    folds = pl.Series(plain, dtype=pl.String)
    likely = folds.filter(maybe := folds.str.contains(_any()))
    rows = maybe.arg_true()
    for kind, patterns in _necessary():
        near = likely.str.contains("|".join(patterns.values()))
        if kind.alone:
            near &= likely.str.contains(_counting(kind))
        some, where = likely.filter(near), rows.filter(near)
        # Rust's patterns are made anew for each call: not for texts that are not there.
        for pattern, loose in patterns.items() if len(some) else ():
            for row in where.filter(some.str.contains(loose)).to_list():
                yield kind, pattern, row


def _whole(texts: Sequence[str]) -> set[int]:
    """Rows that the analyzer reads itself: in pieces, or with other texts inside."""
    raw = pl.Series(texts, dtype=pl.String)
    long = raw.str.len_chars() > PIECE + LONGEST
    return set((long | raw.str.contains(_WRAPPED)).arg_true())


def _found(plain: str, raw: str, kind: Kind, pattern: re.Pattern[str]) -> list[Span]:
    """What is enough of a class in one folded text, as its recogniser tells it."""
    told = [
        (start, end, round(grade + gain(plain, start, end, kind)[0], 2))
        for start, end, grade in kind.candidates_of(pattern, plain)
    ]
    sure = [
        (start, end, min(score, 1.0)) for start, end, score in told if score >= FOUND
    ]
    if not sure:
        return []
    back = Folded(raw) if plain == raw else folded(raw)
    return [
        Span(back.raw(start), back.raw(end), kind.entity, score)
        for start, end, score in sure
    ]


@lru_cache(maxsize=1)
def _engine() -> AnalyzerEngine:
    return analyzer()


@lru_cache(maxsize=1)
def _necessary() -> list[tuple[Kind, dict[re.Pattern[str], str]]]:
    """Each class with its patterns, and what a text must match to match one."""
    return [
        (kind, {pattern: loosened(pattern.pattern) for pattern in kind.patterns})
        for kind in CLASSES
    ]


@lru_cache(maxsize=32)
def _counting(kind: Kind) -> str:
    """What a text must hold for a value of the class to count: one that counts alone, or a
    word that speaks for it."""
    words = [re.escape(label) for label in kind.labels]
    if kind.followers:
        words.append(loosened(kind.followers.pattern))
    return "|".join([*words, *(loosened(pattern.pattern) for pattern in kind.alone)])


@lru_cache(maxsize=1)
def _any() -> str:
    return "|".join(loose for _, all_ in _necessary() for loose in all_.values())


def loosened(pattern: str) -> str:
    """A pattern of Python's as one of Rust's that matches wherever the first does.

    The look-arounds that all values share become signs that are read; others go.
    """
    first, before, rest = pattern.partition(BEFORE)
    if before:
        pattern = _BEFORE + first + rest
    if pattern.endswith(AFTER):
        pattern = pattern.removesuffix(AFTER) + "(?:[^0-9A-Z]|$)"
    kept = "".join(_without_look_arounds(pattern))
    kept = re.sub(r"\(\?P<mark>(\[[^]]+\])\)", r"\1", kept).replace("(?P=mark)", ".")
    kept = kept.replace("*+", "*").replace(r"[\s", f"[{_BLANKS}")
    return re.sub(r"(?<!\[)\\s", lambda _: f"[{_BLANKS}]", kept)


def _without_look_arounds(pattern: str) -> Iterator[str]:
    place = 0
    while place < len(pattern):
        if _LOOK_AROUND.match(pattern, place):
            place = _closing(pattern, place) + 1
        else:
            step = 2 if pattern[place] == "\\" else 1
            yield pattern[place : place + step]
            place += step


def _closing(pattern: str, opening: int) -> int:
    """Where the bracket that opens there is closed."""
    depth, in_class, place = 0, False, opening
    while True:
        sign = pattern[place]
        if sign == "\\":
            place += 1
        elif in_class:
            in_class = sign != "]"
        elif sign == "[":
            in_class = True
        elif sign in "()":
            depth += 1 if sign == "(" else -1
            if depth == 0:
                return place
        place += 1
