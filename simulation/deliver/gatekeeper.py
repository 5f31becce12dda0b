"""A gatekeeper drop (网闸): files of one delivery date, and a manifest written last.

`<drop>/<date>/manifest.json` names each file with its row count and SM3 digest; until it is
there the delivery is not complete. The same rows give the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import xlsxwriter

from lake_config.contract import Contract, Server, Table
from lake_config.digests import file_digest
from lake_config.settings import Settings
from simulation.city import rows_of
from simulation.defects import REPLACEMENT

UNDECODABLE = b"\xff"
"""No lead byte in GB18030: every decoder makes one U+FFFD of it."""


def drop_folder(settings: Settings, contract: Contract, server: Server) -> Path:
    endpoint = settings.endpoint(contract.department, server.name)
    return settings.home / str(endpoint.get("path", server.address["path"]))


def deliver(
    settings: Settings,
    contract: Contract,
    server: Server,
    tables: list[Table],
    day: date,
) -> None:
    """Write the files of `day` and, last, their manifest."""
    folder = drop_folder(settings, contract, server) / day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for table in tables:
        path = folder / table.source["file"]
        rows = pl.concat(rows_of(settings.layers, contract.department, table.name, day))
        WRITERS[table.source["format"]](path, rows, server.encoding)
        files.append(entry(path, table.name, rows.height))
    write_manifest(folder, contract.department, day, files)


def entry(path: Path, table: str, rows: int) -> dict[str, object]:
    """A file's line in the manifest."""
    digest = file_digest(path, "sm3")
    return {"name": path.name, "table": table, "rows": rows, "sm3": digest}


def write_manifest(
    folder: Path, department: str, day: date, files: list[dict[str, object]]
) -> None:
    content = {
        "department": department,
        "delivery_date": day.isoformat(),
        "files": files,
    }
    fresh = folder / ".manifest.json"
    fresh.write_text(
        json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    fresh.replace(folder / "manifest.json")


def _csv(path: Path, rows: pl.DataFrame, encoding: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(rows.columns)
    writer.writerows(rows.iter_rows())
    parts = (part.encode(encoding) for part in text.getvalue().split(REPLACEMENT))
    path.write_bytes(UNDECODABLE.join(parts))


def _jsonl(path: Path, rows: pl.DataFrame, encoding: str) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in rows.iter_rows(named=True))
    path.write_text("\n".join(lines) + "\n", encoding=encoding)


def _parquet(path: Path, rows: pl.DataFrame, encoding: str) -> None:
    rows.write_parquet(path)


def _xlsx(path: Path, rows: pl.DataFrame, encoding: str) -> None:
    options = {"constant_memory": True, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": datetime(2026, 1, 1, tzinfo=UTC)})
        sheet = book.add_worksheet("data")
        for number, row in enumerate(_with_header(rows)):
            for place, value in enumerate(row):
                if value is not None:
                    sheet.write_string(number, place, value)


def _with_header(rows: pl.DataFrame) -> Iterator[tuple[str | None, ...]]:
    yield tuple(rows.columns)
    yield from rows.iter_rows()


WRITERS: dict[str, Callable[[Path, pl.DataFrame, str], None]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "xlsx": _xlsx,
}
