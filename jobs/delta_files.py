"""The Parquet files one Delta version consists of, and their facts.

Facts come from the committed files themselves: metrics of a running job can count a
retried stage twice and prove nothing. No content is written here.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from deltalake.exceptions import TableNotFoundError

from storage.store import Store

NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""No column's smallest and largest value goes into the log; nor is it looked for."""


def files_of(store: Store, table: Path) -> list[dict[str, Any]]:
    """Name, size, rows and SHA-256 of every file of the latest version."""
    names = sorted(Path(uri).name for uri in store.table(table).file_uris())
    return [facts_of(store, table / name) for name in names]


def facts_of(store: Store, path: Path) -> dict[str, Any]:
    return {
        "path": path.name,
        "size": store.size(path),
        "rows": rows_of(store, path),
        "sha256": sha256(store, path),
    }


def sha256(store: Store, path: Path) -> str:
    with store.opened(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def rows_of(store: Store, path: Path) -> int:
    """Rows of one Parquet file, by its footer."""
    with store.opened(path) as file:
        return int(pq.read_metadata(file).num_rows)


def newest_version(store: Store, table: Path) -> int:
    """Also one that no receipt names; -1 when there is no table."""
    try:
        return store.table(table).version()
    except TableNotFoundError:
        return -1


def files_added(store: Store, table: Path, version: int) -> set[str]:
    """Names of the files one commit brought in."""
    text = store.read(_commit(table, version)).decode()
    actions = map(json.loads, text.splitlines())
    return {item["add"]["path"] for item in actions if "add" in item}


def rows_added(store: Store, table: Path, version: int) -> int:
    """Rows one commit brought in, by the footers of its files."""
    names = files_added(store, table, version)
    return sum(rows_of(store, table / name) for name in names)


def version_files(store: Store, table: Path, version: int) -> list[Path]:
    """The files one commit brought in, and its own."""
    names = sorted(files_added(store, table, version))
    return [*(table / name for name in names), _commit(table, version)]


def _commit(table: Path, version: int) -> Path:
    return table / "_delta_log" / f"{version:020d}.json"
