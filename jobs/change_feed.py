"""Change feeds: a drop says what was inserted, updated and deleted, in numbered order.

The manifest says of each file whether it holds the whole table (`load: full`) or changes,
the last sequence number it takes the table to, and of changes how many rows there are
after them. Files with the whole table come first, and then as often as the contract says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from jobs.changes import GONE, kept, tally, touched
from jobs.committed_rows import committed_rows, no_cell_told
from jobs.committed_totals import totals_of
from jobs.context import Job
from jobs.control_totals import ROW_SUM, Totals
from jobs.delta_files import rows_added
from jobs.failures import alert
from jobs.feed_changes import FeedRefused, resolved
from jobs.incremental import DIFFERS, read_back, tallied, write_composed
from jobs.landing import Landed, land_whole, write_extract
from jobs.readers.extract import refuse_empty
from jobs.readers.files import entry_of, read_files
from jobs.source_breaker import guarded
from jobs.table_state import State, state_before
from lake_config.contract import Column, Server, Table
from lake_config.contract_loads import OPERATION, SEQUENCE
from lake_config.errors import ControlTotalsDiffer, DeliveryIncomplete
from quality.drift import Drifts

FULL, CHANGES = "full", "changes"


@dataclass(frozen=True, slots=True)
class Promise:
    """What the manifest says of a feed's file."""

    whole: bool
    rows: int
    last: int
    rows_after: int


def land_feed(job: Job, server: Server, path: Path) -> Landed:
    """The table as the feed leaves it."""
    promised, state = _promise(job, server), state_before(job)
    if problem := _out_of_step(job, promised, state):
        raise _refused(job, problem)
    refuse_empty(job, promised.rows_after)
    if promised.whole or state is None:
        return _whole(job, server, path, promised, state)
    return _changed(job, server, path, promised, state)


def delivered_table(table: Table, whole: bool) -> Table:
    """The table with the columns that a file of changes has beside its own."""
    extra = () if whole else tuple(map(_extra, (OPERATION, SEQUENCE)))
    return replace(table, columns=(*table.columns, *extra))


def _extra(name: str) -> Column:
    return Column(name, name, "string", "text", "string", "not_personal", "一般")


def _promise(job: Job, server: Server) -> Promise:
    with guarded(job, server):
        return promise_of(job, entry_of(job, server))


def promise_of(job: Job, entry: dict[str, Any]) -> Promise:
    """DeliveryIncomplete where the manifest leaves anything open."""
    try:
        whole = {FULL: True, CHANGES: False}[entry["load"]]
        after = entry["rows"] if whole else entry["rows_after"]
        made = Promise(whole, int(entry["rows"]), int(entry["sequence"]), int(after))
        good = min(made.rows, made.last, made.rows_after) >= 0
    except (KeyError, ValueError, TypeError, OverflowError):
        good = False
    if not good:
        raise _refused(job, "清单没有写全 load、sequence 和 rows_after")
    return made


def _out_of_step(job: Job, promised: Promise, state: State | None) -> str:
    """Why this file cannot follow the state; nothing where it can."""
    if state is None:
        return "" if promised.whole else "还没有可以接续的全量文件，请先交付一次全量"
    if promised.last < state.facts["sequence"]:
        return "序号比已归集的还早"
    if not promised.whole and state.unchecked() >= job.table.load.reconcile_every:
        return f"已连续 {state.unchecked() - 1} 次只交变更，这一次须交全量文件"
    return ""


def _refused(job: Job, problem: str) -> DeliveryIncomplete:
    return DeliveryIncomplete(
        f"{job.batch}：变更文件不能接收：{problem}。已发布的版本不受影响，请重新交付。"
    )


def _whole(
    job: Job, server: Server, path: Path, promised: Promise, state: State | None
) -> Landed:
    """A state of the same sequence number must be the very same rows."""
    landed = land_whole(job, server, path)
    counts: dict[str, int] = {}
    if state:
        rows = (committed_rows(job.store, item) for item in (state.path, path))
        counts = tallied(job, *rows)
        if promised.last == state.facts["sequence"] and any(counts.values()):
            where = (job.contract.department, job.table.name, job.date)
            alert(job.settings, *where, DIFFERS)
    facts = {"kind": "full", "unchecked": 0, "sequence": promised.last, **counts}
    return Landed(landed.totals, landed.drift, {"load": facts})


def _changed(
    job: Job, server: Server, path: Path, promised: Promise, state: State
) -> Landed:
    drift = _read(job, server, path, promised)
    before = committed_rows(job.store, state.path)
    feed = read_back(job, path, _no_changes(before))
    with no_cell_told(job):
        final, counting = _resolved(job, feed, promised, state)
        changes = final.lazy()
        put = changes.filter(~pl.col(GONE))
        staying = kept(before, changes, job.table)
        sums = [ROW_SUM]
        expected = totals_of(staying, job.table, sums) + totals_of(put, job.table, sums)
        counts = tally(touched(before, changes, job.table), put, job.table)
    write_composed(job, state, _for_spark(job, path, final), path)
    facts = {
        "kind": "changes",
        "base": state.name,
        "sequence": promised.last,
        "read": promised.rows,
        "repeated": promised.rows - counting,
        "unchecked": state.unchecked(),
        **counts,
    }
    said = Totals(promised.rows_after, expected.sums)
    return Landed(said, drift, {"load": facts})


def _read(job: Job, server: Server, path: Path, promised: Promise) -> Drifts:
    """The file's changes as they came; a day without any is a good day."""
    feed = replace(job, table=delivered_table(job.table, whole=False))
    delivered = job.layers.delivered(path)
    with (
        guarded(job, server),
        read_files(feed, server, delivered, may_be_empty=True) as extract,
    ):
        write_extract(feed, server, extract, job.layers.changes(path))
    if rows_added(job.store, job.layers.changes(path), 0) != promised.rows:
        raise ControlTotalsDiffer(
            f"{job.batch}：变更文件的行数与清单不符。本次作废，请重新交付。"
        )
    return extract.drift


def _no_changes(before: pl.LazyFrame) -> pl.LazyFrame:
    extra = [pl.lit("").alias(name) for name in (OPERATION, SEQUENCE)]
    return before.with_columns(extra)


def _resolved(
    job: Job, feed: pl.LazyFrame, promised: Promise, state: State
) -> tuple[pl.DataFrame, int]:
    try:
        return resolved(feed, job.table, state.facts["sequence"], promised.last)
    except FeedRefused as refused:
        raise _refused(job, str(refused)) from None


def _for_spark(job: Job, path: Path, final: pl.DataFrame) -> Any:
    content, file = BytesIO(), job.layers.resolved(path)
    final.write_parquet(content)
    job.store.write(file, content.getvalue())
    return job.spark.read.parquet(job.store.spark_address(file))
