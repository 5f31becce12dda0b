"""Collect: from the source to raw, unchanged, in one pass, with both sides' totals.

Each attempt writes its own folder once. The rules each row breaks are written beside it,
so that the gate need not read the rows again.
"""

from __future__ import annotations

import json
import secrets
import time
from datetime import UTC, date, datetime
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from audit.receipts import counting
from jobs.context import Job
from jobs.readers import READERS, Extract
from jobs.readers.files import refuse_changed
from jobs.steps import Collected
from lake_config.contract import Server
from lake_config.errors import (
    DeliveryUndecodable,
    EmptyDelivery,
    LakeError,
    NothingToDo,
    SourceAuthorisationLapsed,
    SourceUnavailable,
)
from privacy.keys import ledger_digest
from quality.one_pass import VIOLATIONS, violations
from quality.suite import rules_for

UNDECODABLE_SHARE = 0.5


def collect(job: Job) -> Collected:
    """Land the delivery in a fresh attempt; NothingToDo when it already counts."""
    server = job.contract.server_for(job.table, job.settings.server_environment)
    counted = counting(job.ledger, job.batch)
    if counted is not None:
        if server.transport == "files":
            raw = Collected(counted.body["attempt"], counted.body).raw(job)
            refuse_changed(job, server, job.layers.delivered(raw))
        raise NothingToDo(f"{job.batch}：已归集，没有再碰数据源。")
    _check_authorisation(job)
    attempt = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
    path = job.layers.raw_attempt(
        job.contract.department, job.table.name, job.date, attempt
    )
    began = time.monotonic()
    extract = _land(job, server, path)
    rows, undecodable = _committed(job, path)
    if undecodable > UNDECODABLE_SHARE * rows:
        raise DeliveryUndecodable(
            f"{job.batch}：{rows} 行中有 {undecodable} 行无法按 {server.encoding} 解码，"
            "整批拒收。请数源部门按约定编码重新交付。"
        )
    _keep_totals(job, path, extract)
    body = job.record(
        "collected",
        attempt,
        True,
        source_rows=extract.totals.rows,
        collected_rows=rows,
        control=job.table.control_depth,
        server=server.name,
        digests=ledger_digest(job.settings, extract.totals.text()),
        duration_seconds=round(time.monotonic() - began, 1),
    )
    return Collected(attempt, body)


def _check_authorisation(job: Job) -> None:
    """Returned data may only be taken under an unexpired authorisation (L30)."""
    expires = job.contract.authorisation_expires
    if expires and date.fromisoformat(expires) < job.date:
        raise SourceAuthorisationLapsed(
            f"{job.contract.department}：返还授权已于 {expires} 到期，停止归集。"
            "请办理续期后更新契约。"
        )


def _land(job: Job, server: Server, path: Path) -> Extract:
    """Write the attempt while the source's state is held."""
    with READERS[server.kind](job, server, job.layers.delivered(path)) as extract:
        if extract.totals.rows == 0:
            raise EmptyDelivery(
                f"{job.batch}：源端一行都没有。已发布的版本不受影响，请与数源部门确认。"
            )
        try:
            write_once(raw_rows(job, extract.frame), path)
        except PySparkException as error:
            raise _failed(job, server, error) from None
        extract.confirm()
        return extract


def raw_rows(job: Job, frame: DataFrame) -> DataFrame:
    """The delivered columns in their landed types, with number, batch, broken rules."""
    rules = rules_for(job.contract, job.table)
    landed = frame.select(
        *(F.col(f"`{item.name}`").cast(item.landed_type) for item in job.table.columns)
    )
    return landed.select(
        "*",
        (F.monotonically_increasing_id() + 1).alias("_row"),
        F.lit(job.batch).alias("_batch"),
        violations(job.table, rules).alias(VIOLATIONS),
    )


def write_once(frame: DataFrame, path: Path) -> None:
    """A Delta table at version 0; an existing folder is never written to."""
    frame.write.format("delta").mode("error").save(str(path))


def _failed(job: Job, server: Server, error: PySparkException) -> LakeError:
    """Engines quote cells in their messages, so none is passed on."""
    if server.transport == "files":
        return DeliveryUndecodable(
            f"{job.batch}：文件内容读不下去（列数不符、引号未闭合或结构损坏）。请重新交付。"
        )
    return SourceUnavailable(
        f"{job.batch}：读取数据源或写入归集库时中断（{type(error).__name__}），稍后会自动重试。"
    )


def _committed(job: Job, path: Path) -> tuple[int, int]:
    """Rows, and undecodable rows, read back from what was committed."""
    frame = job.spark.read.format("delta").load(str(path))
    bad = F.exists(VIOLATIONS, lambda name: name.startswith("decodable."))
    found = frame.agg(
        F.count(F.lit(1)).alias("rows"),
        F.sum(F.when(bad, 1).otherwise(0)).alias("undecodable"),
    ).collect()[0]
    return int(found["rows"]), int(found["undecodable"] or 0)


def _keep_totals(job: Job, path: Path, extract: Extract) -> None:
    """The source's plain totals stay in raw, for the reconciliation."""
    content = {"rows": extract.totals.rows, "sums": extract.totals.sums}
    job.layers.control_totals(path).write_text(json.dumps(content), encoding="utf-8")
