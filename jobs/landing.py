"""Land: rows of a source into a fresh Delta table of raw, while the source's state is held."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.committed_rows import no_cell_told
from jobs.context import Job
from jobs.control_totals import Totals
from jobs.delta_files import NO_STATISTICS
from jobs.parts import composed, fresh_part, kept_parts
from jobs.readers import READERS
from jobs.readers.extract import Extract, Parts, check_types
from jobs.session import ENGINE_ERRORS, engine_gone
from jobs.source_breaker import guarded
from lake_config.contract import Server
from lake_config.errors import (
    DeliveryUndecodable,
    JobFailed,
    LakeError,
    SourceUnavailable,
)
from quality.drift import Drifts

PART_ROWS = 1 << 40
"""More numbers than Spark gives the rows of a part."""
NO_ROOM = "No space left on device"
"""What an engine says of a full disk: no fault of the delivery."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What must be found in the attempt, what drifted, and facts for the receipt."""

    totals: Totals
    drift: Drifts
    facts: dict[str, Any] = field(default_factory=dict)


def land_whole(job: Job, server: Server, path: Path) -> Landed:
    """Write the source's whole table."""
    read = READERS[server.kind]
    delivered = job.layers.delivered(path)
    with guarded(job, server), read(job, server, delivered) as extract:
        facts = write_extract(job, server, extract, path)
        return Landed(extract.totals(), extract.drift, facts)


def write_extract(
    job: Job, server: Server, extract: Extract, path: Path
) -> dict[str, Any]:
    """The rows of an extract, numbered, as the one version of a fresh table."""
    try:
        check_types(job, extract.frame)
        if extract.parts:
            return {"load": _write_parts(job, extract.parts, path)}
        write_once(raw_rows(job, extract.frame), job.store.spark_address(path))
        return {}
    except ENGINE_ERRORS as error:
        raise _failed(job, server, error) from None


def _write_parts(job: Job, parts: Parts, path: Path) -> dict[str, Any]:
    """Those that an earlier attempt has not read, and then all of them as one table."""
    with no_cell_told(job):
        kept = kept_parts(job, parts)
    folders = dict(kept)
    for number in range(parts.count):
        if number not in kept:
            folders[number] = fresh_part(job, number)
            rows = raw_rows(job, parts.read(number), number)
            write_once(rows, job.store.spark_address(folders[number]))
    composed(job, [folders[number] for number in sorted(folders)], path)
    return {"kind": "full", "parts": parts.count, "kept": len(kept)}


def raw_rows(job: Job, frame: DataFrame, part: int = 0) -> DataFrame:
    """The delivered columns in their landed types, with number and batch."""
    landed = frame.select(
        *(F.col(f"`{item.name}`").cast(item.landed_type) for item in job.table.columns)
    )
    return landed.select(
        "*",
        (F.monotonically_increasing_id() + 1 + part * PART_ROWS).alias("_row"),
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
