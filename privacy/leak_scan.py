"""Counts cells of a written table that look like plain personal data.

Every text cell and every number of eleven digits or more is looked at, in the files that
were committed and that will be served. Results are counts by class and column, never a
value or its place. The patterns are in leak_patterns.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import polars as pl

from privacy.leak_patterns import WIDE, classes_in

CELL, CELLS = "cell", "cells"
SHORTEST_NUMBER = 11
SMALL = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)
NEVER = (pl.Date, pl.Datetime, pl.Boolean, *SMALL)


def scanned_columns(types: Mapping[str, pl.DataType]) -> tuple[str, ...]:
    """Names of the columns that can hold personal data as text or as a number."""
    return tuple(name for name, type_ in types.items() if _can_hide(type_))


def suspects(rows: pl.LazyFrame, name: str, type_: pl.DataType) -> pl.LazyFrame:
    """`cell, cells`: the distinct cells of a column that the wide filter lets through."""
    cells = rows.select(_text(name, type_).alias(CELL))
    suspect = cells.filter(pl.col(CELL).str.contains(WIDE))
    return suspect.group_by(CELL).agg(pl.len().alias(CELLS))


def hits_among(suspect: pl.DataFrame) -> tuple[int, Counter[str]]:
    """How many cells do hold personal data, and how many hold which class of it."""
    hits, by_class = 0, Counter[str]()
    for text, cells in suspect.select(CELL, CELLS).iter_rows():
        classes = classes_in(text)
        hits += cells if classes else 0
        by_class.update(dict.fromkeys(classes, cells))
    return hits, by_class


def hits_in(texts: Iterable[str]) -> Counter[str]:
    """The same for names: of files, columns, folders, and their comments."""
    return Counter(kind for text in texts for kind in classes_in(text))


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
