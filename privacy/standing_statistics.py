"""A standing statistic of a table: what it counts, and the cells that may be shown.

Which statistics there are is the contract's; which counts are too small, small_counts.py's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl

from lake_config.contract import Column, Table
from lake_config.contract_statistics import PERSONS, ROWS, SUM, Statistic
from privacy.few_values import known, listed, possible, sensitive
from privacy.mask_frame import Value, untokened
from privacy.policy import STATISTICS
from privacy.risk.decide import Decision, judged, untold
from privacy.risk.ladder import Parts, parts_of
from privacy.risk.rules import EVENT
from privacy.small_counts import (
    AMOUNTS,
    COUNT_STEP,
    LARGEST,
    PEOPLE,
    SUM_STEP,
    VALUE,
    WITHHELD,
    protected,
    shown,
)
from privacy.tokens import person_column
from privacy.treatments import birth_decade, month

MEASURED = "value"
AMOUNT, ALL = "_amount", "_rows"
WORDS = {ROWS: "记录数", PERSONS: "人数", SUM: "金额合计（元）"}


def published_as(table: Table, statistic: Statistic) -> Table:
    """The table that analysts see; nothing in it is about one person any more."""
    columns = [_plain(table.column(name)) for name in statistic.by]
    what = WORDS[statistic.measure]
    measured = Column(
        MEASURED, f"{what}（空白为人数过少，已抑制）", "integer", "bigint", "bigint",
        "not_personal", table.classification,
    )  # fmt: skip
    return replace(
        table,
        name=statistic.name,
        business_name=statistic.business_name,
        columns=(*columns, measured),
        rules=(),
        references=(),
        record_number=None,
        statistics=(),
    )


def _plain(column: Column) -> Column:
    """Named as in the table; months are told where the table has moments."""
    name = column.business_name
    suffix = "（月）" if column.semantic_type in EVENT else ""
    return replace(
        column, business_name=f"{name}{suffix}", semantic_type="not_personal",
        primary_key=False, required=False, unique=False,
    )  # fmt: skip


def counted(
    rows: pl.LazyFrame,
    table: Table,
    statistic: Statistic,
    value: Value,
    decision: Decision | None = None,
) -> pl.LazyFrame:
    """Of accepted rows: the columns to count by, persons as numbers, the amount.

    `decision`: what the gate found of the table. A row that it leaves out is not counted, and
    a value that it leaves blank is counted as blank: the table's rows and its statistics
    stand side by side, and what one tells more than the other would be about those few.
    """
    parts = parts_of(table, STATISTICS)
    persons = [
        person_column(pl.col(item.name), item.semantic_type).alias(f"_{item.name}")
        for item in parts.persons
    ]
    by = [_told(table.column(name), value).alias(f"{name}:by") for name in statistic.by]
    of = value(table.column(statistic.of)) if statistic.of else pl.lit(1)
    found = rows.select(
        *by, *persons, of.cast(pl.Float64).alias(AMOUNT), *_looked_at(parts, value)
    )
    if decision is not None:
        found = judged(found, decision)
    columns = _columns(table, statistic)
    told = [_unless_blank(column, decision) for column in columns]
    kept = [f"_{item.name}" for item in parts.persons]
    whether = [_known(column, decision) for column in sensitive(columns)]
    return found.select(*told, *kept, AMOUNT, *whether)


def _looked_at(parts: Parts, value: Value) -> list[pl.Expr]:
    """By which the gate tells its groups apart."""
    return [untokened(item, STATISTICS, value).alias(item.name) for item in parts.quasi]


def _columns(table: Table, statistic: Statistic) -> list[Column]:
    return [table.column(name) for name in statistic.by]


def _unless_blank(column: Column, decision: Decision | None) -> pl.Expr:
    cell = pl.col(f"{column.name}:by")
    return pl.when(_is_told(column, decision)).then(cell).alias(column.name)


def _known(column: Column, decision: Decision | None) -> pl.Expr:
    return _is_told(column, decision).alias(known(column.name))


def _is_told(column: Column, decision: Decision | None) -> pl.Expr:
    """A column that the gate leaves out as a whole has no rows to be compared with."""
    found = decision.diversity.get(column.name) if decision else None
    if decision is None or found is None or found.dropped:
        return pl.lit(True)
    return ~untold(column.name, decision)


def _told(column: Column, value: Value) -> pl.Expr:
    cell = untokened(column, STATISTICS, value)
    if column.semantic_type in EVENT:
        return month(cell)
    return birth_decade(cell) if column.semantic_type == "birth_date" else cell


def cells_of(
    rows: pl.LazyFrame, table: Table, statistic: Statistic, at_least: int
) -> pl.DataFrame:
    """Every cell with its VALUE rounded, or null where it is WITHHELD."""
    parts, by = parts_of(table, STATISTICS), list(statistic.by)
    columns = _columns(table, statistic)
    cells = rows.group_by(by).agg(
        pl.len().alias(ALL),
        _people(parts).alias(PEOPLE),
        pl.col(AMOUNT).sum(),
        pl.col(AMOUNT).abs().sum().alias(AMOUNTS),
        *(pl.col(known(column.name)).any() for column in sensitive(columns)),
    )
    measured = {ROWS: ALL, PERSONS: PEOPLE, SUM: AMOUNT}[statistic.measure]
    found = cells.with_columns(pl.col(measured).cast(pl.Float64).alias(VALUE))
    if statistic.measure == SUM and parts.persons:
        found = found.join(
            _largest(rows, parts, by), on=by, how="left", nulls_equal=True
        )
    else:
        found = found.with_columns(
            pl.lit(0.0).alias(LARGEST), pl.lit(0.0).alias(AMOUNTS)
        )
    step = SUM_STEP if statistic.measure == SUM else COUNT_STEP
    every = protected(possible(found.collect(), columns), by, at_least)
    return listed(shown(every, step), columns)


def _people(parts: Parts) -> pl.Expr:
    """Rows of nobody, and rows that may be anybody's, are one person's at most."""
    counts = [pl.col(f"_{item.name}").n_unique() for item in parts.persons]
    if counts:
        return pl.min_horizontal(*counts)
    return pl.lit(1, pl.UInt32) if parts.about_people else pl.len()


def _largest(rows: pl.LazyFrame, parts: Parts, by: list[str]) -> pl.LazyFrame:
    """Per cell the share of the one person with the largest part: of a couple the larger."""
    shares = [_share(rows, f"_{item.name}", by) for item in parts.persons]
    every = pl.concat(shares).group_by(by)
    return every.agg(pl.col(LARGEST).max())


def _share(rows: pl.LazyFrame, person: str, by: list[str]) -> pl.LazyFrame:
    each = rows.group_by(*by, person).agg(pl.col(AMOUNT).abs().sum())
    share = pl.col(AMOUNT).max() / pl.col(AMOUNT).sum()
    return each.group_by(by).agg(share.fill_nan(0).alias(LARGEST))


def body(cells: pl.DataFrame, statistic: Statistic, at_least: int) -> dict[str, Any]:
    """For the receipt: how many cells there are, and how many are withheld."""
    small = cells.filter(pl.col(PEOPLE) < at_least).height
    withheld = int(cells[WITHHELD].sum())
    return {
        "statistic": statistic.name,
        "measure": statistic.measure,
        "at_least": at_least,
        "cells": cells.height,
        "small": small,
        "withheld": withheld,
        "step": SUM_STEP if statistic.measure == SUM else COUNT_STEP,
    }
