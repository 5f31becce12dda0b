"""A landed cell as a value of the contract's logical type, as polars expressions.

Null exactly where a cell is null or its text is no value of the type: the gate reports the
second as `parse`, masking publishes the value. A cast alone would be wider than a contract
(`2024-1-5 noise` as a date, digits beyond the scale cut off), so shapes are checked too.
"""

from __future__ import annotations

import re

import polars as pl

from lake_config.contract import Column
from lake_config.errors import ContractError
from quality.typed_text import ASCII_BLANKS, FIELDS, date_format, digits_of, spark_type

DATES, MOMENTS = "%Y-%m-%d", "%Y-%m-%d %H:%M:%S"
TRUE, FALSE = ("t", "true", "y", "yes", "1"), ("f", "false", "n", "no", "0")
DIGITS = {
    "yyyy": "[0-9]{4}",
    "MM": "[0-9]{2}",
    "dd": "[0-9]{2}",
    "HH": "(?:[01][0-9]|2[0-3])",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
}
ISO_SHAPE = "^" + re.escape("-").join(DIGITS[name] for name in FIELDS[:3])


def value(column: Column) -> pl.Expr:
    """The cell's value, or null."""
    cell = pl.col(column.name)
    if column.landed_type != "string":
        return _typed(column, cell)
    if column.logical_type in ("date", "timestamp"):
        return _moment(column, cell)
    readers = {"integer": _integer, "boolean": _boolean}
    if column.logical_type == "number":
        return _number(cell, *digits_of(spark_type(column)))
    return readers.get(column.logical_type, lambda text: text)(cell)


def _typed(column: Column, cell: pl.Expr) -> pl.Expr:
    if column.logical_type == "number":
        return cell.cast(pl.Decimal(*digits_of(spark_type(column))), strict=False)
    types = {"string": pl.String(), "integer": pl.Int64(), "date": pl.Date()}
    wanted = types.get(column.logical_type)
    return cell if wanted is None else cell.cast(wanted, strict=False)


def _integer(cell: pl.Expr) -> pl.Expr:
    text = cell.str.strip_chars(ASCII_BLANKS + "\x7f")
    digits = text.str.strip_prefix("+").cast(pl.Int64, strict=False)
    return pl.when(text.str.contains("^[+-]?[0-9]+$")).then(digits)


def _boolean(cell: pl.Expr) -> pl.Expr:
    text = cell.str.strip_chars(ASCII_BLANKS + "\x7f").str.to_lowercase()
    return pl.when(text.is_in(TRUE)).then(True).when(text.is_in(FALSE)).then(False)


def _number(cell: pl.Expr, precision: int, scale: int) -> pl.Expr:
    """Plain decimals that fit; digits beyond the scale must be zeros."""
    text = cell.str.strip_chars(ASCII_BLANKS)
    whole, before = _some_digits(precision - scale, "0*"), "[0-9]"
    after = rf"{before}{{0,{scale}}}0*"
    shape = rf"^[+-]?(?:{whole}(?:\.{after})?|\.{_some_digits(scale, '', '0*')})$"
    sign = pl.when(text.str.starts_with("-")).then(pl.lit("-0")).otherwise(pl.lit("0"))
    padded = pl.concat_str(sign, text.str.strip_chars("+-").str.strip_suffix("."))
    number = padded.cast(pl.Decimal(precision, scale), strict=False)
    return pl.when(text.str.contains(shape)).then(number)


def _some_digits(most: int, zeros_before: str, zeros_after: str = "") -> str:
    """At least one digit, `most` of them beside the zeros that do not count."""
    if not most:
        return "0+"
    return rf"(?:{zeros_before}[0-9]{{1,{most}}}{zeros_after}|0+)"


def day(column: Column) -> pl.Expr:
    """The day of a date or moment, null where it has no value: of a text cheaper than the
    moment itself, and the same."""
    if column.landed_type == "string" and column.logical_type == "timestamp":
        return _day(pl.col(column.name), *layout(column))
    return value(column).cast(pl.Date)


def readable(column: Column) -> pl.Expr:
    """Is there a value? Cheaper than to make it where it would be a moment."""
    if column.landed_type == "string" and column.logical_type == "timestamp":
        return _day(pl.col(column.name), *layout(column)).is_not_null()
    return value(column).is_not_null()


def in_order(first: Column, second: Column) -> tuple[pl.Expr, pl.Expr]:
    """What two columns are compared by: texts that sort as what they say, else values."""
    if _sorts(first) and _sorts(second) and date_format(first) == date_format(second):
        return _text(first), _text(second)
    types = {first.logical_type, second.logical_type}
    if types != {"date", "timestamp"}:
        return value(first), value(second)
    moment = pl.Datetime("us")
    return value(first).cast(moment), value(second).cast(moment)


def _text(column: Column) -> pl.Expr:
    return pl.when(readable(column)).then(pl.col(column.name))


def _sorts(column: Column) -> bool:
    """Do texts of this column sort as the moments they say?"""
    if column.landed_type != "string" or column.logical_type not in (
        "date",
        "timestamp",
    ):
        return False
    _, places = layout(column)
    return list(places) == list(FIELDS[: len(places)])


def _moment(column: Column, cell: pl.Expr) -> pl.Expr:
    shape, places = layout(column)
    day = _day(cell, shape, places)
    if column.logical_type == "date":
        return day
    if "HH" not in places:
        return day.cast(pl.Datetime("us"))
    time = [cell.str.slice(places[name], 2) for name in FIELDS[3:]]
    text = pl.concat_str(
        day.cast(pl.String), pl.concat_str(time, separator=":"), separator=" "
    )
    return text.str.to_datetime(MOMENTS, time_unit="us", strict=False)


def _day(cell: pl.Expr, shape: str, places: dict[str, int]) -> pl.Expr:
    """The calendar decides; the year 0000 it knows does not exist."""
    parts = [cell.str.slice(places[name], len(name)) for name in FIELDS[:3]]
    iso = shape.startswith(ISO_SHAPE)
    text = cell.str.slice(0, 10) if iso else pl.concat_str(parts, separator="-")
    day = text.str.to_date(DATES, strict=False)
    return pl.when(cell.str.contains(shape) & (parts[0] != "0000")).then(day)


def layout(column: Column) -> tuple[str, dict[str, int]]:
    """The shape of the text, and where each field stands (from 0, in characters)."""
    pattern = date_format(column)
    pieces = re.findall(r"yyyy|MM|dd|HH|mm|ss|'[^']'|[^A-Za-z']", pattern)
    shape, places, at = "", {}, 0
    for piece in pieces:
        text = DIGITS.get(piece) or re.escape(piece.strip("'"))
        if piece in DIGITS:
            places[piece] = at
        shape, at = shape + text, at + (len(piece) if piece in DIGITS else 1)
    known = [set(FIELDS[:3]), set(FIELDS)]
    fields = [piece for piece in pieces if piece in DIGITS]
    if (
        "".join(pieces) != pattern
        or len(fields) != len(places)
        or set(places) not in known
    ):
        raise ContractError(
            (
                f"列 {column.name} 的格式 {pattern} 不受支持："
                "只能由 yyyy、MM、dd（以及 HH、mm、ss）各一次和单个分隔符组成。",
            )
        )
    return f"^{shape}$", places
