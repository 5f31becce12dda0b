"""Row rules once more as SQL text, written to be read and not to be fast.

What Great Expectations declares where it has no expectation of its own for a kind of
rule. Regular expressions and sums spelled out: a second opinion on `row_rules`, which
tests/spark/test_gx_agrees.py compares on generated data. Nothing is run from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from lake_config.contract import Column, Rule, Table
from quality.suite import judged_columns
from quality.typed_text import FIELDS, date_format, spark_type

REPLACEMENT = r"\x{FFFD}"
BLANK_TEXT = r"\A[ \t\r\n\x{A0}\x{3000}]*\z"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
DIGITS = {"yyyy": 4, "MM": 2, "dd": 2, "HH": 2, "mm": 2, "ss": 2}


def literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def quoted(name: str) -> str:
    return f"`{name}`"


def matches(cell: str, pattern: str) -> str:
    whole = literal(rf"\A(?:{pattern})\z")
    return f"{cell} RLIKE {whole}"


def judged_sql(rules: Iterable[Rule], columns: tuple[str, ...]) -> str:
    """Cells that other rules than `required` and `decodable` look at."""
    rules = tuple(rules)
    terms = [f"{quoted(name)} IS NOT NULL" for name in columns]
    for name in columns:
        if name in judged_columns(rules, "decodable"):
            terms.append(f"NOT {quoted(name)} RLIKE {literal(REPLACEMENT)}")
        if name in judged_columns(rules, "required"):
            terms.append(f"NOT string({quoted(name)}) RLIKE {literal(BLANK_TEXT)}")
    return " AND ".join(terms)


def broken_sql(table: Table, rules: Iterable[Rule], rule: Rule) -> str:
    """A condition that is true for the rows that break `rule`."""
    condition = KINDS[rule.kind](table, rule)
    if rule.kind == "required":
        return condition
    return f"{judged_sql(rules, rule.columns)} AND ({condition})"


def can_declare(rule: Rule) -> bool:
    return rule.kind in KINDS


def value_sql(column: Column) -> str:
    """The parsed value; null where the text is no value of the type."""
    cell, type_ = quoted(column.name), spark_type(column)
    if column.landed_type != "string":
        return f"try_cast({cell} AS {type_})"
    if column.logical_type in ("date", "timestamp"):
        moment = f"try_to_timestamp({cell}, {literal(date_format(column))})"
        shape = matches(cell, _moment_pattern(date_format(column)))
        return f"CASE WHEN {shape} THEN try_cast({moment} AS {type_}) END"
    if column.logical_type == "number":
        shape = matches(cell, _number_pattern(type_))
        return f"CASE WHEN {shape} THEN try_cast({cell} AS {type_}) END"
    return f"try_cast({cell} AS {type_})"


def _moment_pattern(form: str) -> str:
    """The year 0000 does not exist, but a cast knows it."""
    pattern = form.replace("'", "").replace(".", r"\.")
    for field in FIELDS:
        pattern = pattern.replace(field, rf"\d{{{DIGITS[field]}}}")
    return pattern.replace(r"\d{4}", r"(?!0000)\d{4}")


def _number_pattern(type_: str) -> str:
    scale = type_.rstrip(")").rsplit(",", 1)[1]
    decimals = rf"\d{{0,{scale}}}0*"
    blanks = r"[\x{0}-\x{20}]*"
    return rf"{blanks}[+-]?(?:\d+(?:\.{decimals})?|\.(?=\d){decimals}){blanks}"


def _required(table: Table, rule: Rule) -> str:
    cell = quoted(rule.columns[0])
    missing = f"{cell} IS NULL"
    if table.column(rule.columns[0]).landed_type != "string":
        return missing
    return f"{missing} OR {cell} RLIKE {literal(BLANK_TEXT)}"


def _parse(table: Table, rule: Rule) -> str:
    return f"{value_sql(table.column(rule.columns[0]))} IS NULL"


def _check_digit(table: Table, rule: Rule) -> str:
    cell = quoted(rule.columns[0])
    weighted = " + ".join(
        f"int(substring({cell}, {place}, 1)) * {weight}"
        for place, weight in enumerate(WEIGHTS, start=1)
    )
    expected = f"substring('10X98765432', ({weighted}) % 11 + 1, 1)"
    birth = f"try_to_timestamp(substring({cell}, 7, 8), 'yyyyMMdd') IS NOT NULL"
    shape = matches(cell, r"[1-9]\d{5}(?!0000)\d{11}[\dX]")
    valid = f"{birth} AND substring({cell}, 18, 1) = {expected}"
    return f"NOT CASE WHEN {shape} THEN {valid} ELSE false END"


def _range(table: Table, rule: Rule) -> str:
    column = table.column(rule.columns[0])
    value = value_sql(column)
    text = column.logical_type in ("integer", "number")
    terms = []
    for name, sign in (("minimum", "<"), ("maximum", ">")):
        if (bound := rule.arguments.get(name)) is not None:
            typed = str(bound) if text else f"{literal(bound)}::{spark_type(column)}"
            terms.append(f"{value} {sign} {typed}")
    return " OR ".join(terms)


def _order(table: Table, rule: Rule) -> str:
    earlier, later = (value_sql(table.column(name)) for name in rule.columns)
    return f"{earlier} > {later}"


def _sum(table: Table, rule: Rule) -> str:
    total, *parts = (
        f"try_cast({value_sql(table.column(name))} AS decimal(28,6))"
        for name in rule.columns
    )
    tolerance = rule.arguments.get("tolerance", "0")
    return f"abs({total} - ({' + '.join(parts)})) > {tolerance}"


KINDS: dict[str, Callable[[Table, Rule], str]] = {
    "required": _required,
    "parse": _parse,
    "check_digit": _check_digit,
    "range": _range,
    "order": _order,
    "sum": _sum,
}
