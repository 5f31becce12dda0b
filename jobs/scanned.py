"""The list of the files that passed the leak scan: it lies beside them.

The receipt carries its digest, for the list itself may be longer than an event.
"""

from __future__ import annotations

import json
from pathlib import Path

from audit.files_digest import Files, files_digest
from jobs.context import Job
from jobs.steps import Masked
from lake_config.errors import LeakFound, OutOfTurn


def keep_list(job: Job, staged: Path, files: Files) -> None:
    job.store.write(job.layers.scanned_files(staged), json.dumps(files).encode())


def scanned(job: Job, masked: Masked) -> Files:
    """The files of the receipt; refused when the list is not that of the scan any more."""
    staged = job.settings.home / masked.body["staged"]
    try:
        files: Files = json.loads(job.publishing.read(job.layers.scanned_files(staged)))
        same = files_digest(files) == masked.body["files_digest"]
    except FileNotFoundError:
        raise OutOfTurn(f"{job.batch}：待发布文件不在了，请重新执行脱敏。") from None
    except (ValueError, TypeError, KeyError):
        same = False
    if not same:
        raise LeakFound(
            f"{job.batch}：待发布文件的清单与扫描时不同，拒绝发布。"
            "请查明原因后重新执行脱敏。"
        )
    return files
