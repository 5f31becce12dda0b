"""Standing statistics of a published batch: counted, checked, published as own tables.

Each has batch, receipts, lease and versions of its own, and is about the version of the
counted table that people read now. A run that was killed between the two is made up for
by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import polars as pl

from audit.files_digest import files_digest
from audit.receipts import find
from jobs.accepted import accepted
from jobs.context import Job
from jobs.delta_files import commit_new, files_of
from jobs.leak_report import scan_of
from jobs.mask import fresh_folder, removed_unless_written
from jobs.publish import moved
from jobs.published_value import published_value
from jobs.risk_gate import decided_before
from jobs.scanned import keep_list
from jobs.staged import AT_ONCE, schema_of, write_pieces
from jobs.steps import Gated, Masked
from jobs.turn import refuse_if_overtaken
from lake_config.contract import Table
from lake_config.contract_statistics import Statistic
from lake_config.errors import LeakFound
from lake_config.layers import CURATED
from privacy.policy import POLICY_VERSION, STATISTICS
from privacy.risk.decide import Decision, people_at_least
from privacy.small_counts import VALUE
from privacy.standing_statistics import (
    MEASURED,
    body,
    cells_of,
    counted,
    published_as,
)
from quality.frames import collected
from quality.suite import rules_for

Kept = Callable[[], tuple[list[pl.LazyFrame], Decision | None]]
"""The accepted rows and what the gate decided over them: found once, when first asked."""


def statistics_due(job: Job, gated: Gated) -> list[tuple[str, Callable[[], bool]]]:
    """Each statistic that is not published yet by name, and what publishes it."""

    @cache
    def kept() -> tuple[list[pl.LazyFrame], Decision | None]:
        pieces = accepted(job, gated, rules_for(job.contract, job.table))
        return pieces, decided_before(job, gated, pieces)

    return [
        (published_as(job.table, one).name, partial(_published, job, gated, one, kept))
        for one in job.table.statistics
        if not _done(job, one, gated)
    ]


def _published(job: Job, gated: Gated, statistic: Statistic, kept: Kept) -> bool:
    own = replace(job, table=published_as(job.table, statistic))
    pieces, decision = kept()
    rows = partial(_rows, pieces, job.table, statistic, decision)
    masked = _counted(job, own, statistic, gated, rows)
    moved(own, masked, partial(refuse_if_overtaken, job, own, masked))
    return True


def _done(job: Job, statistic: Statistic, gated: Gated) -> bool:
    own = replace(job, table=published_as(job.table, statistic))
    done = find(job.ledger, "published", own.batch, gated.attempt)
    return bool(done and done.ok and done.body.get("replay", "") == gated.replay)


def _counted(
    job: Job,
    own: Job,
    statistic: Statistic,
    gated: Gated,
    rows: Callable[[], pl.DataFrame],
) -> Masked:
    """The cells in staging, scanned, with a receipt that says how many are withheld."""
    staged = fresh_folder(own, gated.attempt)
    at_least = people_at_least(job.contract)
    with removed_unless_written(own, staged):
        cells = cells_of(rows().lazy(), job.table, statistic, at_least)
        files = _written(own, staged, cells, statistic)
    scan = scan_of(own, staged, sum(file["rows"] for file in files))
    if scan["ok"]:
        keep_list(own, staged, files)
    else:
        own.store.remove(staged)
    found = own.record(
        "masked",
        gated.attempt,
        scan["ok"],
        rows=cells.height,
        recipient=CURATED,
        purpose=STATISTICS,
        policy=POLICY_VERSION,
        key_ids=[],
        staged=str(staged.relative_to(job.settings.home)),
        leak_scan=scan,
        risk=body(cells, statistic, at_least),
        columns=[item.name for item in own.table.columns],
        files=len(files),
        files_digest=files_digest(files),
        **gated.replay_fact,
    )
    if not scan["ok"]:
        raise LeakFound(
            f"{own.batch}：泄露扫描在统计表中发现疑似个人信息，已删除，没有发布。"
            "请安全管理员检查契约中 statistics 所用的列。"
        )
    return Masked(gated.attempt, found)


def _rows(
    pieces: list[pl.LazyFrame],
    table: Table,
    statistic: Statistic,
    decision: Decision | None,
) -> pl.DataFrame:
    """The few columns that are counted, of all rows that the gate keeps."""
    looks = [
        counted(piece, table, statistic, published_value, decision) for piece in pieces
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return pl.concat(pool.map(collected, looks), rechunk=False)


def _written(
    own: Job, staged: Path, cells: pl.DataFrame, statistic: Statistic
) -> list[dict[str, Any]]:
    told = cells.select(*statistic.by, pl.col(VALUE).alias(MEASURED)).lazy()
    files = write_pieces(own.store, [told], staged)
    commit_new(own.store, staged, schema_of(own.table.columns, [told]), files)
    return files_of(own.store, staged)
