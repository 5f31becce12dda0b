"""Collect: from the source to raw, unchanged, in one pass, with both sides' totals.

Each attempt writes its own folder once. What its rows are worth is judged by the gate,
from the committed files.
"""

from __future__ import annotations

import json
import secrets
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from audit.receipts import counting
from jobs.committed_rows import committed_rows, no_cell_told
from jobs.context import Job
from jobs.control_totals import Totals, depth
from jobs.delta_files import NO_STATISTICS, rows_added
from jobs.drift import noted, ticketed
from jobs.readers import READERS
from jobs.readers.extract import check_types
from jobs.readers.files import refuse_changed
from jobs.session import ENGINE_ERRORS, engine_gone
from jobs.source_breaker import guarded
from jobs.steps import Collected
from jobs.tickets import settle_drift
from lake_config.calendar import city_today
from lake_config.contract import Server
from lake_config.errors import (
    DeliveryUndecodable,
    JobFailed,
    LakeError,
    NothingToDo,
    PastStateGone,
    SourceAuthorisationLapsed,
    SourceUnavailable,
)
from privacy.keys import ledger_digest
from quality.drift import Drifts, digest
from quality.frames import count
from quality.row_rules import undecodable
from quality.suite import rules_for

UNDECODABLE_SHARE = 0.5
NO_ROOM = "No space left on device"
"""What an engine says of a full disk: no fault of the delivery."""


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
        undo.callback(job.store.remove, path)
        totals, rows, drift = _attempted(job, server, path)
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

    settle_drift(job, digest(drift) if drift else "")
    body = job.record(
        "collected",
        attempt,
        True,
        unless=still_wanted,
        source_rows=totals.rows,
        collected_rows=rows,
        control=depth(job.table, totals),
        server=server.name,
        digests=ledger_digest(job.settings, totals.text()),
        duration_seconds=round(time.monotonic() - began, 1),
        **noted(job, drift),
    )
    return Collected(attempt, body)


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
        raise NothingToDo(
            f"{job.batch}：这一批已归集，其文件已过保存期限并清理（见账本的删除凭证）。"
        ) from None


def _attempted(job: Job, server: Server, path: Path) -> tuple[Totals, int, Drifts]:
    """What the source said, how many rows were read back from the commit, what drifted."""
    totals, drift = _land(job, server, path)
    rows = rows_added(job.store, path, 0)
    _refuse_undecodable(job, server, path, rows)
    _keep_totals(job, path, totals)
    job.store.settle(job.store.files(path))
    return totals, rows, drift


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


def _land(job: Job, server: Server, path: Path) -> tuple[Totals, Drifts]:
    """Write the attempt while the source's state is held."""
    read = READERS[server.kind]
    with (
        guarded(job, server),
        read(job, server, job.layers.delivered(path)) as extract,
    ):
        try:
            check_types(job, extract.frame)
            write_once(raw_rows(job, extract.frame), job.store.spark_address(path))
        except ENGINE_ERRORS as error:
            raise _failed(job, server, error) from None
        return extract.totals(), extract.drift


def raw_rows(job: Job, frame: DataFrame) -> DataFrame:
    """The delivered columns in their landed types, with number and batch."""
    landed = frame.select(
        *(F.col(f"`{item.name}`").cast(item.landed_type) for item in job.table.columns)
    )
    return landed.select(
        "*",
        (F.monotonically_increasing_id() + 1).alias("_row"),
        F.lit(job.batch).alias("_batch"),
    )


def write_once(frame: DataFrame, address: str) -> None:
    """A Delta table at version 0; an existing folder is never written to."""
    frame.write.format("delta").mode("error").options(**NO_STATISTICS).save(address)


def _failed(job: Job, server: Server, error: Exception) -> LakeError:
    """Engines quote cells in their messages, so none is passed on."""
    if engine_gone(error):
        return JobFailed(f"{job.batch}：归集途中 Spark 服务中断，稍后会自动重试。")
    if NO_ROOM in str(error):
        return JobFailed(
            f"{job.batch}：归集库或 Spark 临时目录的磁盘空间不足，本次作废，稍后自动重试。"
            "请系统管理员清理空间。"
        )
    if server.transport == "files":
        return DeliveryUndecodable(
            f"{job.batch}：文件内容读不下去（列数不符、引号未闭合或结构损坏）。请重新交付。"
        )
    return SourceUnavailable(
        f"{job.batch}：读取数据源或写入归集库时中断（{type(error).__name__}），稍后会自动重试。"
    )


def _keep_totals(job: Job, path: Path, totals: Totals) -> None:
    """The source's plain totals stay in raw, for the reconciliation."""
    content = {"rows": totals.rows, "sums": totals.sums}
    job.store.write(job.layers.control_totals(path), json.dumps(content).encode())
