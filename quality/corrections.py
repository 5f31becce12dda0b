"""What a declared correction does to a cell: pure, deterministic, and null stays null.

A cell the correction does not fit is left as it is; whether the row is good is for the
gate's own rules to say (quality/replay.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from lake_config.contract import Table
from lake_config.corrections import Correction
from lake_config.errors import ContractError
from quality.row_rules import BLANKS
from quality.row_values import layout, value
from quality.typed_text import FIELDS, date_format

CORRECTED_BY = "_corrected_by"
WIDE = [chr(code) for code in (*range(0xFF01, 0xFF5F), 0x3000)]
NARROW = [*(chr(code) for code in range(0x21, 0x7F)), " "]


def corrected(
    table: Table, corrections: Sequence[Correction], rows: pl.DataFrame
) -> pl.DataFrame:
    """The rows in which some cell changes, with `_corrected_by`: what changed them."""
    refs = [item.ref for item in corrections]
    for item in corrections:
        cell, new = pl.col(item.column), KINDS[item.kind](table, item)
        rows = rows.with_columns(
            new.ne_missing(cell).alias(item.ref), new.alias(item.column)
        )
    told = [pl.when(ref).then(pl.lit(ref)) for ref in refs]
    if not told:
        return rows.limit(0).with_columns(none_corrected())
    by = pl.concat_list(told).list.drop_nulls().alias(CORRECTED_BY)
    return rows.filter(pl.any_horizontal(refs)).with_columns(by).drop(refs)


def none_corrected() -> pl.Expr:
    return pl.lit([], pl.List(pl.String)).alias(CORRECTED_BY)


def _trim(table: Table, item: Correction) -> pl.Expr:
    return pl.col(item.column).str.strip_chars(BLANKS)


def _half_width(table: Table, item: Correction) -> pl.Expr:
    return pl.col(item.column).str.replace_many(WIDE, NARROW)


def _upper_x(table: Table, item: Correction) -> pl.Expr:
    return pl.col(item.column).str.replace("x$", "X")


def _code(table: Table, item: Correction) -> pl.Expr:
    return pl.col(item.column).replace(item.codes)


def _date_format(table: Table, item: Correction) -> pl.Expr:
    """Field by field from one layout to the contract's; only where it is a moment."""
    cell, column = pl.col(item.column), table.column(item.column)
    before = replace(column, date_format=item.before)
    _, places = layout(before)
    pieces = re.findall("|".join((*FIELDS, "'[^']'", ".")), date_format(column))
    if missing := set(pieces) & set(FIELDS) - places.keys():
        names = "、".join(sorted(missing))
        raise ContractError((f"更正规则 {item.id} 的 from 里没有 {names}。",))
    parts = [
        cell.str.slice(places[piece], len(piece))
        if piece in places
        else pl.lit(piece.strip("'"))
        for piece in pieces
    ]
    made = pl.concat_str(parts)
    return pl.when(value(before).is_not_null()).then(made).otherwise(cell)


KINDS: dict[str, Callable[[Table, Correction], pl.Expr]] = {
    "trim": _trim,
    "half_width": _half_width,
    "upper_x": _upper_x,
    "code": _code,
    "date_format": _date_format,
}
