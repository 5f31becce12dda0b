"""How many distinct persons there are, without keeping one of them.

Law: who handles more than ten million persons carries the duties of important data
(网络数据安全管理条例 Art. 28-29). Each identity number is mixed with a secret and leaves at
most one small number in a row of 4,096 (HyperLogLog); rows of several tables are put together
by the larger number, so that a person in many tables counts once. One standard deviation is
1.6 %.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from math import log
from pathlib import Path

import numpy as np
import polars as pl

from lake_config.settings import Settings, write_private
from privacy.keys import ledger_digest

LEVELS = (1_000_000, 9_500_000)
"""Totals that are told of: the second lies three standard deviations below ten million."""

PLACES = 12
SIZE = 1 << PLACES
BITS = 64 - PLACES
ALPHA = 0.7213 / (1 + 1.079 / SIZE)
Registers = np.ndarray


def none_seen() -> Registers:
    return np.zeros(SIZE, np.uint8)


def person_number(cell: pl.Expr) -> pl.Expr:
    """17 digits that tell a person: an identity number without its check digit; an old one
    gets its century. Null for what is neither."""
    text = cell.str.strip_chars()
    signs = text.str.len_bytes()
    old = pl.concat_str(text.str.head(6), pl.lit("19"), text.str.slice(6, 9))
    digits = pl.when(signs == 18).then(text.str.head(17)).when(signs == 15).then(old)
    return digits.cast(pl.UInt64, strict=False)


def born(person: pl.Expr) -> pl.Expr:
    """The birth date in such a number, as eight digits."""
    return person // 1_000 % 100_000_000


def registers(settings: Settings, numbers: Iterable[pl.Series]) -> Registers:
    """What these persons leave behind; `numbers` as person_number makes them."""
    secret = bytes.fromhex(ledger_digest(settings, "distinct persons"))
    first, second = (
        np.uint64(int.from_bytes(part)) for part in (secret[:8], secret[8:16])
    )
    found = none_seen()
    for some in numbers:
        mixed = _mixed(_mixed(some.drop_nulls().to_numpy() ^ first) ^ second)
        rest = (mixed & np.uint64((1 << BITS) - 1)).astype(np.float64)
        ranks = BITS + 1 - np.frexp(rest)[1]
        np.maximum.at(found, mixed >> np.uint64(BITS), ranks.astype(np.uint8))
    return found


def _mixed(numbers: Registers) -> Registers:
    """Every bit of a number decides every bit of the result (splitmix64)."""
    with np.errstate(over="ignore"):
        numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def together(rows: Iterable[Registers]) -> Registers:
    return np.maximum.reduce([none_seen(), *rows])


def estimate(row: Registers) -> int:
    """How many distinct persons left these numbers."""
    raw = ALPHA * SIZE**2 / float(np.sum(np.exp2(-row.astype(np.float64))))
    empty = int(np.count_nonzero(row == 0))
    few = raw <= 2.5 * SIZE and empty
    return round(SIZE * log(SIZE / empty)) if few else round(raw)


def reached(total: int, levels: tuple[int, ...] = LEVELS) -> int:
    """The highest level that a total has reached; 0 below all."""
    return max((level for level in levels if total >= level), default=0)


def keep(settings: Settings, table: str, row: Registers) -> None:
    """A table's row takes the place of its last one: who left the table counts no more."""
    text = base64.b64encode(row.tobytes()).decode()
    write_private(_folder(settings) / f"{table}.txt", text)


def of_all_tables(settings: Settings) -> int:
    """Distinct persons in all tables that were masked; a broken row counts as none."""
    return estimate(together(map(_read, sorted(_folder(settings).glob("*.txt")))))


def _read(path: Path) -> Registers:
    try:
        found = np.frombuffer(base64.b64decode(path.read_text("ascii")), np.uint8)
    except (OSError, ValueError, binascii.Error):
        return none_seen()
    return found if len(found) == SIZE else none_seen()


def _folder(settings: Settings) -> Path:
    return settings.layers.person_counts
