"""Publish: the scanned bytes, and no others, become a version people may read.

Files are linked into the shared table's folder unchanged and committed by delta-rs in one
transaction at an expected version. Killed anywhere, a second run finds its own commit by
batch and attempt, or starts over; leftovers are files no version names.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

from deltalake import CommitProperties, DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions

from audit.receipts import find
from jobs.context import Job
from jobs.mask import sha256
from jobs.steps import Masked, Published
from lake_config.errors import JobFailed, LeakFound, NothingToDo
from lake_config.layers import CURATED
from privacy.approval import check
from privacy.policy import POLICY_VERSION

RETENTION = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.dataSkippingNumIndexedCols": "0",
}


def publish(job: Job, masked: Masked) -> Published:
    """Move one masked batch to the shared zone, under the officers' signatures."""
    done = find(job.ledger, "published", job.batch)
    if done and done.ok and done.body["attempt"] == masked.attempt:
        raise NothingToDo(f"{job.batch}：已发布为第 {done.body['version']} 版。")
    approvals = check(job.settings, job.contract, POLICY_VERSION)
    table = job.layers.shared_table(CURATED, job.contract.department, job.table.name)
    version = _own_commit(job, masked, table)
    if version is None:
        version = _commit(job, masked, table)
    body = job.record(
        "published",
        masked.attempt,
        True,
        rows=masked.body["rows"],
        recipient=CURATED,
        purpose=masked.body["purpose"],
        policy=masked.body["policy"],
        version=version,
        approvals=list(approvals),
        files_digest=_files_digest(masked.body["files"]),
    )
    shutil.rmtree(job.settings.home / masked.body["staged"], ignore_errors=True)
    return Published(masked.attempt, body)


def _files_digest(files: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _open(table: Path) -> DeltaTable | None:
    try:
        return DeltaTable(str(table))
    except TableNotFoundError:
        return None


def _own_commit(job: Job, masked: Masked, table: Path) -> int | None:
    """The version an earlier, killed run of this very publication committed."""
    found = _open(table)
    for commit in found.history() if found else ():
        if (commit.get("batch"), commit.get("attempt")) == (job.batch, masked.attempt):
            return int(commit["version"])
    return None


def _commit(job: Job, masked: Masked, table: Path) -> int:
    """Link the files and commit them at exactly the next version."""
    staged = job.settings.home / masked.body["staged"]
    _check_bytes(job, staged, masked.body["files"])
    actions: list[Any] = [_linked(staged / item["path"], table) for item in masked.body["files"]]
    metadata = {"batch": job.batch, "attempt": masked.attempt}
    properties = CommitProperties(custom_metadata=metadata, max_commit_retries=0)
    schema = DeltaTable(str(staged)).schema()
    current = _open(table)
    expected = 0 if current is None else current.version() + 1
    try:
        if current is None:
            create_table_with_add_actions(
                str(table),
                schema,
                actions,
                configuration=RETENTION,
                commit_properties=properties,
            )
        else:
            current.create_write_transaction(
                actions, "overwrite", schema, [], commit_properties=properties
            )
    except DeltaError:
        raise JobFailed(
            f"{job.batch}：发布事务没有成功，共享库保持原样，稍后重试。"
        ) from None
    version = _own_commit(job, masked, table)
    if version != expected:
        raise JobFailed(f"{job.batch}：另有写入者抢先，发布作废，稍后重试。")
    return expected


def _check_bytes(job: Job, staged: Path, files: list[dict[str, Any]]) -> None:
    """What was scanned is what is published: digests as in the masked receipt."""
    for item in files:
        path = staged / item["path"]
        if not path.is_file() or sha256(path) != item["sha256"]:
            raise LeakFound(
                f"{job.batch}：待发布文件与扫描时不同，拒绝发布。请重新执行脱敏。"
            )


def _linked(source: Path, table: Path) -> AddAction:
    """A fresh name in the shared table for the same bytes."""
    table.mkdir(parents=True, exist_ok=True)
    target = table / f"part-{uuid.uuid4()}.parquet"
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
    facts = target.stat()
    stamp = int(facts.st_mtime * 1000)
    return AddAction(target.name, facts.st_size, {}, stamp, True, "{}")
