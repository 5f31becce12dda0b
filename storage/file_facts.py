"""What is known of a Parquet file in a store, by its own bytes: size, rows, digest."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from storage.store import Store


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
