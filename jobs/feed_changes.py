"""The rules of a change feed: which of its changes count, and in which order.

Pure. Each change has a sequence number, one higher than the one before it. A number that
was applied already is passed over; a gap, and two changes with one number, are refused.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from jobs.changes import GONE
from lake_config.contract import Table
from lake_config.contract_loads import OPERATION, SEQUENCE
from quality.frames import collected

OPERATIONS = ("I", "U", "D")
"""Insert and update both say what the row is now."""

DIGITS = "^[0-9]{1,18}$"


class FeedRefused(Exception):
    """Why, in words for people, without any value."""


def resolved(
    feed: pl.LazyFrame, table: Table, applied: int, last: int
) -> tuple[pl.DataFrame, int]:
    """(the last change of each row with `_gone`, how many changes count).

    `applied` is the number up to which the state has them, `last` the feed's own word.
    """
    names = [column.name for column in table.columns]
    number = pl.col(SEQUENCE).str.strip_chars(" ")
    changes = collected(feed.select(*names, OPERATION, SEQUENCE).unique())
    for problem in _malformed(changes, table, number):
        raise FeedRefused(problem)
    numbered = changes.with_columns(number.cast(pl.Int64))
    for problem in _out_of_step(numbered[SEQUENCE], applied, last):
        raise FeedRefused(problem)
    new = numbered.filter(pl.col(SEQUENCE) > applied).sort(SEQUENCE)
    final = new.group_by(list(table.primary_key), maintain_order=True).last()
    gone = (pl.col(OPERATION) == "D").alias(GONE)
    return final.select(*names, gone), new.height


def _malformed(changes: pl.DataFrame, table: Table, number: pl.Expr) -> Iterator[str]:
    def broken(good: pl.Expr) -> int:
        return changes.height - changes.filter(good).height

    if found := broken(number.str.contains(DIGITS)):
        yield f"{found} 条变更的序号不是整数"
    if found := broken(pl.col(OPERATION).is_in(OPERATIONS)):
        yield f"{found} 条变更的操作不是 {'、'.join(OPERATIONS)}"
    keyed = pl.all_horizontal(pl.col(list(table.primary_key)).is_not_null())
    if found := broken(keyed):
        yield f"{found} 条变更没有主键"


def _out_of_step(numbers: pl.Series, applied: int, last: int) -> Iterator[str]:
    if found := numbers.len() - numbers.n_unique():
        yield f"{found} 个序号有内容不同的重复"
    new = numbers.filter(numbers > applied)
    if (new > last).any():
        yield "有序号超过清单写明的最后一个"
    if new.len() != last - applied:
        yield f"序号不连续：应有 {last - applied} 条新变更，实有 {new.len()} 条"
