"""Which cells and names of a written table tell of a person: patterns and known values.

Every text cell and every number of eleven digits or more is looked at, in the files that
were committed and that will be served; and every name, comment and log entry that goes with
them. Results are counts by class and column, never a value. The patterns are in
leak_patterns.py, values of the batch's own people in known_values.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from privacy.known_values import Known, by_chance, hits
from privacy.leak_patterns import ODD, WIDE, classes_in

CELL, CELLS, PLACE = "cell", "cells", "place"
CANARY = "canary"
TOKEN_FORM = "^[g-v]{32}$"  # noqa: S105
"""No value of a person is written so; tokens.py writes no other letters."""

SHORTEST_NUMBER = 11
SMALL = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
NEVER = (pl.Date, pl.Datetime, pl.Boolean, *SMALL)


def scanned_columns(types: Mapping[str, pl.DataType]) -> tuple[str, ...]:
    """Names of the columns that can hold personal data as text or as a number."""
    return tuple(name for name, type_ in types.items() if _can_hide(type_))


def cells_to_scan(rows: pl.LazyFrame, name: str, type_: pl.DataType) -> pl.LazyFrame:
    """`cell, cells`: the distinct cells of a column, without those that are tokens."""
    cell = _text(name, type_).alias(CELL)
    told = rows.select(cell).filter(pl.col(CELL).str.contains(TOKEN_FORM).not_())
    return told.group_by(CELL).agg(pl.len().alias(CELLS))


@dataclass(frozen=True, slots=True)
class Found:
    """Of some cells of a column: how many tell of a person, how many by class, and which
    cells with their classes (in memory only, to look up where they lie).

    `inside` and `backwards`: names inside longer words, as they are and read from the end.
    """

    cells: int = 0
    by_class: Counter[str] = field(default_factory=Counter)
    which: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    inside: int = 0
    backwards: int = 0


def found_in(cells: pl.DataFrame, known: Sequence[Known] = ()) -> Found:
    """Everything that the patterns and the known values find among `cell, cells`."""
    classes: dict[int, set[str]] = defaultdict(set)
    suspect = pl.col(CELL).str.contains(f"{WIDE}|{ODD}")
    suspects = cells.with_row_index(PLACE).filter(suspect)
    for place, text in suspects.select(PLACE, CELL).iter_rows():
        classes[place].update(classes_in(text))
    inside = backwards = 0
    for values in known:
        for hit in hits(cells[CELL], values):
            inside += not hit.sure
            classes[hit.cell].update([_class(hit.kind, values)] if hit.sure else ())
        backwards += by_chance(cells[CELL], values) if inside else 0
    told = {place: kinds for place, kinds in classes.items() if kinds}
    times = dict(zip(told, cells[CELLS].gather(list(told)).to_list(), strict=True))
    by_class = Counter[str]()
    for place, kinds in told.items():
        by_class.update(dict.fromkeys(sorted(kinds), times[place]))
    texts = cells[CELL].gather(list(told)).to_list()
    which = dict(zip(texts, map(tuple, map(sorted, told.values())), strict=True))
    return Found(sum(times.values()), by_class, which, inside, backwards)


def known_among(cells: pl.DataFrame, known: Sequence[Known]) -> int:
    """How many of `cell, cells` hold a known value, whatever they look like."""
    held = {
        hit.cell for values in known for hit in hits(cells[CELL], values) if hit.sure
    }
    return int(cells[CELLS].gather(sorted(held)).sum())


def hits_in(texts: Iterable[str], known: Sequence[Known] = ()) -> Counter[str]:
    """The same for names: of files, columns, folders, and their comments; once each."""
    told = pl.Series(CELL, sorted(set(texts)), pl.String)
    once = pl.lit(1, pl.UInt32).alias(CELLS)
    return found_in(told.to_frame().with_columns(once), known).by_class


def _class(kind: str, values: Known) -> str:
    return f"{CANARY} {kind}" if values.invented else kind


def _text(name: str, type_: pl.DataType) -> pl.Expr:
    """A number's text only where it is long enough to be somebody's."""
    cell = pl.col(name)
    if type_ == pl.String:
        return cell
    text = cell.cast(pl.String)
    if not type_.is_numeric():
        return text
    bound = 10 ** (SHORTEST_NUMBER - 1)
    return pl.when((cell >= bound) | (cell <= -bound)).then(text)


def _can_hide(type_: pl.DataType) -> bool:
    """Text, and whole parts of eleven digits or more; everything unknown counts as text."""
    if isinstance(type_, pl.Decimal):
        return type_.precision - type_.scale >= SHORTEST_NUMBER
    return type_ not in NEVER
