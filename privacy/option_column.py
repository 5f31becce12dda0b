"""A column under an option that a signed grant names, instead of under the policy.

`option_column` is the one way in: the option must stand in options.py for the column's
semantic type. Masked text is not made of expressions and not made here.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from lake_config.contract import Column, Table
from lake_config.errors import UsageError
from lake_config.settings import Settings
from privacy import date_shift, same_form
from privacy.options import option_of
from privacy.risk.ladder import parts_of
from privacy.scopes import Scope
from privacy.treatments import GENERALISERS, stars

Value = Callable[[Column], pl.Expr]


def option_column(
    column: Column,
    option: str,
    scope: Scope,
    settings: Settings,
    value: Value,
    table: Table,
) -> pl.Expr:
    """The told cell of `column` under `option`, null or 其他 where it is malformed.

    `value` says how a cell becomes a typed value, as in mask_frame; `table` is asked for the
    column that tells people apart. UsageError where the type has no such option, or for one
    that is not carried out by an expression.
    """
    treated = option_of(column.semantic_type, option)
    if treated.kind == "generalise":
        return GENERALISERS[treated.how](value(column))
    cell, kind = pl.col(column.name), column.semantic_type
    if treated.kind == "display":
        return stars(cell, kind)
    if treated.kind == "format":
        key = scope.key_name(same_form.key_class(kind))
        return same_form.same_form_column(cell, settings, key, kind)
    if treated.kind == "shift":
        return _shifted(value(column), scope, settings, table)
    raise UsageError(f"处理方式“{option}”不是逐格换算的，不能用在 {column.name} 上。")


def option_keys(column: Column, option: str, scope: Scope) -> tuple[str, ...]:
    """Ids of the keys that `option_column` will use, to be recorded before it does."""
    treated = option_of(column.semantic_type, option)
    classes = {
        "format": same_form.key_class(column.semantic_type),
        "shift": date_shift.KEY_CLASS,
    }
    if treated.kind not in classes:
        return ()
    return (scope.key_name(classes[treated.kind]),)


def _shifted(
    moment: pl.Expr, scope: Scope, settings: Settings, table: Table
) -> pl.Expr:
    """Moved with the first of the columns that tell people apart; null without one."""
    persons = parts_of(table, scope.purpose).persons
    if not persons:
        return pl.lit(None, pl.Date)
    key, person = scope.key_name(date_shift.KEY_CLASS), persons[0]
    return date_shift.shifted_column(
        moment, pl.col(person.name), settings, key, person.semantic_type
    )
