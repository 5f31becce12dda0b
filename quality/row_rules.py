"""Rules that one row breaks by itself, judged by polars over the committed files.

Which rule mutes which is decided here: a null breaks only `required`, undecodable text only
`decodable`, a blank required cell only `required`; rules over values pass over text that
is no value, because `parse` reports it. Names of rules come out, never a value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import reduce
from operator import add

import polars as pl

from lake_config.contract import Column, Rule, Table
from lake_config.patterns import whole
from quality.row_values import DATES, in_order, readable, value
from quality.suite import judged_columns, row_rules
from quality.typed_text import digits_of, spark_type

ROW, RULES = "_row", "rules"
REPLACEMENT = "\ufffd"
"""What a decoder leaves where a byte could not be read."""

BLANKS = " \t\r\n\u00a0\u3000"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def row_violations(
    table: Table, rules: Iterable[Rule], rows: pl.LazyFrame
) -> pl.LazyFrame:
    """`_row, rules` of the rows that break any, names in the order of `rules`."""
    rules = tuple(rules)
    names = [rule.name for rule in row_rules(rules)]
    verdicts = [
        broken(table, rules, rule).fill_null(False).alias(rule.name)
        for rule in row_rules(rules)
    ]
    if not names:
        none = pl.lit([], pl.List(pl.String)).alias(RULES)
        return rows.select(ROW).limit(0).with_columns(none)
    marked = rows.select(ROW, *verdicts).filter(pl.any_horizontal(names))
    told = [pl.when(name).then(pl.lit(name)) for name in names]
    return marked.select(ROW, pl.concat_list(told).list.drop_nulls().alias(RULES))


def broken(table: Table, rules: Iterable[Rule], rule: Rule) -> pl.Expr:
    """True where a row breaks `rule`; false or null where it does not."""
    verdict = KINDS[rule.kind](table, rule)
    if rule.kind in ("required", "decodable"):
        return verdict
    return verdict & judged(table, rules, rule.columns)


def judged(table: Table, rules: Iterable[Rule], columns: Iterable[str]) -> pl.Expr:
    """Is there something in these cells that other rules can judge?"""
    rules = tuple(rules)
    decodable = judged_columns(rules, "decodable")
    required = judged_columns(rules, "required")
    terms = []
    for name in columns:
        terms.append(pl.col(name).is_not_null())
        if name in decodable:
            terms.append(~_undecodable(name).fill_null(False))
        if name in required:
            terms.append(~_missing(table.column(name)))
    return pl.all_horizontal(terms)


def undecodable(rules: Iterable[Rule]) -> pl.Expr:
    """Does the row break any `decodable` rule?"""
    columns = sorted(judged_columns(rules, "decodable"))
    return pl.any_horizontal([_undecodable(name).fill_null(False) for name in columns])


def _undecodable(name: str) -> pl.Expr:
    return pl.col(name).str.contains(REPLACEMENT, literal=True)


def _missing(column: Column) -> pl.Expr:
    cell = pl.col(column.name)
    if column.landed_type != "string":
        return cell.is_null()
    return cell.is_null() | (cell.str.strip_chars(BLANKS) == "")


def _required(table: Table, rule: Rule) -> pl.Expr:
    return _missing(table.column(rule.columns[0]))


def _decodable(table: Table, rule: Rule) -> pl.Expr:
    return _undecodable(rule.columns[0])


def _parse(table: Table, rule: Rule) -> pl.Expr:
    return ~readable(table.column(rule.columns[0]))


def _code(table: Table, rule: Rule) -> pl.Expr:
    codes = [str(code) for code in rule.arguments["codes"]]
    return ~pl.col(rule.columns[0]).cast(pl.String).is_in(codes)


def _check_digit(table: Table, rule: Rule) -> pl.Expr:
    return ~valid_identity_number(pl.col(rule.columns[0])).fill_null(False)


def valid_identity_number(cell: pl.Expr) -> pl.Expr:
    """Shape, date of birth and check digit of GB 11643: the sum of all digits by their
    weights, a final X counting 10, leaves 1 modulo 11."""
    shape = cell.str.contains("^[1-9][0-9]{16}[0-9X]$")
    terms = [*_weighted(cell, 0, 9), *_weighted(cell, 9, 17)]
    end = cell.str.slice(17, 1)
    last = pl.when(end == "X").then(10).otherwise(end.cast(pl.Int64, strict=False))
    born = [cell.str.slice(at, size) for at, size in ((6, 4), (10, 2), (12, 2))]
    day = pl.concat_str(born, separator="-").str.to_date(DATES, strict=False)
    return (
        shape
        & ((reduce(add, terms) + last) % 11 == 1)
        & (born[0] != "0000")
        & day.is_not_null()
    )


def _weighted(cell: pl.Expr, first: int, end: int) -> list[pl.Expr]:
    """Digits by their weights, from a number that fits the machine's short division."""
    number = cell.str.slice(first, end - first).cast(pl.UInt32, strict=False)
    return [
        (number // 10 ** (end - 1 - place) % 10) * WEIGHTS[place]
        for place in range(first, end)
    ]


def _pattern(table: Table, rule: Rule) -> pl.Expr:
    pattern = whole(rule.arguments["pattern"])
    return ~pl.col(rule.columns[0]).cast(pl.String).str.contains(pattern)


def _range(table: Table, rule: Rule) -> pl.Expr:
    column = table.column(rule.columns[0])
    terms = []
    if (minimum := rule.arguments.get("minimum")) is not None:
        terms.append(value(column) < _bound(column, minimum, math.ceil))
    if (maximum := rule.arguments.get("maximum")) is not None:
        terms.append(value(column) > _bound(column, maximum, math.floor))
    return pl.any_horizontal(terms)


def _bound(column: Column, text: object, to_whole: Callable[[Decimal], int]) -> pl.Expr:
    """A bound between two values of the type stands for the next one inside."""
    if column.logical_type == "date":
        return pl.lit(date.fromisoformat(str(text)))
    if column.logical_type == "timestamp":
        return pl.lit(datetime.fromisoformat(str(text)), pl.Datetime("us"))
    if column.logical_type == "integer":
        return pl.lit(to_whole(Decimal(str(text))))
    if column.logical_type == "number":
        scale = digits_of(spark_type(column))[1]
        inside = Decimal(to_whole(Decimal(str(text)).scaleb(scale))).scaleb(-scale)
        return pl.lit(inside, pl.Decimal(38, scale))
    return pl.lit(str(text))


def _length(table: Table, rule: Rule) -> pl.Expr:
    return pl.col(rule.columns[0]).str.len_chars() > int(rule.arguments["max_length"])


def _order(table: Table, rule: Rule) -> pl.Expr:
    """The first column's moment or number must not lie after the second's."""
    first, second = in_order(*(table.column(name) for name in rule.columns))
    return first > second


def _sum(table: Table, rule: Rule) -> pl.Expr:
    """The first column must be the sum of the others, within the rule's tolerance."""
    columns = [table.column(name) for name in rule.columns]
    tolerance = Decimal(str(rule.arguments.get("tolerance", "0")))
    exponent = tolerance.as_tuple().exponent
    scales = [digits_of(spark_type(column))[1] for column in columns]
    type_ = pl.Decimal(38, max(*scales, -exponent if isinstance(exponent, int) else 0))
    room = pl.Decimal(38 - len(str(len(columns))), type_.scale)
    total, *parts = (
        value(column).cast(room, strict=False).cast(type_) for column in columns
    )
    return (total - reduce(add, parts)).abs() > pl.lit(tolerance, type_)


KINDS: dict[str, Callable[[Table, Rule], pl.Expr]] = {
    "required": _required,
    "decodable": _decodable,
    "parse": _parse,
    "code": _code,
    "check_digit": _check_digit,
    "pattern": _pattern,
    "range": _range,
    "length": _length,
    "order": _order,
    "sum": _sum,
}
