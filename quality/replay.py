"""Which quarantined rows pass once corrected, by the gate's own rules over the whole set.

Accepted rows stay as they are and stay accepted: a corrected row that takes an accepted
one's key is held back, and a correction that would break an accepted row is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from lake_config.contract import Rule, Table
from lake_config.corrections import Correction
from lake_config.errors import GateFailed
from quality.broken_rows import broken_rows, stopped
from quality.corrections import CORRECTED_BY, corrected, none_corrected
from quality.frames import collected
from quality.row_rules import ROW


@dataclass(frozen=True, slots=True)
class Replayed:
    """`passed`: the held rows that now pass, with `_corrected_by`; `broken`: what every row
    breaks after that; `rows`: all rows as they are judged now."""

    passed: pl.DataFrame
    broken: pl.DataFrame
    rows: pl.LazyFrame


def replay(
    table: Table,
    rules: Sequence[Rule],
    corrections: Sequence[Correction],
    rows: pl.LazyFrame,
    held: pl.Series,
    parents: Mapping[str, pl.LazyFrame],
) -> Replayed:
    """`held` are the numbers of the quarantined rows.

    A candidate that does not pass goes back to what it was, and all are judged again,
    because what it was may be in the way of another; so often, the rest passes together.
    """
    quarantined = collected(rows.filter(_among(held)))
    accepted = rows.filter(~_among(held))
    before = quarantined.with_columns(none_corrected())
    candidates = corrected(table, corrections, quarantined)
    while True:
        kept = before.filter(~_among(candidates[ROW]))
        now = pl.concat([kept, candidates]).sort(ROW)
        whole = pl.concat([accepted, now.drop(CORRECTED_BY).lazy()])
        broken = broken_rows(table, rules, whole, parents)
        bad = stopped(rules, broken)
        good = candidates.filter(~_among(bad))
        if good.height == candidates.height:
            _refuse_if_accepted_break(table, bad, held)
            return Replayed(now.filter(~_among(bad)), broken, whole)
        candidates = good


def _among(numbers: pl.Series) -> pl.Expr:
    return pl.col(ROW).is_in(numbers.implode())


def _refuse_if_accepted_break(table: Table, bad: pl.Series, held: pl.Series) -> None:
    number = len(set(bad) - set(held))
    if number:
        raise GateFailed(
            f"{table.name}：更正会使 {number} 行已接收的数据不合格，没有重放任何一行。"
            "请检查更正规则，或请数源部门改正后重新交付。"
        )
