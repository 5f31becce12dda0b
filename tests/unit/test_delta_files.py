"""What a receipt names survives a power cut: every byte and name was synced before."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.delta_files import version_files
from lake_config.layers import Layers
from storage.local_folders import LocalFolders


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every path that was synced, in order."""
    found: list[Path] = []

    def noted(handle: int) -> None:
        found.append(Path(os.readlink(f"/proc/self/fd/{handle}")))

    monkeypatch.setattr(os, "fsync", noted)
    return found


def test_files_commit_and_folders_of_a_version_are_synced(
    tmp_path: Path, synced: list[Path]
) -> None:
    table = tmp_path / "zones" / "shared" / "people"
    write_deltalake(str(table), pa.table({"a": [1]}))
    write_deltalake(str(table), pa.table({"a": [2]}), mode="overwrite")
    store = LocalFolders(Layers(tmp_path))
    store.settle(version_files(store, table, 1))
    commits = {path.name for path in synced if path.suffix == ".json"}
    assert commits == {f"{1:020d}.json"}
    assert sum(path.suffix == ".parquet" for path in synced) == 1
    folders = {table / "_delta_log", table, table.parent, tmp_path / "zones", tmp_path}
    assert {path for path in synced if path.is_dir()} == folders
    assert not any(path.is_dir() for path in synced[:2]), "bytes before names"
