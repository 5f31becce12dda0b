"""Statistics by a sensitive column tell its value where nearly all of a group have the same.

"County A, benefit 2: 15" with no other line of county A says it of everybody there, and so
does the blank line alone. Where a group has fewer different values than the policy asks for,
none is told: one line with a blank value stands for all of them. And because any value could
be theirs, each counts as a blank cell of the group when totals are protected, be it of nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from lake_config.contract import Column
from privacy.risk.rules import ROLES
from privacy.small_counts import AMOUNTS, HELD, LARGEST, PEOPLE, WITHHELD

THERE = "_there"


def known(name: str) -> str:
    """Name of the column that says whether rows have this value, not one left blank."""
    return f"{name}:known"


def sensitive(columns: Sequence[Column]) -> list[Column]:
    """Those of which a group needs several values."""
    return [item for item in columns if ROLES[item.semantic_type].diversity > 1]


def possible(cells: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """One row a cell of `columns`, HELD where its group has too few values, with a cell of
    nobody for every other value of such a group."""
    by = [item.name for item in columns]
    flags = [_few(cells, item, by).alias(_flag(item)) for item in sensitive(columns)]
    held = pl.any_horizontal(
        ~pl.col(THERE), *(_flag(item) for item in sensitive(columns))
    )
    found = cells.with_columns(*flags, pl.lit(True).alias(THERE))
    others = [_of_nobody(found, item, by) for item in sensitive(columns)]
    nobody = pl.concat([found.clear(), *others], how="diagonal").unique(by)
    nothing = [pl.col(name).fill_null(0) for name in (PEOPLE, AMOUNTS, LARGEST)]
    names = (THERE, *map(_flag, sensitive(columns)))
    unknown = [pl.col(name).fill_null(False) for name in names]
    return (
        pl.concat([found, nobody], how="diagonal")
        .with_columns(*nothing, *unknown)
        .with_columns(held.alias(HELD))
    )


def _flag(column: Column) -> str:
    return f"{column.name}:few"


def _few(cells: pl.DataFrame, column: Column, by: list[str]) -> pl.Expr:
    """Has the group of the other columns fewer values than needed, or than there are?"""
    others = [name for name in by if name != column.name]
    if not others:
        return pl.lit(False)
    values = cells.filter(pl.col(known(column.name)))[column.name].n_unique()
    needed = min(ROLES[column.semantic_type].diversity, values)
    return pl.col(known(column.name)).sum().over(others) < needed


def _of_nobody(cells: pl.DataFrame, column: Column, by: list[str]) -> pl.DataFrame:
    """The cells that a group with too few values could have as well."""
    others = [name for name in by if name != column.name]
    groups = cells.filter(pl.col(_flag(column))).select(others).unique()
    values = cells.filter(pl.col(known(column.name))).select(column.name).unique()
    every = groups.join(values, how="cross")
    return every.join(cells, on=by, how="anti", nulls_equal=True)


def listed(cells: pl.DataFrame, columns: Sequence[Column]) -> pl.DataFrame:
    """The cells there are, those with too few values as one line with a blank value; in an
    order that says nothing of it."""
    by = [item.name for item in columns]
    told = [
        pl.when(~pl.col(_flag(item))).then(pl.col(item.name)).alias(item.name)
        for item in sensitive(columns)
    ]
    return (
        cells.filter(THERE)
        .with_columns(*told)
        .sort(WITHHELD, descending=True)
        .unique(by, keep="first", maintain_order=True)
        .sort(by, nulls_last=True)
    )
