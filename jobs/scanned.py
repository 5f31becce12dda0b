"""The list of the files that passed the leak scan: it lies beside them.

The receipt carries its digest, for the list itself may be longer than an event.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from audit.files_digest import Files, files_digest
from jobs.context import Job
from jobs.steps import Masked
from lake_config.errors import LeakFound, OutOfTurn
from storage.store import Store


def keep_list(job: Job, staged: Path, files: Files) -> None:
    job.store.write(job.layers.scanned_files(staged), json.dumps(files).encode())


def all_there(job: Job, body: dict[str, Any]) -> bool:
    """The list, what it names, and the log: a run that was killed while it cleared the
    folder away leaves some of them. That something was changed is for publishing to say."""
    staged = job.settings.home / body["staged"]
    try:
        files = _listed(job, job.store, body)
    except FileNotFoundError:
        return False
    names = [Path(file["path"]).name for file in files or ()]
    return all(job.store.holds(staged / name) for name in (*names, "_delta_log"))


def scanned(job: Job, masked: Masked) -> Files:
    """The files of the receipt; refused when the list is not that of the scan any more."""
    try:
        files = _listed(job, job.publishing, masked.body)
    except FileNotFoundError:
        raise OutOfTurn(f"{job.batch}：待发布文件不在了，请重新执行脱敏。") from None
    if files is None:
        raise LeakFound(
            f"{job.batch}：待发布文件的清单与扫描时不同，拒绝发布。"
            "请查明原因后重新执行脱敏。"
        )
    return files


def _listed(job: Job, store: Store, body: dict[str, Any]) -> Files | None:
    """None where it is not the list that the receipt tells of."""
    staged = job.settings.home / body["staged"]
    try:
        files: Files = json.loads(store.read(job.layers.scanned_files(staged)))
        return files if files_digest(files) == body["files_digest"] else None
    except (ValueError, TypeError, KeyError):
        return None
