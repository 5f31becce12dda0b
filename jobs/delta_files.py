"""The Parquet files one Delta version consists of, and their facts; reads, never writes.

Facts come from the committed files themselves: metrics of a running job can count a
retried stage twice and prove nothing.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from deltalake import DeltaTable


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
    log = table / "_delta_log" / f"{version:020d}.json"
    actions = map(json.loads, log.read_text("utf-8").splitlines())
    return {item["add"]["path"] for item in actions if "add" in item}
