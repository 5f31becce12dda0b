"""Mask: accepted rows to staging, scanned in the same pass; recipients cannot look there."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Observation

from audit.receipts import find
from jobs.context import ACTOR, Job
from jobs.failures import alert
from jobs.gate import accepted
from jobs.steps import Gated, Masked
from lake_config.errors import ControlTotalsDiffer, JobFailed, LeakFound, NothingToDo
from lake_config.layers import CURATED
from privacy.keys import key
from privacy.leak_scan import HITS, ROWS, observed
from privacy.mask_frame import Scope, key_names, mask, published_columns
from privacy.policy import POLICY_VERSION, STATISTICS
from quality.one_pass import parsed
from quality.suite import rules_for

NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}


def mask_batch(job: Job, gated: Gated) -> Masked:
    """Write, scan and record one recipient's masked table of this batch."""
    done = find(job.ledger, "masked", job.batch)
    if done and done.ok and done.body["attempt"] == gated.attempt:
        if done.body["policy"] == POLICY_VERSION and _staged(job, done.body).exists():
            raise NothingToDo(f"{job.batch}：已脱敏。")
    department = job.contract.department
    ids = key_names(job.table, _scope(job))
    _record_key_use(job, ids)
    path = job.layers.staged(
        CURATED, department, job.table.name, job.date, gated.attempt
    )
    shutil.rmtree(path, ignore_errors=True)
    rows, leaks = _write(job, _masked(job, gated), path)
    ok = leaks == 0 and rows == gated.body["accepted"]
    body = job.record(
        "masked",
        gated.attempt,
        ok,
        rows=rows,
        recipient=CURATED,
        purpose=STATISTICS,
        policy=POLICY_VERSION,
        key_ids=list(ids),
        staged=str(path.relative_to(job.settings.home)),
        leak_scan={"leaks": leaks, "ok": leaks == 0},
        columns=[item.name for item in published_columns(job.table, STATISTICS)],
        files=files_of(path),
    )
    if not ok:
        _refuse(job, path, rows, leaks, gated.body["accepted"])
    return Masked(gated.attempt, body)


def _staged(job: Job, body: dict[str, Any]) -> Path:
    return job.settings.home / str(body["staged"])


def _record_key_use(job: Job, ids: tuple[str, ...]) -> None:
    """Every key is fetched once here, so that a missing one stops before any write."""
    for name in ids:
        key(job.settings, name)
    body = {"key_ids": list(ids), "purpose": STATISTICS}
    job.ledger.append("key_used", ACTOR, job.batch, body)


def _masked(job: Job, gated: Gated) -> DataFrame:
    rules = rules_for(job.contract, job.table)
    rows = accepted(job, gated.raw(job), rules)
    return mask(rows, job.table, _scope(job), job.settings, parsed)


def _scope(job: Job) -> Scope:
    return Scope(CURATED, STATISTICS, job.contract.department)


def _write(job: Job, masked: DataFrame, path: Path) -> tuple[int, int]:
    """Rows and leaking cells, counted by the very job that wrote the bytes."""
    seen = Observation()
    try:
        writer = observed(masked, seen).write.format("delta").mode("error")
        writer.options(**NO_STATISTICS).save(str(path))
        counts = seen.get
    except PySparkException as error:
        shutil.rmtree(path, ignore_errors=True)
        raise JobFailed(
            f"{job.batch}：脱敏写入中断（{type(error).__name__}），没有留下任何内容，稍后重试。"
        ) from None
    return int(counts[ROWS]), int(counts[HITS])


def files_of(path: Path) -> list[dict[str, Any]]:
    """Name, size and SHA-256 of every file the table's version 0 consists of."""
    names = sorted(Path(uri).name for uri in DeltaTable(str(path)).file_uris())
    return [
        {
            "path": name,
            "size": (path / name).stat().st_size,
            "sha256": sha256(path / name),
        }
        for name in names
    ]


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refuse(job: Job, path: Path, rows: int, leaks: int, accepted_rows: int) -> None:
    """Nothing that failed stays in staging."""
    shutil.rmtree(path)
    if leaks:
        alert(
            job.settings,
            job.contract.department,
            job.table.name,
            job.date,
            "leak_found",
        )
        raise LeakFound(
            f"{job.batch}：泄露扫描在 {leaks} 个单元格中发现疑似明文号码，待发布内容已删除。"
            "请安全管理员检查脱敏策略与契约的列类别。"
        )
    raise ControlTotalsDiffer(
        f"{job.batch}：脱敏后 {rows} 行，应为 {accepted_rows} 行，待发布内容已删除。"
    )
