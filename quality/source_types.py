"""What a source's own type has room for, so that two types can be compared.

Knows the words of PostgreSQL, MariaDB, Arrow and JSON; a word it does not know is a type
of its own.
"""

from __future__ import annotations

import re

from lake_config.source_schema import SeenColumn

TEXT, INTEGER, NUMBER, FLOAT = "text", "integer", "number", "float"
WORDS = {
    TEXT: "text varchar char bpchar character string large_string tinytext mediumtext "
    "longtext nvarchar varchar2 character_varying string_view",
    NUMBER: "numeric decimal decimal128 decimal256 number",
    FLOAT: "real double float halffloat double_precision",
    "date": "date date32 date64",
    "timestamp": "timestamp datetime timestamp_without_time_zone",
}
FAMILIES = {word: name for name, words in WORDS.items() for word in words.split()}
BITS = {
    "tinyint": 8,
    "int8": 8,
    "smallint": 16,
    "int16": 16,
    "mediumint": 24,
    "int": 32,
    "integer": 32,
    "int32": 32,
    "bigint": 64,
    "int64": 64,
}
"""Bits of whole numbers; one less for the sign."""

FLOAT_BITS = {"halffloat": 16, "real": 32, "float": 32}
UNSIGNED = re.compile(r"u(int\d+)|(\w+) unsigned")
LANDED_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
UNBOUNDED = 10**1000
ANY_SCALE = -1
"""Of a number for which the source declares none."""


def family(type_: str) -> str:
    """What kind of values a type holds; an unknown type is its own kind."""
    name = type_.replace(" ", "_")
    if _bits(type_):
        return INTEGER
    return FAMILIES.get(name, type_)


def _bits(type_: str) -> int:
    """Bits for the size of a whole number; 0 when it is none."""
    found = UNSIGNED.fullmatch(type_)
    if found:
        return BITS.get(found[1] or found[2], 0)
    return max(0, BITS.get(type_, 0) - 1)


def scale(seen: SeenColumn) -> int:
    """Digits after the point."""
    if family(seen.type) == INTEGER:
        return 0
    return ANY_SCALE if seen.scale is None else seen.scale


def room(seen: SeenColumn) -> int:
    """How long a text, or how large a number, may be; comparable inside a family."""
    kind = family(seen.type)
    if kind == TEXT:
        return UNBOUNDED if seen.length is None else seen.length
    if kind == INTEGER:
        return 2 ** _bits(seen.type) - 1
    if kind == NUMBER and seen.precision is not None:
        return 10 ** (seen.precision - (seen.scale or 0)) - 1
    return FLOAT_BITS.get(seen.type, 64) if kind == FLOAT else UNBOUNDED


def holds(landed_type: str, seen: SeenColumn) -> bool:
    """Whether the raw zone's type has room for every value of the source's."""
    if landed_type == "bigint":
        return family(seen.type) == INTEGER and room(seen) < 2**63
    if found := LANDED_DECIMAL.fullmatch(landed_type):
        digits, after = int(found[1]), int(found[2])
        fits = room(seen) < 10 ** (digits - after) and scale(seen) == after
        return family(seen.type) == NUMBER and fits
    return landed_type == "string" or landed_type == family(seen.type)


def described(seen: SeenColumn) -> str:
    """A type for people: `varchar(60)`, `numeric(12,2)`."""
    if seen.length is not None:
        return f"{seen.type}({seen.length})"
    sizes = [seen.precision, seen.scale]
    told = ",".join(str(size) for size in sizes if size is not None)
    return f"{seen.type}({told})" if told else seen.type
