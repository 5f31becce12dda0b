"""The Parquet files one Delta version consists of, and their facts.

Facts come from the committed files themselves: metrics of a running job can count a
retried stage twice and prove nothing. No content is written here.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, Schema
from deltalake.exceptions import TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions

from lake_config.errors import TableDamaged
from storage.file_facts import facts_of, rows_of
from storage.store import Store

NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
"""No column's smallest and largest value goes into the log; nor is it looked for."""


def commit_new(
    store: Store, table: Path, schema: Schema, files: list[dict[str, Any]]
) -> None:
    """A Delta table at version 0 of files that lie there; DeltaError when there is one."""
    create_table_with_add_actions(
        store.address(table),
        schema,
        [_added(facts) for facts in files],
        configuration=NO_STATISTICS,
        storage_options=store.options(table) or None,
        commit_properties=CommitProperties(max_commit_retries=0),
    )


def _added(facts: dict[str, Any]) -> AddAction:
    rows = json.dumps({"numRecords": facts["rows"]})
    return AddAction(facts["path"], facts["size"], {}, 0, True, rows)


def files_of(store: Store, table: Path) -> list[dict[str, Any]]:
    """Name, size, rows and SHA-256 of every file of the latest version."""
    names = sorted(Path(uri).name for uri in store.table(table).file_uris())
    return [facts_of(store, table / name) for name in names]


def newest_version(store: Store, table: Path) -> int:
    """Also one that no receipt names; -1 when there is no table."""
    try:
        return store.table(table).version()
    except TableNotFoundError:
        return -1


def files_added(store: Store, table: Path, version: int) -> set[str]:
    """Names of the files one commit brought in; TableDamaged when it cannot be read."""
    try:
        text = store.read(_commit(table, version)).decode()
        actions = [json.loads(line) for line in text.splitlines()]
        return {item["add"]["path"] for item in actions if "add" in item}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        raise _damaged(table, f"第 {version} 版的提交记录") from None


def rows_added(store: Store, table: Path, version: int) -> int:
    """Rows one commit brought in, by the footers of its files."""
    names = files_added(store, table, version)
    try:
        return sum(rows_of(store, table / name) for name in names)
    except (FileNotFoundError, ValueError, pa.ArrowException):
        raise _damaged(table, f"第 {version} 版的数据文件") from None


def _damaged(table: Path, what: str) -> TableDamaged:
    return TableDamaged(
        f"表 {'/'.join(table.parts[-3:])} {what}缺失或损坏。"
        "请系统管理员查明存储的改动，从备份恢复；归集库的批次可重新归集。"
    )


def version_files(store: Store, table: Path, version: int) -> list[Path]:
    """The files one commit brought in, and its own."""
    names = sorted(files_added(store, table, version))
    return [*(table / name for name in names), _commit(table, version)]


def _commit(table: Path, version: int) -> Path:
    return table / "_delta_log" / f"{version:020d}.json"
