"""Collect: from the source to raw, unchanged, in one pass, with both sides' totals.

Each attempt writes its own folder once. What its rows are worth is judged by the gate,
from the committed files. However a table is handed over, an attempt holds all of it.
"""

from __future__ import annotations

import json
import secrets
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

from audit.receipts import counting
from jobs.change_feed import land_feed
from jobs.committed_rows import committed_rows, no_cell_told
from jobs.context import Job
from jobs.control_totals import Totals, depth
from jobs.delta_files import rows_added
from jobs.drift import noted, ticketed
from jobs.incremental import land_incremental
from jobs.landing import Landed, land_whole
from jobs.parts import forget_parts
from jobs.readers.files import refuse_changed
from jobs.steps import Collected
from jobs.tickets import settle_drift
from lake_config.calendar import city_today
from lake_config.contract import CHANGE_FEED, FULL, INCREMENTAL, Server
from lake_config.errors import (
    DeliveryUndecodable,
    JobFailed,
    LakeError,
    NothingToDo,
    PastStateGone,
    SourceAuthorisationLapsed,
    TableDamaged,
)
from privacy.keys import ledger_digest
from quality.drift import digest
from quality.frames import count
from quality.row_rules import undecodable
from quality.suite import rules_for

UNDECODABLE_SHARE = 0.5
LATE_WRITES = (0.0, 0.1, 0.4, 1.0)
"""Seconds to wait before each look at the folder of an attempt that failed."""


def collect(job: Job) -> Collected:
    """Land the delivery in a fresh attempt; NothingToDo when it already counts."""
    server = job.contract.server_for(job.table, job.settings.server_environment)
    counted = counting(job.ledger, job.batch)
    asked_again = _redelivery(job)
    if counted is not None:
        if server.transport == "files":
            raw = Collected(counted.body["attempt"], counted.body).raw(job)
            _refuse_changed(job, server, raw)
        raise _collected_before(job)
    _check_authorisation(job)
    _refuse_past(job, server)
    attempt = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    path = job.layers.raw_attempt(
        job.contract.department, job.table.name, job.date, attempt
    )
    began = time.monotonic()
    with ticketed(job), ExitStack() as undo:
        undo.callback(_removed, job, path)
        landed, rows = _attempted(job, server, path)
        undo.pop_all()

    def still_wanted() -> None:
        """Of two that collect at once the first counts; what was read before a
        redelivery was accepted is the old delivery."""
        if counting(job.ledger, job.batch) is not None:
            raise _collected_before(job)
        if _redelivery(job) != asked_again:
            raise JobFailed(
                f"{job.batch}：归集期间登记了重新交付，读到的可能是旧数据，"
                "本次作废，稍后重试。"
            )

    settle_drift(job, digest(landed.drift) if landed.drift else "")
    body = job.record(
        "collected",
        attempt,
        True,
        unless=still_wanted,
        source_rows=landed.totals.rows,
        collected_rows=rows,
        control=depth(job.table, landed.totals),
        server=server.name,
        digests=ledger_digest(job.settings, landed.totals.text()),
        duration_seconds=round(time.monotonic() - began, 1),
        **noted(job, landed.drift),
        **landed.facts,
    )
    forget_parts(job)
    return Collected(attempt, body)


def _removed(job: Job, path: Path) -> None:
    """More than once: Spark ends a write that failed without waiting for its other tasks,
    and one of them may still make a file. What comes later yet is left to retention."""
    for seconds in LATE_WRITES:
        time.sleep(seconds)
        job.store.remove(path)


def _collected_before(job: Job) -> NothingToDo:
    return NothingToDo(f"{job.batch}：已归集，没有再碰数据源。")


def _redelivery(job: Job) -> int | None:
    """The place in the ledger of the latest one that was accepted for this batch."""
    events = job.ledger.newest("redelivery_accepted", job.batch)
    return next((event.index for event in events), None)


def _refuse_changed(job: Job, server: Server, raw: Path) -> None:
    try:
        refuse_changed(job, server, job.layers.delivered(raw))
    except FileNotFoundError:
        raise _not_there(job, raw) from None


def _not_there(job: Job, raw: Path) -> LakeError:
    """Gone with its attempt by retention, or nobody knows whether the delivery changed."""
    ordered = job.ledger.newest("deletion_ordered", f"{job.batch} {raw.name}")
    if any(ordered):
        return NothingToDo(
            f"{job.batch}：这一批已归集，其文件已过保存期限并清理（见账本的删除凭证）。"
        )
    return TableDamaged(
        f"{job.batch}：这一批已归集，留存的交付文件却不在了，账本里没有删除凭证，"
        "无法核对交付是否变化。请系统管理员查明存储的改动，从备份恢复，或登记重新交付。"
    )


LANDERS = {
    FULL: land_whole,
    INCREMENTAL: land_incremental,
    CHANGE_FEED: land_feed,
}


def _attempted(job: Job, server: Server, path: Path) -> tuple[Landed, int]:
    """What was landed, and how many rows were read back from the commit."""
    landed = LANDERS[job.table.load.kind](job, server, path)
    rows = rows_added(job.store, path, 0)
    _refuse_undecodable(job, server, path, rows)
    _keep_totals(job, path, landed.totals)
    job.store.settle(job.store.files(path))
    return landed, rows


def _refuse_undecodable(job: Job, server: Server, path: Path, rows: int) -> None:
    """Rows of text files only: other deliveries have no bytes that could be misread."""
    rules = rules_for(job.contract, job.table)
    if "decodable" not in {rule.kind for rule in rules}:
        return
    with no_cell_told(job):
        found = count(committed_rows(job.store, path).filter(undecodable(rules)))
    if found > UNDECODABLE_SHARE * rows:
        raise DeliveryUndecodable(
            f"{job.batch}：{rows} 行中有 {found} 行无法按 {server.encoding} 解码，"
            "整批拒收。请数源部门按约定编码重新交付。"
        )


def _check_authorisation(job: Job) -> None:
    """Returned data may only be taken under an unexpired authorisation (L30).

    Unexpired today, whatever delivery date is asked for.
    """
    expires = job.contract.authorisation_expires
    if expires and date.fromisoformat(expires) < max(job.date, city_today()):
        raise SourceAuthorisationLapsed(
            f"{job.contract.department}：返还授权已于 {expires} 到期，停止归集。"
            "请办理续期后更新契约。"
        )


def _refuse_past(job: Job, server: Server) -> None:
    """No schedule and no back-fill lands today's state under the date of another day."""
    if job.scheduled and not server.keeps_past and job.date != city_today():
        raise PastStateGone(
            f"{job.batch}：数据源 {server.name} 只有当前状态，{job.date} 的数据已不存在，"
            "不以今天的数据顶替。做法见 docs/how-to/backfill.md。"
        )


def _keep_totals(job: Job, path: Path, totals: Totals) -> None:
    """The source's plain totals stay in raw, for the reconciliation."""
    content = {"rows": totals.rows, "sums": totals.sums}
    job.store.write(job.layers.control_totals(path), json.dumps(content).encode())
