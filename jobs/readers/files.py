"""Gatekeeper drops and exchange folders: files that a manifest vouches for.

A file is copied into the attempt first and checked there, so that what was checked is what
is read and kept. All cells land as text; XLSX is turned into text by the client.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame
from python_calamine import CalamineError, CalamineWorkbook

from jobs.context import Job
from jobs.control_totals import Totals
from jobs.readers.extract import Extract, address, check_columns, nothing_to_confirm
from lake_config.contract import Server, Table
from lake_config.errors import (
    DeliveryDigestWrong,
    DeliveryIncomplete,
    DeliveryUndecodable,
    SourceUnavailable,
)

DIGESTS = ("sm3", "sha256")
HEAD_BYTES = 1 << 16


@contextmanager
def read_files(job: Job, server: Server, delivered: Path) -> Iterator[Extract]:
    """The one file of this table in the drop of the delivery date."""
    drop = _drop(job, server)
    entry = _entry(job, _manifest(drop, server))
    path = _kept(job, drop / job.table.source["file"], entry, delivered)
    frame = FORMATS[job.table.source["format"]](job, server, path)
    yield Extract(frame, Totals(int(entry["rows"]), {}), nothing_to_confirm)


def refuse_changed(job: Job, server: Server, delivered: Path) -> None:
    """Raises when the drop that was collected now promises other bytes under its name."""
    manifest = _manifest(_drop(job, server), server)
    if not manifest.exists():
        return
    name, promised = _promised(job, _entry(job, manifest))
    if promised != _digest(delivered / job.table.source["file"], name):
        raise DeliveryDigestWrong(
            f"{job.batch}：这一批已归集，交付目录里同名文件的摘要却变了，拒绝收取。"
            "如确为重新交付，请执行 ./lake redeliver 说明原因后再运行。"
        )


def _drop(job: Job, server: Server) -> Path:
    """The folder of the delivery date."""
    path = str(address(job, server)["path"])
    return job.settings.home / path / job.date.isoformat()


def _manifest(drop: Path, server: Server) -> Path:
    return drop / str(server.address.get("manifest", "manifest.json"))


def _promised(job: Job, entry: dict[str, Any]) -> tuple[str, str]:
    """(algorithm, digest) as the manifest gives them."""
    name = next((name for name in DIGESTS if name in entry), None)
    if name is None:
        raise DeliveryIncomplete(f"{job.batch}：清单没有文件摘要。请重新交付。")
    return name, str(entry[name])


def _entry(job: Job, manifest: Path) -> dict[str, Any]:
    """The manifest's line about this table's file."""
    if not manifest.exists():
        raise SourceUnavailable(
            f"{job.batch}：交付目录里还没有清单 {manifest.name}，交付尚未完成，稍后重试。"
        )
    try:
        content = json.loads(manifest.read_text("utf-8"))
        wanted = (job.contract.department, job.date.isoformat())
        if (content["department"], content["delivery_date"]) != wanted:
            raise DeliveryIncomplete(
                f"{job.batch}：清单不是本部门本日期的。请重新交付。"
            )
        found = [item for item in content["files"] if item["table"] == job.table.name]
        entry: dict[str, Any] = found[0]
        good = entry["name"] == job.table.source["file"] and int(entry["rows"]) >= 0
    except (ValueError, KeyError, TypeError, IndexError):
        good = False
    if not good:
        raise DeliveryIncomplete(
            f"{job.batch}：清单缺少这张表的文件，或写得不完整。请数源部门重新交付。"
        )
    return entry


def _kept(job: Job, path: Path, entry: dict[str, Any], delivered: Path) -> Path:
    """Copy the file into the attempt and check its digest there."""
    if not path.is_file() or path.is_symlink():
        raise DeliveryIncomplete(f"{job.batch}：清单里的文件没有送到。请重新交付。")
    name, promised = _promised(job, entry)
    delivered.mkdir(parents=True)
    kept = delivered / path.name
    shutil.copyfile(path, kept)
    if _digest(kept, name) != promised:
        raise DeliveryDigestWrong(
            f"{job.batch}：文件摘要与清单不符，内容在途中变化或清单有误。请重新交付。"
        )
    return kept


def _digest(path: Path, name: str) -> str:
    context = hashlib.new(name)
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            context.update(block)
    return context.hexdigest()


def _text_schema(table: Table) -> str:
    return ", ".join(f"`{column.name}` string" for column in table.columns)


def _csv(job: Job, server: Server, path: Path) -> DataFrame:
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
        str(path),
        header=True,
        encoding=server.encoding,
        multiLine=True,
        quote='"',
        escape='"',
        mode="FAILFAST",
        enforceSchema=True,
        maxCharsPerColumn=-1,
    )


def _jsonl(job: Job, server: Server, path: Path) -> DataFrame:
    with path.open("rb") as file:
        head = file.readline()
    try:
        names = list(json.loads(head.decode(server.encoding)))
    except (ValueError, TypeError):
        raise DeliveryUndecodable(
            f"{job.batch}：文件不是 {server.encoding} 编码的 JSON 行。请重新交付。"
        ) from None
    check_columns(job, names)
    reader = job.spark.read.schema(_text_schema(job.table))
    return reader.json(str(path), encoding=server.encoding, mode="FAILFAST")


def _parquet(job: Job, server: Server, path: Path) -> DataFrame:
    try:
        check_columns(job, pq.read_schema(path).names)
    except pa.ArrowException:
        raise DeliveryUndecodable(
            f"{job.batch}：文件不是 Parquet。请重新交付。"
        ) from None
    return job.spark.read.parquet(str(path))


def _xlsx(job: Job, server: Server, path: Path) -> DataFrame:
    """Cells as text in a Parquet file beside the delivered one; Spark reads that."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError):
        raise DeliveryUndecodable(f"{job.batch}：文件不是 XLSX。请重新交付。") from None
    if not rows:
        raise DeliveryIncomplete(
            f"{job.batch}：工作表是空的，连表头都没有。请重新交付。"
        )
    names = [str(name) for name in rows[0]]
    check_columns(job, names)
    columns = [
        [cell_text(row[place]) for row in rows[1:]] for place in range(len(names))
    ]
    text = path.with_suffix(".text.parquet")
    arrays = [pa.array(column, pa.string()) for column in columns]
    pq.write_table(pa.table(arrays, names=names), text)
    return job.spark.read.parquet(str(text))


def cell_text(value: Any) -> str | None:
    """What a person sees in the cell; an empty cell is null."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    return str(value)


FORMATS: dict[str, Callable[[Job, Server, Path], DataFrame]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "xlsx": _xlsx,
}
