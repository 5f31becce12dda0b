"""All row rules of a table as one Spark expression: names of the rules a row breaks.

Native expressions only, so that the check rides on the write of the raw table. Which
rule mutes which is decided here: a null breaks only `required`, undecodable text only
`decodable`, a blank required cell only `required`; rules over parsed values pass over
text that does not parse, because `parse` reports it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import reduce
from itertools import zip_longest
from operator import add

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F  # noqa: N812

from lake_config.contract import Rule, Table
from quality.identity_number import valid_identity_number
from quality.suite import judged_columns, row_rules
from quality.typed_text import date_format, digits_of, parsed, sortable, spark_type

__all__ = ["VIOLATIONS", "broken", "parsed", "violations"]

VIOLATIONS = "_violations"
REPLACEMENT = "\ufffd"
"""What a decoder leaves where a byte could not be read."""

MOST_IN_A_WORD = 18
WIDE_SUM = "decimal(28,6)"
"""What leaves room for a sum of any columns within the 38 digits there are."""

BLANKS = " \t\r\n\u00a0\u3000"


def violations(table: Table, rules: Iterable[Rule]) -> Expression:
    """array<string>: names of the broken row rules, in the order of `rules`.

    The list is built for broken rows only. `array_compact` also keeps the expression out
    of whole-stage code, whose one method would be too large for the JVM to compile.
    """
    rules = row_rules(rules)
    none = F.array().cast("array<string>")
    verdicts = {rule.name: broken(table, rules, rule) for rule in rules}
    if not verdicts:
        return none
    names = [F.when(verdict, name) for name, verdict in verdicts.items()]
    clean = [F.coalesce(verdict, F.lit(False)) for verdict in verdicts.values()]
    return F.when(_any_of(clean), F.array_compact(F.array(*names))).otherwise(none)


def _any_of(verdicts: list[Expression]) -> Expression:
    """A balanced tree: Spark Connect refuses expressions nested a hundred deep."""
    while len(verdicts) > 1:
        pairs = zip_longest(verdicts[::2], verdicts[1::2])
        verdicts = [one if two is None else one | two for one, two in pairs]
    return verdicts[0]


def broken(table: Table, rules: Iterable[Rule], rule: Rule) -> Expression:
    """True where a row breaks `rule`; false or null where it does not.

    The muting comes last, for rows that look broken alone. It hangs on a `when` and not
    on an `and`, or Spark would evaluate what is common to several rules for every row.
    """
    verdict = KINDS[rule.kind](table, rule)
    if rule.kind in ("required", "decodable"):
        return verdict
    return F.when(verdict, judged(rules, rule.columns))


def judged(rules: Iterable[Rule], columns: tuple[str, ...]) -> Expression:
    """Is there something in these cells that other rules can judge?"""
    rules = tuple(rules)
    decodable = judged_columns(rules, "decodable")
    required = judged_columns(rules, "required")
    verdict = F.lit(True)
    for name in columns:
        cell = F.col(name)
        verdict = verdict & cell.isNotNull()
        if name in decodable:
            verdict = verdict & ~cell.contains(REPLACEMENT)
        if name in required:
            verdict = verdict & ~_blank(cell)
    return verdict


def _blank(cell: Expression) -> Expression:
    """Empty, or blanks only; the comparison spares nearly every cell the trimming."""
    cell = cell.cast("string")
    suspect = (cell < "!") | cell.startswith("\u00a0") | cell.startswith("\u3000")
    return F.when(suspect, F.ltrim(cell, F.lit(BLANKS)) == "").otherwise(False)


def _required(table: Table, rule: Rule) -> Expression:
    column = table.column(rule.columns[0])
    cell = F.col(column.name)
    missing = cell.isNull()
    return missing | _blank(cell) if column.landed_type == "string" else missing


def _decodable(table: Table, rule: Rule) -> Expression:
    return F.col(rule.columns[0]).contains(REPLACEMENT)


def _parse(table: Table, rule: Rule) -> Expression:
    return parsed(table.column(rule.columns[0])).isNull()


def _code(table: Table, rule: Rule) -> Expression:
    codes = [str(code) for code in rule.arguments["codes"]]
    return ~F.col(rule.columns[0]).cast("string").isin(codes)


def _check_digit(table: Table, rule: Rule) -> Expression:
    valid = valid_identity_number(F.col(rule.columns[0]))
    return ~F.coalesce(valid, F.lit(False))


def _pattern(table: Table, rule: Rule) -> Expression:
    """The whole text must match; Java's `$` would forgive a line end."""
    pattern = rf"\A(?:{rule.arguments['pattern']})\z"
    return ~F.col(rule.columns[0]).cast("string").rlike(pattern)


def _range(table: Table, rule: Rule) -> Expression:
    column = table.column(rule.columns[0])
    value = parsed(column)
    type_ = spark_type(column)
    outside = F.lit(False)
    if (minimum := rule.arguments.get("minimum")) is not None:
        outside = outside | (value < _bound(minimum, type_))
    if (maximum := rule.arguments.get("maximum")) is not None:
        outside = outside | (value > _bound(maximum, type_))
    return outside


def _bound(text: object, type_: str) -> Expression:
    """Numbers keep their own scale: 0.5 is a bound of whole numbers too."""
    if type_ == "bigint" or type_.startswith("decimal"):
        return _number(Decimal(str(text)), type_)
    return F.lit(str(text)).cast(type_)


def _number(number: Decimal, type_: str) -> Expression:
    """Made of a whole number where it is one: Spark then compares machine words."""
    if number == int(number) and _holds(type_, number):
        return F.lit(int(number)).cast(type_)
    return F.lit(number)


def _holds(type_: str, number: Decimal) -> bool:
    precision, scale = digits_of(type_)
    return abs(number) < 10 ** (precision - scale)


def _length(table: Table, rule: Rule) -> Expression:
    cell, longest = F.col(rule.columns[0]), int(rule.arguments["max_length"])
    # Octets are known without counting; characters can only be fewer.
    return (F.octet_length(cell) > longest) & (F.char_length(cell) > longest)


def _order(table: Table, rule: Rule) -> Expression:
    """The first column's moment or number must not lie after the second's."""
    first, second = (table.column(name) for name in rule.columns)
    wrong = parsed(first) > parsed(second)
    if (
        sortable(first)
        and sortable(second)
        and date_format(first) == date_format(second)
    ):
        # Comparing texts is much cheaper than parsing both, which is then rarely needed.
        return F.when(F.col(first.name) > F.col(second.name), wrong)
    return wrong


def _sum(table: Table, rule: Rule) -> Expression:
    """The first column must be the sum of the others, within the rule's tolerance."""
    columns = [table.column(name) for name in rule.columns]
    type_ = _sum_type([spark_type(column) for column in columns])
    total, *parts = (parsed(column).try_cast(type_) for column in columns)
    tolerance = Decimal(str(rule.arguments.get("tolerance", "0")))
    return F.abs(total - reduce(add, parts)) > _number(tolerance, type_)


def _sum_type(types: list[str]) -> str:
    """Room for the sum: beyond 38 digits Spark would raise. Within 18 it counts in whole
    numbers, which costs a tenth."""
    scale = max(digits_of(type_)[1] for type_ in types)
    before = max(digits - after for digits, after in map(digits_of, types))
    narrow = before + scale + len(types) <= MOST_IN_A_WORD
    return f"decimal({before + scale},{scale})" if narrow else WIDE_SUM


KINDS: dict[str, Callable[[Table, Rule], Expression]] = {
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
