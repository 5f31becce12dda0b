"""A folder that comes back after its removal, as under a Spark task that is being killed."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import cast

from jobs.collect import _removed
from jobs.context import Job
from lake_config.layers import Layers
from storage.local_folders import LocalFolders


def test_what_is_written_after_the_removal_goes_too(tmp_path: Path) -> None:
    attempt = tmp_path / "attempt"
    attempt.mkdir()
    store = LocalFolders(Layers(tmp_path))

    def late() -> None:
        while attempt.exists():
            time.sleep(0.001)
        attempt.mkdir()
        (attempt / ".part-0.parquet.crc").write_bytes(b"late")

    writer = Thread(target=late)
    writer.start()
    _removed(cast(Job, SimpleNamespace(store=store)), attempt)
    writer.join()
    assert not attempt.exists()
