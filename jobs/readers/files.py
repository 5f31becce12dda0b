"""Gatekeeper drops and exchange folders: files that a manifest vouches for.

A file is copied into the attempt first and checked there, so that what was checked is what
is read and kept. All cells land as text; XLSX and JSON are turned into text by the client.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.context import Job
from jobs.control_totals import Totals
from jobs.readers.extract import (
    Extract,
    address,
    check_columns,
    refuse_empty,
)
from jobs.readers.json_rows import NotJson, land_rows, parsed, row_check
from jobs.readers.seen_files import check_file
from jobs.readers.workbook import as_text
from lake_config.contract import Server
from lake_config.digests import digest_of, file_digest
from lake_config.errors import (
    DeliveryDigestWrong,
    DeliveryIncomplete,
    DeliveryUndecodable,
    SourceUnavailable,
)
from storage.store import Workplace

DIGESTS = ("sm3", "sha256")
HEAD_BYTES = 1 << 16
LARGEST_MANIFEST = 16 << 20
SPOILED = {"long_numbers": "超过 15 位的数字", "errors": "公式错误"}


@contextmanager
def read_files(
    job: Job, server: Server, delivered: Path, may_be_empty: bool = False
) -> Iterator[Extract]:
    """The one file of this table in the drop of the delivery date."""
    drop = _drop(job, server)
    entry = _entry(job, _manifest(drop, server))
    with job.store.workplace(delivered) as work:
        path = _kept(job, drop / job.table.source["file"], entry, work.folder)
        if not may_be_empty:
            refuse_empty(job, min(int(entry["rows"]), path.stat().st_size))
        frame = FORMATS[job.table.source["format"]](job, server, work, path)
        drift = check_file(job, server, path, entry.get("units"))
        work.keep()
        yield Extract(frame, lambda: Totals(int(entry["rows"]), {}), drift)


def refuse_changed(job: Job, server: Server, delivered: Path) -> None:
    """Raises when the drop that was collected now promises, or holds, other bytes."""
    manifest = _manifest(_drop(job, server), server)
    if not manifest.exists():
        return
    name, promised = _promised(job, _entry(job, manifest))
    with job.store.opened(delivered / job.table.source["file"]) as kept:
        same = promised == digest_of(kept, name)
    path = file_of(job, server)
    if not same or (_plain(path) and file_digest(path, name) != promised):
        raise DeliveryDigestWrong(
            f"{job.batch}：这一批已归集，交付目录里同名文件的摘要却变了，拒绝收取。"
            "如确为重新交付，请执行 ./lake redeliver 说明原因后再运行。"
        )


def entry_of(job: Job, server: Server) -> dict[str, Any]:
    """What the manifest of the delivery date says about this table's file."""
    return _entry(job, _manifest(_drop(job, server), server))


def file_of(job: Job, server: Server) -> Path:
    """Where the drop of the delivery date has it."""
    return _drop(job, server) / job.table.source["file"]


def _drop(job: Job, server: Server) -> Path:
    """The folder of the delivery date."""
    path = str(address(job, server)["path"])
    return job.settings.home / path / job.date.isoformat()


def _manifest(drop: Path, server: Server) -> Path:
    return drop / str(server.address.get("manifest", "manifest.json"))


def _plain(path: Path) -> bool:
    """No link that leads elsewhere, no pipe that never ends."""
    return path.is_file() and not path.is_symlink()


def _promised(job: Job, entry: dict[str, Any]) -> tuple[str, str]:
    """(algorithm, digest) as the manifest gives them."""
    name = next((name for name in DIGESTS if name in entry), None)
    if name is None:
        raise DeliveryIncomplete(f"{job.batch}：清单没有文件摘要。请重新交付。")
    return name, str(entry[name])


def _entry(job: Job, manifest: Path) -> dict[str, Any]:
    """The manifest's line about this table's file."""
    if not os.path.lexists(manifest):
        raise SourceUnavailable(
            f"{job.batch}：交付目录里还没有清单 {manifest.name}，交付尚未完成，稍后重试。"
        )
    if not _plain(manifest) or manifest.stat().st_size > LARGEST_MANIFEST:
        raise DeliveryIncomplete(
            f"{job.batch}：清单不是普通文件，或大得不合理。请数源部门重新交付。"
        )
    try:
        content = json.loads(manifest.read_text("utf-8"))
        wanted = (job.contract.department, job.date.isoformat())
        if (content["department"], content["delivery_date"]) != wanted:
            raise DeliveryIncomplete(
                f"{job.batch}：清单不是本部门本日期的。请重新交付。"
            )
        entry: dict[str, Any]
        [entry] = (item for item in content["files"] if item["table"] == job.table.name)
        good = entry["name"] == job.table.source["file"] and int(entry["rows"]) >= 0
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        good = False
    if not good:
        raise DeliveryIncomplete(
            f"{job.batch}：清单缺少这张表的文件，或写得不完整。请数源部门重新交付。"
        )
    return entry


