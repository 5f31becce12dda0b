"""The files of a published version, held against its receipt before anybody reads them.

A log that lost a commit tells of older files without a word, and a file may hold other
bytes than were scanned: neither is served. Files are read for this once, and again only
when one of them was written anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from audit.files_digest import files_digest
from lake_config.errors import TableDamaged
from lake_config.layers import Layers
from sharing.tables import SharedTable, snapshot
from storage.file_facts import facts_of
from storage.store import Store

UNREADABLE = (DeltaError, pa.ArrowException, OSError, ValueError)
Seen = tuple[str, frozenset[tuple[str, float]]]
"""A digest, and the files' names with when they were written."""


@dataclass(frozen=True, slots=True)
class Version:
    """A published version as it lies in the store; `files` with their sizes, in order."""

    table: DeltaTable
    files: tuple[tuple[Path, int], ...]


class PublishedFiles:
    """Remembers which versions were found to be what their receipts name."""

    def __init__(self, store: Store, layers: Layers) -> None:
        self._store, self._layers = store, layers
        self._good: dict[str, Seen] = {}
        self._lock = Lock()

    def of(self, table: SharedTable) -> Version:
        """TableDamaged when it cannot be read, or is something else."""
        folder = self._layers.shared_table(table.recipient, table.schema, table.name)
        try:
            found = snapshot(self._store, self._layers, table, table.version)
            files = sorted(folder / Path(uri).name for uri in found.file_uris())
            self._check(table, folder, files)
            sizes = tuple((path, self._store.size(path)) for path in files)
        except UNREADABLE:
            raise _damaged(table) from None
        return Version(found, sizes)

    def _check(self, table: SharedTable, folder: Path, files: list[Path]) -> None:
        written = self._store.written(folder)
        stamps = frozenset(
            (path.name, written[path]) for path in files if path in written
        )
        seen = (table.files_digest, stamps)
        with self._lock:
            known = self._good.get(table.key) == seen
        if known and len(stamps) == len(files):
            return
        facts = [facts_of(self._store, path) for path in files]
        if files_digest(facts) != table.files_digest:
            raise _damaged(table)
        with self._lock:
            self._good[table.key] = seen


def _damaged(table: SharedTable) -> TableDamaged:
    return TableDamaged(
        f"{table.key} 第 {table.version} 版：日志或文件与发布时不符，或读不到，暂停提供。"
        "请系统管理员查明存储的改动，并从备份恢复这张表。"
    )
