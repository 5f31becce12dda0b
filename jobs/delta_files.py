"""The Parquet files one Delta version consists of, their facts, and their durability.

Facts come from the committed files themselves: metrics of a running job can count a
retried stage twice and prove nothing. No content is written here.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from deltalake import DeltaTable

NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""No column's smallest and largest value goes into the log; nor is it looked for."""


def files_of(table: Path) -> list[dict[str, Any]]:
    """Name, size, rows and SHA-256 of every file of the latest version."""
    names = sorted(Path(uri).name for uri in DeltaTable(str(table)).file_uris())
    return [facts_of(table / name) for name in names]


def facts_of(path: Path) -> dict[str, Any]:
    return {
        "path": path.name,
        "size": path.stat().st_size,
        "rows": pq.read_metadata(path).num_rows,
        "sha256": sha256(path),
    }


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_added(table: Path, version: int) -> set[str]:
    """Names of the files one commit brought in."""
    actions = map(json.loads, _commit(table, version).read_text("utf-8").splitlines())
    return {item["add"]["path"] for item in actions if "add" in item}


def rows_added(table: Path, version: int) -> int:
    """Rows one commit brought in, by the footers of its files."""
    names = files_added(table, version)
    return sum(pq.read_metadata(table / name).num_rows for name in names)


def version_files(table: Path, version: int) -> list[Path]:
    """The files one commit brought in, and its own."""
    names = sorted(files_added(table, version))
    return [*(table / name for name in names), _commit(table, version)]


def _commit(table: Path, version: int) -> Path:
    return table / "_delta_log" / f"{version:020d}.json"


def make_durable(files: Iterable[Path], home: Path) -> None:
    """A receipt outlives a power cut, so what it names must: bytes, and names in folders."""
    paths = list(files)
    ways = {above for path in paths for above in path.parents}
    folders = sorted(path for path in ways if path.is_relative_to(home))
    for path in (*paths, *folders):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
