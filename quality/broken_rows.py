"""Which rows of a batch break which rules, and how many rows break exactly the same ones.

Narrow lists of row numbers and names of rules: no value comes out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from lake_config.contract import Rule, Table
from quality.frames import collected
from quality.row_rules import ROW, RULES, row_violations
from quality.set_rules import RULE, set_violations
from quality.suite import stop_rules

Combinations = list[tuple[frozenset[str], int]]


def broken_rows(
    table: Table,
    rules: Iterable[Rule],
    rows: pl.LazyFrame,
    parents: Mapping[str, pl.LazyFrame],
) -> pl.DataFrame:
    """`_row, rules`: each row that breaks any rule once, with the names of all it breaks."""
    rules = tuple(rules)
    by_row = collected(row_violations(table, rules, rows))
    by_set = set_violations(table, rules, rows, parents)
    if not by_set.height:
        return by_row.sort(ROW)
    narrow = by_row.explode(RULES).rename({RULES: RULE})
    every = pl.concat([narrow, by_set.select(ROW, RULE)])
    grouped = every.group_by(ROW).agg(pl.col(RULE).sort().alias(RULES))
    return grouped.sort(ROW)


def stopped(rules: Iterable[Rule], broken: pl.DataFrame) -> pl.Series:
    """Numbers of the rows that break a stop rule; one nobody knows any more is one."""
    rules = tuple(rules)
    warnings = sorted({rule.name for rule in rules} - stop_rules(rules))
    named = broken.select(ROW, pl.col(RULES).list.set_difference(warnings))
    return named.filter(pl.col(RULES).list.len() > 0)[ROW]


def combinations(broken: pl.DataFrame, rows: int) -> Combinations:
    """How many of `rows` rows break exactly which set of rules."""
    names = broken.select(pl.col(RULES).list.sort())
    counts = names.group_by(RULES).len()
    found = [(frozenset(names), number) for names, number in counts.iter_rows()]
    clean = rows - broken.height
    return [*found, (frozenset(), clean)] if clean else found
