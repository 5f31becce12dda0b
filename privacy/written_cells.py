"""Cells as numbers: one way of writing for each character, one number for each window.

A window's fingerprint is a polynomial of random numbers modulo 2^64: of two texts that
differ about one pair in 10^19 has the same. All characters of a column at once, no Python
per cell.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import shake_256

import numpy as np
import polars as pl

from privacy.names.writing import SEPARATORS, plain

LONGEST = 19
"""Characters that a fingerprint is made of at most."""

SIGNS = 1 << 16
PRIVATE = 0xE000
"""Rare characters beyond the first 65,536 share the numbers of those for private use."""

KEY_BYTES = 32


@dataclass(frozen=True)
class ScanKey:
    """What makes fingerprints of one run unlike those of any other."""

    secret: bytes = field(repr=False)

    @classmethod
    def fresh(cls) -> ScanKey:
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def signs(self) -> np.ndarray:
        """A number for every character."""
        return _stretched(self.secret)[0]

    @property
    def powers(self) -> np.ndarray:
        """And for every place in a window: powers of an odd number."""
        return _stretched(self.secret)[1]


@lru_cache(maxsize=4)
def _stretched(secret: bytes) -> tuple[np.ndarray, np.ndarray]:
    stream = np.frombuffer(shake_256(secret).digest(8 * (SIGNS + 1)), np.uint64)
    steps = np.full(LONGEST + 1, stream[-1] | np.uint64(1))
    steps[0] = 1
    return stream[:-1], np.cumprod(steps, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Written:
    """The characters of all cells one after the other, without separators.

    `cell` and `end` (both per character): whose it is, and where that ends. `alnum`: is it
    a digit or a Latin letter? `joined`: does it follow on one of its own sort at once?
    """

    signs: np.ndarray
    cell: np.ndarray
    end: np.ndarray
    alnum: np.ndarray
    joined: np.ndarray

    def words(self, start: int, length: int) -> str:
        """A window as a text."""
        return "".join(map(chr, self.signs[start : start + length].tolist()))


def written(cells: pl.Series) -> Written:
    """Full width, traditional characters, small letters and separators tell nothing."""
    sizes = cells.str.len_chars().to_numpy().astype(np.int64)
    text = cells.str.join("").item() if len(cells) else ""
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    codes = _within(codes)
    signs, kept = _folded()[codes], _kept()[codes]
    cell = np.repeat(np.arange(len(cells), dtype=np.int32), sizes)
    alnum = _alnum()[signs]
    joined = _joined(signs, kept, cell, alnum)
    cell = cell[kept]
    ends = np.searchsorted(cell, np.arange(len(cells)), "right")
    return Written(signs[kept], cell, ends[cell], alnum[kept], joined[kept])


def _joined(
    signs: np.ndarray, kept: np.ndarray, cell: np.ndarray, alnum: np.ndarray
) -> np.ndarray:
    of_words = kept & _of_words()[signs]
    joined = np.zeros(len(signs), bool)
    joined[1:] = (
        of_words[1:]
        & of_words[:-1]
        & (cell[1:] == cell[:-1])
        & (alnum[1:] == alnum[:-1])
    )
    return joined


@lru_cache(maxsize=1)
def _folded() -> np.ndarray:
    """For every character the one that stands for it."""
    every = (
        chr(code) if not 0xD800 <= code < PRIVATE else " " for code in range(SIGNS)
    )
    signs = plain("".join(every))
    folded = [ord(sign.upper() if sign.isascii() else sign) for sign in signs]
    return _within(np.array(folded, np.uint32))


def _within(codes: np.ndarray) -> np.ndarray:
    """Rare characters, beyond the tables, as private ones; simplified ones may be rare."""
    rare = codes >= SIGNS
    return np.where(rare, PRIVATE + codes % 4096, codes) if rare.any() else codes


@lru_cache(maxsize=1)
def _kept() -> np.ndarray:
    return np.array([chr(code) not in SEPARATORS for code in _folded()])


@lru_cache(maxsize=1)
def _alnum() -> np.ndarray:
    return np.array([code < 128 and chr(code).isalnum() for code in range(SIGNS)])


@lru_cache(maxsize=1)
def _of_words() -> np.ndarray:
    """Letters and digits of any script; all others end a word."""
    return np.array([chr(code).isalnum() for code in range(SIGNS)])


def fingerprints(
    text: Written, most: int, key: ScanKey, backwards: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Of each cell that is not empty, of its last `most` characters at most: the number,
    and of how many. `backwards`: as if these were written from their end."""
    if not len(text.signs):
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    places = np.arange(len(text.signs))
    starts = np.flatnonzero(np.diff(text.cell, prepend=-1))
    sizes = text.end[starts] - starts
    taken = np.minimum(sizes, most)
    left = text.end - places
    inside = left <= most
    step = left - 1 if backwards else np.repeat(taken, sizes) - left
    powers = key.powers[np.where(inside, step, 0)]
    parts = np.where(inside, key.signs[text.signs] * powers, np.uint64(0))
    return np.add.reduceat(parts, starts), taken


def windows(
    text: Written, longest: int, key: ScanKey
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """(length, starts, fingerprints) of all windows inside one cell, shortest first."""
    size = len(text.signs)
    numbers = key.signs[text.signs]
    left = text.end - np.arange(size)
    made = np.zeros(size, np.uint64)
    for length in range(1, min(longest, size) + 1):
        reach = size - length + 1
        made[:reach] += numbers[length - 1 :] * key.powers[length - 1]
        starts = np.flatnonzero(left[:reach] >= length)
        yield length, starts, made[starts]


def alone(
    text: Written, starts: np.ndarray, length: int, sort: np.ndarray | None
) -> np.ndarray:
    """Does no character of its own sort touch the window? `sort`: only such count."""
    joined = text.joined if sort is None else text.joined & sort
    after = np.minimum(starts + length, len(text.signs) - 1)
    follows = (starts + length < text.end[starts]) & joined[after]
    return ~(joined[starts] | follows)
