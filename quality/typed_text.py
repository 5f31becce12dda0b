"""What a column's text shall be read as: its type, its digits, its date format."""

from __future__ import annotations

import re

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


def date_format(column: Column) -> str:
    default = DATE_FORMAT if column.logical_type == "date" else TIMESTAMP_FORMAT
    return column.date_format or default
