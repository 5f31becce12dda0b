"""Accepted rows in, rows of published columns out; touches nothing else.

The caller says how a cell becomes a typed value (`value`), because parsing belongs to
quality. Tokens are made of the cell as it landed, so that malformed ones are hidden too.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from lake_config.contract import Column, Table
from lake_config.settings import Settings
from privacy.column_treatment import MASKED_TEXT, treatment_of
from privacy.option_column import option_column, option_keys
from privacy.policy import TOKEN
from privacy.risk.decide import Decision, applied
from privacy.risk.events import GONE
from privacy.scopes import Scope
from privacy.tokens import changing_token_column, token_column
from privacy.treatments import GENERALISERS

Value = Callable[[Column], pl.Expr]


def published_columns(table: Table, purpose: str) -> tuple[Column, ...]:
    """The columns of a table that leave it, in contract order."""
    return tuple(
        column for column in table.columns if treatment_of(column, purpose).published
    )


def key_name(column: Column, scope: Scope) -> str:
    """The key of one column. Columns of one semantic type share it inside a department,
    or a linkage group: there they join, and nowhere else."""
    return scope.key_name(column.semantic_type)


def key_names(table: Table, scope: Scope) -> tuple[str, ...]:
    """Ids of all keys that masking this table uses."""
    tokens = {key_name(column, scope) for column in tokenised(table, scope)}
    granted = (
        option_keys(column, column.option, scope)
        for column in published_columns(table, scope.purpose)
        if column.option
    )
    return tuple(sorted(tokens.union(*granted)))


def mask(
    rows: pl.LazyFrame,
    table: Table,
    scope: Scope,
    settings: Settings,
    value: Value,
    decision: Decision | None = None,
) -> pl.LazyFrame:
    """The published columns of `rows`, in an order that says nothing of the source's.

    `decision`: what the risk gate found of the whole table; rows and cells that it leaves
    out are not in the result.
    """

    def told(column: Column) -> pl.Expr:
        treated = treatment_of(column, scope.purpose)
        if treated == TOKEN:
            return _token(column, table, scope, settings, value, decision)
        if treated.kind == MASKED_TEXT:
            # Here, for it takes the recognisers and the model, which few tables need.
            from privacy.masked_text import text_column

            return text_column(column, table)
        return told_openly(column, table, scope, settings, value)

    columns = published_columns(table, scope.purpose)
    masked = rows.select(*(told(column).alias(column.name) for column in columns))
    if decision is not None:
        masked = applied(masked, decision)
    return _scattered(masked, table, scope, decision)


def told_openly(
    column: Column, table: Table, scope: Scope, settings: Settings, value: Value
) -> pl.Expr:
    """A cell that is published neither as a token nor as masked text."""
    if column.option:
        return option_column(column, column.option, scope, settings, value, table)
    return untokened(column, scope.purpose, value)


def untokened(column: Column, purpose: str, value: Value) -> pl.Expr:
    """A cell of a column that is published without a token."""
    decided = treatment_of(column, purpose)
    if decided.kind == "generalise":
        return GENERALISERS[decided.how](value(column))
    return value(column)


def cells_behind(
    rows: pl.LazyFrame,
    column: Column,
    table: Table,
    scope: Scope,
    settings: Settings,
    value: Value,
    decision: Decision | None = None,
) -> pl.LazyFrame:
    """Each distinct `token` of a column as it is published, and the `cell` it stands for."""
    token = _token(column, table, scope, settings, value, decision)
    cell = pl.col(column.name).cast(pl.String)
    return rows.select(token.alias("token"), cell.alias("cell")).unique().drop_nulls()


def _token(
    column: Column,
    table: Table,
    scope: Scope,
    settings: Settings,
    value: Value,
    decision: Decision | None,
) -> pl.Expr:
    """The very token that is published: of the cell, of cell and month, or none. The month
    is that of the day as it is told: of a moved day, the one it is moved to."""
    cell, name, kind = (
        pl.col(column.name),
        key_name(column, scope),
        column.semantic_type,
    )
    if decision is None or not decision.changes(column):
        return token_column(cell, settings, name, kind)
    event = decision.parts.event
    if decision.tokens == GONE or event is None:
        return pl.lit(None, pl.String)
    period = decision.period(told_openly(event, table, scope, settings, value))
    return changing_token_column(cell, period, settings, name, kind)


def _scattered(
    rows: pl.LazyFrame, table: Table, scope: Scope, decision: Decision | None
) -> pl.LazyFrame:
    """Rows by their first token instead of as delivered.

    Delivered order is often that of names or numbers; and rows in one order would let
    two recipients put their tables side by side although their tokens differ. Rows of one
    token, or of none, are in no order at all: those of one person are often delivered
    together, or day by day.
    """
    order = [column.name for column in tokens_told(table, scope, decision)][:1]
    if order and tuple(order) == table.primary_key:
        return rows.sort(order)
    if order or decision is not None or any(item.option for item in table.columns):
        return rows.sort(*order, pl.int_range(pl.len()).shuffle())
    return rows


def tokenised(table: Table, scope: Scope) -> list[Column]:
    """The columns that are published as tokens."""
    return [
        column
        for column in table.columns
        if treatment_of(column, scope.purpose) == TOKEN
    ]


def tokens_told(table: Table, scope: Scope, decision: Decision | None) -> list[Column]:
    """Those of them in which the risk gate leaves any token at all."""
    columns = tokenised(table, scope)
    if decision is None or decision.tokens != GONE:
        return columns
    return [column for column in columns if not decision.changes(column)]
