"""What the model sees of each character: its neighbours, and the words of jieba's dictionary.

The words come from rjieba (jieba's dictionary and cutter in Rust), once by the dictionary
alone and once with guessed words; both take linear time on any text, which jieba in Python
does not. A change here makes a new model: its digest covers this file.
"""

from __future__ import annotations

from typing import NamedTuple

import rjieba

from privacy.names.chinese_names import SURNAMES

Features = list[str]
EDGE = 2


class _Part(NamedTuple):
    """Where a character stands in its word (B, M, E or S), and the word's tag."""

    place: str
    tag: str
    word: str


def features(text: str) -> list[Features]:
    """One list for each character of a plain text."""
    signs = ["<", "<", *text, ">", ">"]
    shapes = [_shape(sign) for sign in signs]
    surnames = ["1" if sign in SURNAMES else "0" for sign in signs]
    words = _padded(_parts(text, guess=False))
    guessed = _padded(_parts(text, guess=True))
    return [
        _around(signs, at)
        + _words(words, at, "")
        + _words(guessed, at, "h")
        + [
            f"w={words[at].word}",
            f"tt={words[at - 1].tag}{words[at].place}{words[at].tag}{words[at + 1].tag}",
            f"k={''.join(shapes[at - 1 : at + 2])}",
            f"s={''.join(surnames[at - 2 : at + 1])}",
        ]
        for at in range(EDGE, len(text) + EDGE)
    ]


def _around(signs: list[str], at: int) -> Features:
    before2, before, sign, after, after2 = signs[at - 2 : at + 3]
    return [
        f"0={sign}",
        f"-1={before}",
        f"1={after}",
        f"-2={before2}",
        f"2={after2}",
        f"a={before}{sign}",
        f"b={sign}{after}",
        f"c={before}{after}",
        f"d={before2}{before}",
        f"e={after}{after2}",
    ]


def _words(parts: list[_Part], at: int, name: str) -> Features:
    before, here, after = parts[at - 1 : at + 2]
    return [
        f"{name}t={here.place}{here.tag}",
        f"{name}l={before.place}{before.tag}",
        f"{name}r={after.place}{after.tag}",
    ]


def _parts(text: str, guess: bool) -> list[_Part]:
    found: list[_Part] = []
    for word, tag in rjieba.tag(text, guess):
        inner = len(word) - 2
        places = "S" if inner < 0 else f"B{'M' * inner}E"
        found += [_Part(place, tag, word) for place in places]
    return found


def _padded(parts: list[_Part]) -> list[_Part]:
    edge = [_Part("S", "edge", "")] * EDGE
    return [*edge, *parts, *edge]


def _shape(sign: str) -> str:
    if sign.isdigit():
        return "d"
    if sign.isascii() and sign.isalpha():
        return "a"
    return "h" if "\u4e00" <= sign <= "\u9fff" else "o"
