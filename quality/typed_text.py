"""Text to the contract's logical type, as native Spark expressions that never throw.

`parsed` is null exactly where a cell is null or its text is not a value of the type;
the gate reports the second as `parse`, the mask uses the value. Spark's own casts are
wider than a contract (full-width digits, exponents, `2024-1-5 noise` as a date, digits
beyond the scale cut off), so the shape of the text is checked beside the cast.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F  # noqa: N812

from lake_config.contract import Column

DATE_FORMAT = "yyyy-MM-dd"
TIMESTAMP_FORMAT = "yyyy-MM-dd HH:mm:ss"
NUMBER_TYPE = "decimal(38,10)"
FIELDS = ("yyyy", "MM", "dd", "HH", "mm", "ss")
ASCII_BLANKS = "".join(chr(code) for code in range(33))


def spark_type(column: Column) -> str:
    """The Spark type of the column after parsing (what the shared table carries)."""
    types = {"integer": "bigint", "number": _number_type(column)}
    return types.get(column.logical_type, column.logical_type)


def _number_type(column: Column) -> str:
    for declared in (column.landed_type, column.physical_type):
        if found := re.search(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", declared):
            return f"decimal({found[1]},{found[2] or 0})"
    return NUMBER_TYPE


def digits_of(type_: str) -> tuple[int, int]:
    """How many digits a number of this type surely has room for, and how many of them
    come after the point."""
    if type_ == "bigint":
        return 18, 0
    precision, scale = type_.removeprefix("decimal(").rstrip(")").split(",")
    return int(precision), int(scale)


def parsed(column: Column, cell: Expression | None = None) -> Expression:
    """The cell as a value of the column's logical type, or null."""
    cell = F.col(column.name) if cell is None else cell
    if column.landed_type != "string" or column.logical_type == "string":
        return cell.try_cast(spark_type(column))
    if column.logical_type in ("date", "timestamp"):
        return _moment(cell, date_format(column), column.logical_type)
    if column.logical_type == "number":
        return _number(cell, spark_type(column))
    return cell.try_cast(spark_type(column))


def date_format(column: Column) -> str:
    default = DATE_FORMAT if column.logical_type == "date" else TIMESTAMP_FORMAT
    return column.date_format or default


def _number(cell: Expression, type_: str) -> Expression:
    """Plain decimals only, and none beyond the scale: a cast would round them away."""
    scale = digits_of(type_)[1]
    ascii_only = F.octet_length(cell) == F.char_length(cell)
    exponent = cell.contains("e") | cell.contains("E")
    point = F.instr(cell, ".")
    digits = F.char_length(F.rtrim(cell, F.lit(ASCII_BLANKS + "0")))
    fits = (point == 0) | (digits - point <= scale)
    return F.when(ascii_only & ~exponent & fits, cell.try_cast(type_))


def _moment(cell: Expression, pattern: str, type_: str) -> Expression:
    if ISO_FORMATS[type_] == pattern:
        return F.when(ISO_SHAPES[type_](cell), cell.try_cast(type_))
    layout = fixed_layout(pattern)
    if layout is None:
        return F.try_to_timestamp(cell, F.lit(pattern)).try_cast(type_)
    return F.when(_has_shape(cell, layout), _iso_text(cell, layout).try_cast(type_))


def _iso_date(cell: Expression) -> Expression:
    """Beside a cast that succeeds this leaves `yyyy-MM-dd` alone, at a third of the cost
    of looking at each separator: four digits of year, and both digits of the day."""
    year = (F.instr(cell, "-") == 5) & (cell >= "0001")
    day = F.substring(cell, 8, 3).isin([f"-{day:02d}" for day in range(1, 32)])
    return (F.octet_length(cell) == 10) & year & day


def _iso_timestamp(cell: Expression) -> Expression:
    """As for dates: no room is left for one-digit fields, fractions or zones."""
    date = (F.instr(cell, "-") == 5) & (F.instr(cell, " ") == 11) & (cell >= "0001")
    seconds = F.substring(cell, 17, 3).isin([f":{number:02d}" for number in range(60)])
    return (F.octet_length(cell) == 19) & date & seconds


ISO_FORMATS = {"date": DATE_FORMAT, "timestamp": TIMESTAMP_FORMAT}
ISO_SHAPES = {"date": _iso_date, "timestamp": _iso_timestamp}


@dataclass(frozen=True, slots=True)
class Layout:
    """A date format whose fields and separators each have one fixed place (from 1)."""

    fields: dict[str, int]
    separators: tuple[tuple[int, str], ...]
    characters: int
    octets: int


def fixed_layout(pattern: str) -> Layout | None:
    """The layout of `pattern`, or None when only a real formatter can read it.

    Fixed places allow substrings and a cast: several times cheaper than a formatter.
    """
    pieces = re.findall(r"yyyy|MM|dd|HH|mm|ss|'[^']'|[^A-Za-z']", pattern)
    fields: dict[str, int] = {}
    separators = []
    place = 1
    for piece in pieces:
        if piece in FIELDS:
            fields[piece] = place
            place += len(piece)
        else:
            separators.append((place, piece.strip("'")))
            place += 1
    whole = "".join(pieces) == pattern and len(set(pieces) & set(FIELDS)) == len(fields)
    if not whole or tuple(fields) not in (FIELDS[:3], FIELDS):
        return None
    octets = sum(map(len, fields)) + sum(len(sign.encode()) for _, sign in separators)
    return Layout(fields, tuple(separators), place - 1, octets)


def _has_shape(cell: Expression, layout: Layout) -> Expression:
    """Length, separators, and no blank where the cast would forgive one."""
    last = list(layout.fields)[-1]
    last_digit = F.substring(cell, layout.fields[last] + 1, 1)
    shape = F.octet_length(cell) == layout.octets
    for place, sign in layout.separators:
        shape = shape & (F.substring(cell, place, 1) == sign)
    year = F.substring(cell, layout.fields["yyyy"], 4)
    return shape & last_digit.between("0", "9") & (year != "0000")


def _iso_text(cell: Expression, layout: Layout) -> Expression:
    signs = dict(zip(FIELDS[1:], "-- ::", strict=True))
    parts: list[Expression] = []
    for name, place in layout.fields.items():
        if name in signs:
            parts.append(F.lit(signs[name]))
        parts.append(F.substring(cell, place, len(name)))
    return F.concat(*parts)
