"""The quality rules a second time, in plain Python: slow, obvious, cell by cell.

Reference for `quality/`: shares no code with it but the contract's dataclasses. Rows
are dictionaries of landed values; `violations` gives the broken rules of each row, set
rules included.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lake_config.contract import Column, Rule, Table

Row = Mapping[str, Any]
BLANKS = " \t\r\n\u00a0\u3000"
ASCII_BLANKS = "".join(chr(code) for code in range(33))
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
TRUE, FALSE = ("t", "true", "y", "yes", "1"), ("f", "false", "n", "no", "0")
FIELDS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}


def violations(
    table: Table,
    rules: Sequence[Rule],
    rows: Sequence[Row],
    parents: Mapping[str, Sequence[Row]] | None = None,
) -> list[list[str]]:
    """Broken rules of each row, in the order of `rules`."""
    sets = {rule.name: _set_rule(rule, rules, rows, parents or {}) for rule in rules}
    return [
        [
            rule.name
            for rule in rules
            if position in sets[rule.name] or breaks(table, rules, rule, row)
        ]
        for position, row in enumerate(rows)
    ]


def breaks(table: Table, rules: Sequence[Rule], rule: Rule, row: Row) -> bool:
    """Does the row break the row rule?"""
    if rule.kind in ("unique", "reference"):
        return False
    cells = [row[name] for name in rule.columns]
    if rule.kind == "required":
        return is_missing(cells[0])
    if rule.kind == "decodable":
        return cells[0] is not None and "\ufffd" in cells[0]
    if not all(can_be_judged(rules, row, name) for name in rule.columns):
        return False
    return JUDGES[rule.kind](rule, [table.column(name) for name in rule.columns], cells)


def is_missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and cell.strip(BLANKS) == "")


def can_be_judged(rules: Sequence[Rule], row: Row, name: str) -> bool:
    cell = row[name]
    kinds = {rule.kind for rule in rules if rule.columns == (name,)}
    if cell is None:
        return False
    if "decodable" in kinds and "\ufffd" in cell:
        return False
    return not ("required" in kinds and is_missing(cell))


def parse(column: Column, cell: Any) -> Any:
    """The value, or None when the text is no value of the column's type."""
    if column.landed_type != "string":
        return cell
    return {
        "string": lambda: cell,
        "integer": lambda: _integer(cell),
        "number": lambda: _number(column, cell),
        "boolean": lambda: _boolean(cell),
        "date": lambda: _moment(cell, column.date_format or "yyyy-MM-dd", date),
        "timestamp": lambda: _moment(
            cell, column.date_format or "yyyy-MM-dd HH:mm:ss", datetime
        ),
    }[column.logical_type]()


def _integer(text: str) -> int | None:
    text = text.strip(ASCII_BLANKS + "\x7f")
    if not re.fullmatch("[+-]?[0-9]+", text):
        return None
    value = int(text)
    return value if -(2**63) <= value < 2**63 else None


def _number(column: Column, text: str) -> Decimal | None:
    precision, scale = map(int, re.findall(r"\d+", column.physical_type))
    if not text.isascii() or "e" in text.lower() or "_" in text:
        return None
    text = text.strip(ASCII_BLANKS)
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    decimals = text.partition(".")[2].rstrip("0")
    if not value.is_finite() or len(decimals) > scale:
        return None
    return value if abs(value) < 10 ** (precision - scale) else None


def _boolean(text: str) -> bool | None:
    text = text.strip(ASCII_BLANKS + "\x7f").lower()
    return True if text in TRUE else False if text in FALSE else None


def _moment(text: str, pattern: str, kind: type) -> Any:
    """strptime forgives missing zeros and other digits, so the text is written back."""
    form = pattern.replace("'", "")
    for field, directive in FIELDS.items():
        form = form.replace(field, directive)
    try:
        value = datetime.strptime(text, form)
    except ValueError:
        return None
    written = value.strftime(form.replace("%Y", f"{value.year:04d}"))
    if written != text:
        return None
    return value.date() if kind is date else value


def is_identity_number(text: str) -> bool:
    if not re.fullmatch("[1-9][0-9]{16}[0-9X]", text):
        return False
    try:
        date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    total = sum(
        int(digit) * weight for digit, weight in zip(text, WEIGHTS, strict=False)
    )
    return text[17] == "10X98765432"[total % 11]


def _parse(rule: Rule, columns: list[Column], cells: list[Any]) -> bool:
    return parse(columns[0], cells[0]) is None


def _code(rule: Rule, columns: list[Column], cells: list[Any]) -> bool:
    return str(cells[0]) not in rule.arguments["codes"]


def _check_digit(rule: Rule, columns: list[Column], cells: list[Any]) -> bool:
    return not is_identity_number(cells[0])


def _pattern(rule: Rule, columns: list[Column], cells: list[Any]) -> bool:
    return not re.fullmatch(rule.arguments["pattern"], str(cells[0]), re.ASCII)


def _range(rule: Rule, columns: list[Column], cells: list[Any]) -> bool:
    value = parse(columns[0], cells[0])
    if value is None:
        return False
    low, high = rule.arguments.get("minimum"), rule.arguments.get("maximum")
    bound = {
        "date": date.fromisoformat,
        "timestamp": datetime.fromisoformat,
        "string": str,
    }.get(columns[0].logical_type, Decimal)
    return (low is not None and value < bound(low)) or (
        high is not None and value > bound(high)
    )


def _length(rule: Rule, columns: list[Column], cells: list[Any]) -> bool:
    return len(cells[0]) > rule.arguments["max_length"]


def _order(rule: Rule, columns: list[Column], cells: list[Any]) -> bool:
    earlier, later = map(parse, columns, cells)
    return earlier is not None and later is not None and earlier > later


def _sum(rule: Rule, columns: list[Column], cells: list[Any]) -> bool:
    total, *parts = map(parse, columns, cells)
    if total is None or None in parts:
        return False
    return abs(total - sum(parts)) > Decimal(rule.arguments.get("tolerance", "0"))


JUDGES = {
    "parse": _parse,
    "code": _code,
    "check_digit": _check_digit,
    "pattern": _pattern,
    "range": _range,
    "length": _length,
    "order": _order,
    "sum": _sum,
}


def _set_rule(
    rule: Rule,
    rules: Sequence[Rule],
    rows: Sequence[Row],
    parents: Mapping[str, Sequence[Row]],
) -> set[int]:
    """Positions of the rows that break the set rule."""
    if rule.kind not in ("unique", "reference"):
        return set()
    judged = {
        position: tuple(str(row[name]) for name in rule.columns)
        for position, row in enumerate(rows)
        if all(can_be_judged(rules, row, name) for name in rule.columns)
    }
    if rule.kind == "unique":
        counts = Counter(judged.values())
        return {place for place, key in judged.items() if counts[key] > 1}
    column = rule.arguments["parent_column"]
    others = parents[rule.arguments["parent_table"]]
    known = {str(row[column]) for row in others if row[column] is not None}
    return {place for place, key in judged.items() if key[0] not in known}
