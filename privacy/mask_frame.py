"""Accepted rows in, rows of published columns out; touches nothing else.

The caller says how a cell becomes a typed value (`value`), because parsing belongs to
quality. Tokens are made of the cell as it landed, so that malformed ones are hidden too.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from lake_config.contract import Column, Table
from lake_config.settings import Settings
from privacy.policy import TOKEN, treatment
from privacy.scopes import Scope
from privacy.tokens import token_column
from privacy.treatments import GENERALISERS

Value = Callable[[Column], pl.Expr]


def published_columns(table: Table, purpose: str) -> tuple[Column, ...]:
    """The columns of a table that leave it, in contract order."""
    return tuple(
        column
        for column in table.columns
        if treatment(column.semantic_type, purpose).published
    )


def key_name(column: Column, scope: Scope) -> str:
    """The key of one column. Columns of one semantic type share it inside a department,
    or a linkage group: there they join, and nowhere else."""
    return scope.key_name(column.semantic_type)


def key_names(table: Table, scope: Scope) -> tuple[str, ...]:
    """Ids of all keys that masking this table uses."""
    columns = tokenised(table, scope)
    return tuple(sorted({key_name(column, scope) for column in columns}))


def mask(
    rows: pl.LazyFrame, table: Table, scope: Scope, settings: Settings, value: Value
) -> pl.LazyFrame:
    """The published columns of `rows`, in an order that says nothing of the source's."""
    columns = [
        _masked(column, scope, settings, value).alias(column.name)
        for column in published_columns(table, scope.purpose)
    ]
    return _scattered(rows.select(*columns), table, scope)


def _masked(column: Column, scope: Scope, settings: Settings, value: Value) -> pl.Expr:
    decided = treatment(column.semantic_type, scope.purpose)
    if decided == TOKEN:
        name = key_name(column, scope)
        return token_column(pl.col(column.name), settings, name, column.semantic_type)
    if decided.kind == "generalise":
        return GENERALISERS[decided.how](value(column))
    return value(column)


def _scattered(rows: pl.LazyFrame, table: Table, scope: Scope) -> pl.LazyFrame:
    """Rows by their first token instead of as delivered.

    Delivered order is often that of names or numbers; and rows in one order would let
    two recipients put their tables side by side although their tokens differ.
    """
    order = [column.name for column in tokenised(table, scope)][:1]
    return rows.sort(order) if order else rows


def tokenised(table: Table, scope: Scope) -> list[Column]:
    """The columns that are published as tokens."""
    return [
        column
        for column in table.columns
        if treatment(column.semantic_type, scope.purpose) == TOKEN
    ]
