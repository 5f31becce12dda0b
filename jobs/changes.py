"""Changes laid over a table's state: which rows stay, which are new, and what that adds up to.

Pure: frames in, frames and counts out. Rows are told apart by the primary key; a key that
is null matches none.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl

from lake_config.contract import Column, Table
from lake_config.contract_loads import native
from quality.frames import collected, count
from quality.typed_text import DATE_FORMAT, date_format

GONE = "_gone"
"""Of a row of changes: the table has it no more."""

DAY = {"yyyy-MM-dd": ("%Y-%m-%d", 10), "yyyyMMdd": ("%Y%m%d", 8)}
"""Layouts of days by which texts sort: as Python writes them, and their length."""

HASH = "_hash"


def kept(state: pl.LazyFrame, changes: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """The state's rows of which the changes say nothing."""
    return state.join(changes, on=list(table.primary_key), how="anti")


def touched(state: pl.LazyFrame, changes: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """The state's rows that the changes replace or take away."""
    return state.join(changes, on=list(table.primary_key), how="semi")


def sound_keys(rows: pl.LazyFrame, table: Table) -> bool:
    """Can every row be told from every other? Else nobody knows which one to replace."""
    keys = rows.select(table.primary_key)
    whole = pl.all_horizontal(pl.all().is_not_null())
    number = count(rows)
    return number == count(keys.filter(whole)) == count(keys.unique())


def tally(before: pl.LazyFrame, after: pl.LazyFrame, table: Table) -> dict[str, int]:
    """Keys that came, went, or have other rows than before."""
    keys = list(table.primary_key)
    both = _hashed(before, table).join(
        _hashed(after, table), on=keys, how="full", nulls_equal=True, suffix="_after"
    )
    was, now = pl.col(HASH), pl.col(f"{HASH}_after")
    found = {
        "inserted": was.is_null(),
        "updated": was.is_not_null() & now.is_not_null() & (was != now),
        "deleted": now.is_null(),
    }
    sums = [each.sum().alias(name) for name, each in found.items()]
    return collected(both.select(sums)).row(0, named=True)


def _hashed(rows: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """One number for all rows of a key, in whatever order they lie."""
    cells = pl.struct(column.name for column in table.columns).hash()
    short = (cells % (1 << 32)).cast(pl.Int64)
    return rows.group_by(table.primary_key).agg(short.sum().alias(HASH))


def newest(rows: pl.LazyFrame, column: Column, until: date) -> date | int | None:
    """The watermark: the newest value of the change column, in whole days.

    A day after `until` is a mistake or too early to rely on: the rows of such days are
    read every time. So are those without any.
    """
    values = rows.select(_in_order(column).alias("value"))
    if column.logical_type != "integer":
        values = values.filter(pl.col("value") <= until)
    found: Any = collected(values.max()).item()
    return found


def _in_order(column: Column) -> pl.Expr:
    value = pl.col(column.name)
    if column.landed_type != "string":
        return value
    format_, length = _layout(column)
    return value.str.head(length).str.to_date(format_, strict=False)


def _layout(column: Column) -> tuple[str, int]:
    layout = DATE_FORMAT if native(column.physical_type) else date_format(column)
    return next(DAY[name] for name in DAY if layout.startswith(name))


def start_of(mark: date | int, column: Column, lateness: int) -> str:
    """Where reading begins, as the source writes it."""
    if isinstance(mark, date):
        return (mark - timedelta(days=lateness)).strftime(_layout(column)[0])
    return str(mark - lateness)