def _kept(job: Job, path: Path, entry: dict[str, Any], folder: Path) -> Path:
    """Copy the file to where it is kept and check its digest there."""
    if not _plain(path):
        raise DeliveryIncomplete(f"{job.batch}：清单里的文件没有送到。请重新交付。")
    name, promised = _promised(job, entry)
    kept = folder / path.name
    shutil.copyfile(path, kept)
    if file_digest(kept, name) != promised:
        raise DeliveryDigestWrong(
            f"{job.batch}：文件摘要与清单不符，内容在途中变化或清单有误。请重新交付。"
        )
    return kept


def _csv(job: Job, server: Server, work: Workplace, path: Path) -> DataFrame:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES).split(b"\n", 1)[0]
    try:
        names = next(
            csv.reader(io.StringIO(head.decode(server.encoding).strip("\r\ufeff")))
        )
    except (UnicodeDecodeError, LookupError, StopIteration, csv.Error):
        raise DeliveryUndecodable(
            f"{job.batch}：文件不是契约写明的 {server.encoding} 编码。请重新交付。"
        ) from None
    check_columns(job, names)
    schema = ", ".join(f"`{name}` string" for name in names)
    return job.spark.read.schema(schema).csv(
        work.given(path),
        header=True,
        encoding=server.encoding,
        multiLine=True,
        quote='"',
        escape='"',
        mode="FAILFAST",
        enforceSchema=True,
        maxCharsPerColumn=-1,
    )


def _jsonl(job: Job, server: Server, work: Workplace, path: Path) -> DataFrame:
    """Rows as text in a Parquet file beside the delivered one; Spark reads that."""
    text = path.with_suffix(".text.parquet")
    land_rows(job, _lines(job, server, path), text)
    return job.spark.read.parquet(work.given(text))


def _lines(job: Job, server: Server, path: Path) -> Iterator[dict[str, Any]]:
    """The rows; every one is checked, as a key may be renamed halfway."""
    check, number = row_check(job), 0
    with path.open(encoding=server.encoding, errors="replace") as file:
        try:
            for number, line in enumerate(file, 1):  # noqa: B007 (told when it ends)
                if not line.isspace():
                    yield check(parsed(line))
        except NotJson:
            raise DeliveryUndecodable(
                f"{job.batch}：第 {number} 行不是 {server.encoding} 编码的 JSON 对象。"
                "请重新交付。"
            ) from None


def _parquet(job: Job, server: Server, work: Workplace, path: Path) -> DataFrame:
    """Any bytes pass for text in Parquet; where they are none the write fails."""
    try:
        names = pq.read_schema(path).names
    except (pa.ArrowException, OSError, ValueError):
        raise DeliveryUndecodable(
            f"{job.batch}：文件不是 Parquet，或已损坏。请重新交付。"
        ) from None
    check_columns(job, names)
    frame = job.spark.read.parquet(work.given(path))
    texts = [(name, F.col(f"`{name}`").cast("string")) for name in names]
    return frame.select(*(F.validate_utf8(text).alias(name) for name, text in texts))


def _xlsx(job: Job, server: Server, work: Workplace, path: Path) -> DataFrame:
    """Cells as text in a Parquet file beside the delivered one; Spark reads that."""
    text = path.with_suffix(".text.parquet")
    columns = job.table.columns
    moments = [item.name for item in columns if item.logical_type == "timestamp"]
    spoiled = as_text(path, text, moments)
    if spoiled is None:
        raise DeliveryUndecodable(
            f"{job.batch}：文件不是 XLSX，已损坏，或大得读不下。请重新交付。"
        )
    names = pq.read_schema(text).names
    check_columns(job, names)
    _refuse_spoiled(job, names, spoiled)
    return job.spark.read.parquet(work.given(text))


def _refuse_spoiled(
    job: Job, names: list[str], spoiled: dict[str, dict[int, int]]
) -> None:
    """Cells whose value the workbook itself has lost; columns and counts are told."""
    places = [*names, "？"]
    found = [
        f"{SPOILED[kind]}：{places[place]} 列 {number} 格"
        for kind, cells in spoiled.items()
        for place, number in sorted(cells.items())
    ]
    if found:
        raise DeliveryUndecodable(
            f"{job.batch}：XLSX 里有单元格已不是原值（{'；'.join(found)}）。"
            "长号码请以文本格式存放，公式错误请改正后重新交付。"
        )


FORMATS: dict[str, Callable[[Job, Server, Workplace, Path], DataFrame]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "xlsx": _xlsx,
}
