"""Finds values of a batch's own people in what is about to be published.

Patterns cannot know a name, an address or an odd number; the batch's accepted rows can. Of
each distinct value 8 bytes are kept, a fingerprint under a key that is made for one run and
lies in memory only. The rules are told in docs/reference/leak_scan.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import sqrt
from typing import NamedTuple

import numpy as np
import polars as pl

from lake_config.contract import Table
from privacy.names.known import is_a_word
from privacy.written_cells import (
    ScanKey,
    Written,
    alone,
    fingerprints,
    windows,
    written,
)

NAME, ADDRESS, NUMBER = "name", "address", "number"
NUMBERS = (
    "identity_number mobile landline bank_card social_security_number "
    "medical_insurance_number licence_number passport online_account plate vin"
)
DIRECT = {
    "person_name": NAME,
    "address": ADDRESS,
    **dict.fromkeys(NUMBERS.split(), NUMBER),
}
"""Direct identifiers (privacy.md 6.4), and how a value of theirs is looked for."""

SHORTEST = {NAME: 2, ADDRESS: 8, NUMBER: 6}
LONGEST = {NAME: 12, ADDRESS: 10, NUMBER: 19}
"""Characters without separators: a shorter value is nobody's alone, and of a longer one the
end is looked for, because addresses begin alike and differ at their ends."""

ANYWHERE = 15
"""A number so long is found inside other digits too; a shorter one only where neither digit
nor letter touches it: eleven digits are found by chance in any long number."""

DEVIATIONS = 3.1
"""One time in a thousand by chance alone (the upper end of a normal distribution)."""

AT_ONCE = 1_000_000
"""Characters that are looked at at once."""

LACKING = r"^(?:无|不详|未知|暂无|保密|(?i:null|none|n/?a)|0+|1+|9+|-+|\*+|[xX]+)$"
DIVISION = "(?:省|市|区|县|旗|镇|乡|街道)$"
HOUSES = "[0-9０-９]|(?:小区|家属区|园区)$"
"""What ends like a division is a place many live in, and no home; but for one with a number
or named as houses are (…路18号阳光花园小区)."""


class Hit(NamedTuple):
    """A known value in a cell: its semantic type, the cell's place, and whether it is
    somebody's beyond doubt; a name inside a longer word is not."""

    kind: str
    cell: int
    sure: bool


Sets = dict[str, dict[int, np.ndarray]]
"""Sorted fingerprints by semantic type and length."""


@dataclass(frozen=True)
class Known:
    """`backwards`: the names read from their ends, which nobody is called: as often as they
    occur, names do by chance. `invented`: made so that no chance writes even a name."""

    key: ScanKey
    values: Sets
    backwards: Sets = field(default_factory=dict)
    invented: bool = False


def direct_columns(table: Table) -> dict[str, str]:
    """Column to semantic type."""
    return {
        item.name: item.semantic_type
        for item in table.columns
        if item.semantic_type in DIRECT
    }


def distinct(rows: pl.LazyFrame, name: str, kind: str) -> pl.LazyFrame:
    """The distinct values of a column that are somebody's at all."""
    cell = pl.col(name).cast(pl.String).str.strip_chars()
    somebody_s = (cell != "") & ~cell.str.contains(LACKING)
    if DIRECT[kind] == ADDRESS:
        somebody_s &= ~cell.str.contains(DIVISION) | cell.str.contains(HOUSES)
    return rows.select(cell.filter(somebody_s).unique().alias(name))


def known_values(columns: Iterable[tuple[str, pl.Series]], key: ScanKey) -> Known:
    """Of distinct values with their semantic types, in as many parts as there are."""
    values: Sets = {}
    backwards: Sets = {}
    for kind, cells in columns:
        text, how = written(cells), DIRECT[kind]
        _add(values.setdefault(kind, {}), how, *fingerprints(text, LONGEST[how], key))
        if how == NAME:
            ends = fingerprints(text, LONGEST[how], key, backwards=True)
            _add(backwards.setdefault(kind, {}), how, *ends)
    for kind, sets in backwards.items():
        for size, found in sets.items():
            sets[size] = np.setdiff1d(found, values[kind][size], assume_unique=True)
    return Known(key, values, backwards)


def _add(
    to: dict[int, np.ndarray], how: str, found: np.ndarray, sizes: np.ndarray
) -> None:
    for size in np.unique(sizes[sizes >= SHORTEST[how]]).tolist():
        some = np.unique(found[sizes == size])
        to[size] = np.union1d(to[size], some) if size in to else some


def hits(cells: pl.Series, known: Known) -> list[Hit]:
    """Every known value in the cells, none of which is null."""
    return _hits_in(cells, known, known.values)


def by_chance(cells: pl.Series, known: Known) -> int:
    """How many names read backwards are inside longer words."""
    found = _hits_in(cells, known, known.backwards)
    return sum(not hit.sure for hit in found)


def more_than_chance(inside: int, backwards: int) -> bool:
    """Do names occur inside longer words more often than they would by chance?"""
    return inside - backwards > DEVIATIONS * sqrt(inside + backwards)


def _hits_in(cells: pl.Series, known: Known, values: Sets) -> list[Hit]:
    return [
        hit._replace(cell=hit.cell + begin)
        for begin, part in _parts(cells)
        for hit in _hits(written(part), known, values)
    ]


def _parts(cells: pl.Series) -> Iterator[tuple[int, pl.Series]]:
    """So that memory does not depend on how many cells there are."""
    sizes = cells.str.len_chars().cum_sum().to_numpy()
    begin = 0
    while begin < len(cells):
        before = int(sizes[begin - 1]) if begin else 0
        end = int(np.searchsorted(sizes, before + AT_ONCE, "right"))
        end = max(begin + 1, end)
        yield begin, cells[begin:end]
        begin = end


def _hits(text: Written, known: Known, values: Sets) -> Iterator[Hit]:
    longest = max((most for sets in values.values() for most in sets), default=0)
    for length, starts, found in windows(text, longest, known.key):
        for kind, sets in values.items():
            if length in sets:
                sought = _sought(text, starts, length, kind, known.invented)
                at = starts[sought]
                at = at[_members(found[sought], sets[length])]
                yield from _told(text, at, length, kind, known.invented)


def _sought(
    text: Written, starts: np.ndarray, length: int, kind: str, invented: bool
) -> np.ndarray:
    """Which windows may hold such a value."""
    if DIRECT[kind] != NUMBER or length >= ANYWHERE or invented:
        return np.ones(len(starts), bool)
    return alone(text, starts, length, text.alnum)


def _members(found: np.ndarray, sets: np.ndarray) -> np.ndarray:
    at = np.minimum(np.searchsorted(sets, found), len(sets) - 1)
    return sets[at] == found if len(sets) else np.zeros(len(found), bool)


def _told(
    text: Written, starts: np.ndarray, length: int, kind: str, invented: bool
) -> Iterator[Hit]:
    """An ordinary word that somebody happens to be called is no hit (高兴, 文明)."""
    by_themselves = alone(text, starts, length, None)
    for start, by_itself in zip(starts.tolist(), by_themselves.tolist(), strict=True):
        is_name = DIRECT[kind] == NAME and not invented
        if is_name and is_a_word(text.words(start, length)):
            continue
        yield Hit(kind, int(text.cell[start]), not is_name or by_itself)
