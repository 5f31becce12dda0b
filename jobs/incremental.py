"""Incremental loads: only rows that changed of late are read, and laid over the state.

The source counts its rows each time, and every `reconcileEvery`-th time it adds up all of
its table. Where the result would be anything else, something was deleted, or came later
than the contract says: then the whole table is read as ever, and that is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.changes import GONE, kept, newest, sound_keys, start_of, tally, touched
from jobs.committed_rows import committed_rows, no_cell_told
from jobs.committed_totals import totals_of
from jobs.context import Job
from jobs.control_totals import Totals
from jobs.delta_files import rows_added
from jobs.failures import alert
from jobs.landing import Landed, land_whole, raw_rows, write_extract, write_once
from jobs.readers import CHANGE_READERS
from jobs.readers.extract import Extract, Since
from jobs.session import ENGINE_ERRORS
from jobs.source_breaker import guarded
from jobs.table_state import State, state_before
from lake_config.contract import Server
from lake_config.errors import JobFailed

DIFFERS = "state_differs"
KEYS = "ambiguous_keys"


def land_incremental(job: Job, server: Server, path: Path) -> Landed:
    """The table as it is now, from its state and what has changed since."""
    state = state_before(job)
    since = _since(job, state) if state else None
    if state is None or since is None:
        return _whole(job, server, path, None, {})
    with (
        guarded(job, server),
        CHANGE_READERS[server.kind](job, server, since) as extract,
    ):
        write_extract(job, server, extract, job.layers.changes(path))
        said = extract.totals()
    return _laid_over(job, server, path, _Delivered(state, since, said, extract))


@dataclass(frozen=True, slots=True)
class _Delivered:
    """Changes, and what the source said of them; `state` is what they are laid over."""

    state: State
    since: Since
    said: Totals
    extract: Extract


def _since(job: Job, state: State) -> Since | None:
    """None where no row of the state has a change column to go by."""
    load = job.table.load
    column = job.table.column(load.column)
    with no_cell_told(job):
        mark = newest(committed_rows(job.store, state.path), column, state.day)
    if mark is None:
        return None
    due = state.unchecked() >= load.reconcile_every
    return Since(column, start_of(mark, column, load.lateness), due)


def _laid_over(job: Job, server: Server, path: Path, new: _Delivered) -> Landed:
    before = committed_rows(job.store, new.state.path)
    changes = read_back(job, path, before)
    with no_cell_told(job):
        if not sound_keys(changes, job.table):
            return _whole(job, server, path, new.state, {"why_whole": KEYS})
        staying = totals_of(kept(before, changes, job.table), job.table, new.said.sums)
    expected, whole = staying + new.said, new.extract.whole
    if whole is None or not agree(whole, expected):
        alert(job.settings, job.contract.department, job.table.name, job.date, DIFFERS)
        return _whole(job, server, path, new.state, {"why_whole": DIFFERS})
    frame = job.spark.read.format("delta").load(
        job.store.spark_address(job.layers.changes(path))
    )
    write_composed(job, new.state, frame.withColumn(GONE, F.lit(False)), path)
    facts = {
        "kind": "changes",
        "base": new.state.name,
        "read": new.said.rows,
        "unchecked": 0 if new.since.whole else new.state.unchecked(),
        **tallied(job, touched(before, changes, job.table), changes),
    }
    return Landed(expected, new.extract.drift, {"load": facts})


def read_back(job: Job, path: Path, before: pl.LazyFrame) -> pl.LazyFrame:
    """The changes as they were committed; of none there is no file."""
    folder = job.layers.changes(path)
    empty = not rows_added(job.store, folder, 0)
    return before.head(0) if empty else committed_rows(job.store, folder)


def agree(whole: Totals, expected: Totals) -> bool:
    """In the rows, and in whatever else the source has added up."""
    sums = all(expected.sums[name] == value for name, value in whole.sums.items())
    return sums and whole.rows == expected.rows


def _whole(
    job: Job, server: Server, path: Path, before: State | None, facts: dict[str, Any]
) -> Landed:
    """Against the state before, if there is one, it is told what had been missed."""
    landed = land_whole(job, server, path)
    if before:
        rows = (committed_rows(job.store, item) for item in (before.path, path))
        facts = {**facts, **tallied(job, *rows)}
    facts = {"kind": "full", "unchecked": 0, **landed.facts.get("load", {}), **facts}
    return Landed(landed.totals, landed.drift, {"load": facts})


def tallied(job: Job, before: pl.LazyFrame, after: pl.LazyFrame) -> dict[str, int]:
    with no_cell_told(job):
        return tally(before, after, job.table)


def write_composed(job: Job, state: State, changes: DataFrame, path: Path) -> None:
    """The state's rows of which the changes say nothing, and theirs that are not gone."""
    keys = list(job.table.primary_key)
    names = [column.name for column in job.table.columns]
    before = job.spark.read.format("delta").load(job.store.spark_address(state.path))
    staying = before.join(changes.select(*keys), on=keys, how="left_anti")
    put = changes.where(f"not {GONE}").select(*names)
    try:
        rows = raw_rows(job, staying.select(*names).unionByName(put))
        write_once(rows, job.store.spark_address(path))
    except ENGINE_ERRORS as error:
        raise JobFailed(
            f"{job.batch}：变更与原有数据合并时中断（{type(error).__name__}），"
            "没有留下任何内容，稍后重试。"
        ) from None
