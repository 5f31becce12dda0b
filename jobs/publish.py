"""Publish: the scanned bytes, and no others, become a version people may read.

Files are linked unchanged into the shared table's folder and committed by delta-rs in one
transaction at an expected version. Killed anywhere, a second run finds its own commit in
the log, or starts over; what was linked and never committed is removed by the next run.
Whether the batch is still the one to publish is asked again under the writer's lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions

from audit.receipts import find
from jobs.context import Job
from jobs.delta_files import files_added, make_durable, version_files
from jobs.scanned import scanned
from jobs.steps import Masked, Published
from jobs.turn import (
    published_now,
    refuse_if_masked_again,
    refuse_if_not_shared,
    refuse_if_out_of_turn,
)
from lake_config.errors import JobFailed, LeakFound, NothingToDo, OutOfTurn
from lake_config.layers import CURATED
from privacy.approval import check
from privacy.policy import POLICY_VERSION

PROPERTIES = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.dataSkippingNumIndexedCols": "0",
}
"""Old versions stay until our own retention job removes them; no statistics of cells."""

LETTERS = str.maketrans("0123456789", "ghijklmnop")
READ_ONLY = 0o400


def publish(job: Job, masked: Masked) -> Published:
    """Move one masked batch to the shared zone, under the officers' signatures."""
    refuse_if_not_shared(job)
    refuse_if_published(job, masked.attempt)
    if masked.body["policy"] != POLICY_VERSION:
        raise OutOfTurn(f"{job.batch}：脱敏时用的是另一版策略，请重新执行脱敏。")
    approvals = check(job.settings, job.contract, POLICY_VERSION)
    table = job.layers.shared_table(CURATED, job.contract.department, job.table.name)
    with _only_writer(table):
        refuse_if_published(job, masked.attempt)
        refuse_if_out_of_turn(job)
        refuse_if_masked_again(job, masked)
        version = _resumed(job, masked, table)
        if version is None:
            version = _moved(job, masked, table)
        make_durable(version_files(table, version), job.settings.home)
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
            files_digest=masked.body["files_digest"],
        )
    _clear_staged(job)
    return Published(masked.attempt, body)


def refuse_if_published(job: Job, attempt: str) -> None:
    """NothingToDo when this attempt is published; a killed run's staged copy goes."""
    done = find(job.ledger, "published", job.batch)
    if done and done.ok and done.body["attempt"] == attempt:
        _clear_staged(job)
        raise NothingToDo(
            f"{job.batch}：已发布为第 {done.body['version']} 版，没有改动。"
        )


def _clear_staged(job: Job) -> None:
    """The shared folder holds the same bytes by a link of its own."""
    facts = (CURATED, job.contract.department, job.table.name, job.date, "")
    shutil.rmtree(job.layers.staged(*facts), ignore_errors=True)


@contextmanager
def _only_writer(table: Path) -> Iterator[None]:
    """One publisher at a time on this machine: removing leftovers must not race."""
    table.mkdir(parents=True, exist_ok=True)
    folder = os.open(table, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _open(table: Path) -> DeltaTable | None:
    try:
        return DeltaTable(str(table))
    except TableNotFoundError:
        return None


def _metadata(job: Job, masked: Masked) -> dict[str, str]:
    """What a commit says of itself, so that its own second run recognises it."""
    files = masked.body["files_digest"]
    return {"batch": job.batch, "attempt": masked.attempt, "files": files}


def _own_commit(job: Job, masked: Masked, table: Path) -> int | None:
    """The latest version that a run of this very publication committed."""
    found = _open(table)
    wanted = _metadata(job, masked)
    for commit in found.history() if found else ():
        if wanted.items() <= commit.items():
            return int(commit["version"])
    return None


def _resumed(job: Job, masked: Masked, table: Path) -> int | None:
    """An own commit that may still get its receipt: one that no read version follows.

    Otherwise it stays without a receipt, unread, and the files are committed once more.
    """
    version, newest = _own_commit(job, masked, table), published_now(job)
    overtaken = newest and version is not None and version < newest.body["version"]
    return None if overtaken else version


def _moved(job: Job, masked: Masked, table: Path) -> int:
    """Link the files and commit them at exactly the next version."""
    staged = job.settings.home / masked.body["staged"]
    current = _open(table)
    _remove_leftovers(table, current)
    linked = [_linked(job, staged, item, table) for item in scanned(job, masked)]
    _sync(table)
    expected = 0 if current is None else current.version() + 1
    schema = DeltaTable(str(staged)).schema()
    try:
        _commit(table, current, linked, schema, _metadata(job, masked))
    except DeltaError:
        raise JobFailed(
            f"{job.batch}：发布事务没有成功，共享库保持原样，稍后重试。"
        ) from None
    if _own_commit(job, masked, table) != expected:
        raise JobFailed(f"{job.batch}：另有写入者抢先，发布作废，稍后重试。")
    return expected


def _commit(
    table: Path,
    current: DeltaTable | None,
    actions: list[Any],
    schema: Schema,
    metadata: dict[str, str],
) -> None:
    """One transaction on the version that was read; a conflict is not tried again."""
    properties = CommitProperties(custom_metadata=metadata, max_commit_retries=0)
    if current is None:
        create_table_with_add_actions(
            str(table),
            schema,
            actions,
            configuration=PROPERTIES,
            commit_properties=properties,
        )
    else:
        current.create_write_transaction(
            actions, "overwrite", schema, [], commit_properties=properties
        )


def _remove_leftovers(table: Path, current: DeltaTable | None) -> None:
    """Files a killed run linked and no version names."""
    versions = range(current.version() + 1 if current else 0)
    known = set().union(*(files_added(table, version) for version in versions))
    for path in table.glob("*.parquet"):
        if path.name not in known:
            path.unlink()


def _linked(job: Job, staged: Path, file: dict[str, Any], table: Path) -> AddAction:
    """The scanned bytes under a fresh name; refused when they are not those any more."""
    source = staged / Path(file["path"]).name
    if not source.is_file():
        raise OutOfTurn(f"{job.batch}：待发布文件不在了，请重新执行脱敏。")
    source.chmod(READ_ONLY)
    name = secrets.token_hex(16).translate(LETTERS)
    target = table / f"part-{name}.parquet"
    with source.open("rb") as opened:
        same = hashlib.file_digest(opened, "sha256").hexdigest() == file["sha256"]
        if not (same and _placed(opened, source, target)):
            target.unlink(missing_ok=True)
            raise LeakFound(
                f"{job.batch}：待发布文件与扫描时不同，拒绝发布。请查明原因后重新执行脱敏。"
            )
    stamp = int(target.stat().st_mtime * 1000)
    facts = json.dumps({"numRecords": file["rows"]})
    return AddAction(target.name, file["size"], {}, stamp, True, facts)


def _placed(opened: BinaryIO, source: Path, target: Path) -> bool:
    """Link the very file that was read, by its number, not whatever has its name now."""
    try:
        os.link(source, target)
    except OSError:
        opened.seek(0)
        with target.open("xb") as copy:
            shutil.copyfileobj(opened, copy)
            os.fsync(copy.fileno())
        target.chmod(READ_ONLY)
        return True
    return os.path.samestat(os.fstat(opened.fileno()), target.stat())


def _sync(folder: Path) -> None:
    """Make the links durable before a log entry names them."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
