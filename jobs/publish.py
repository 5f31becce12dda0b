"""Publish: the scanned bytes, and no others, become a version people may read.

Files are taken unchanged into the shared table's folder (linked, or copied by the store)
and committed by delta-rs in one transaction at an expected version. Killed anywhere, a
second run finds its own commit in the log, or starts over with the same names. Whether the
batch is still the one to publish is asked again by the holder of the table's lease, and
once more under the ledger's lock, where a publisher that was overtaken is refused.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions

from audit.files_digest import files_digest
from audit.receipts import Receipt, find
from jobs.column_classes import refuse_if_unconfirmed
from jobs.context import Job
from jobs.delta_files import files_added, version_files
from jobs.differencing import compared
from jobs.key_use import refuse_if_keys_changed
from jobs.lease import Lease, lease
from jobs.scanned import scanned
from jobs.steps import Gated, Masked, Published
from jobs.tickets import settle_classes
from jobs.turn import (
    published_now,
    refuse_if_masked_again,
    refuse_if_not_shared,
    refuse_if_out_of_turn,
)
from lake_config.digests import sm3
from lake_config.errors import (
    JobFailed,
    LeakFound,
    NothingToDo,
    OutOfTurn,
    TableDamaged,
)
from privacy.approval import check
from privacy.policy import POLICY_VERSION
from storage.file_facts import facts_of

PROPERTIES = {
    "delta.logRetentionDuration": "interval 3650 days",
    "delta.deletedFileRetentionDuration": "interval 3650 days",
    "delta.dataSkippingNumIndexedCols": "0",
}
"""Old versions stay until our own retention job removes them; no statistics of cells."""

BROKEN_LOG = (
    "Json error",
    "Arrow error",
    "Invalid Checkpoint",
    "contiguous commit files",
    "Unsupported minimum reader",
)
"""Signs that the engine has read the log, and that the log is not good."""

LETTERS = str.maketrans("0123456789", "ghijklmnop")


def publish(job: Job, masked: Masked) -> Published:
    """Move one masked batch to the shared zone, under the officers' signatures."""
    refuse_if_not_shared(job)
    refuse_if_published(job, masked)
    if masked.body["policy"] != POLICY_VERSION:
        raise OutOfTurn(f"{job.batch}：脱敏时用的是另一版策略，请重新执行脱敏。")
    refuse_if_unconfirmed(job, masked)

    def still_mine() -> None:
        """Asks the ledger alone: under its lock nothing may wait for a store."""
        _refuse_if_receipt(job, masked)
        refuse_if_out_of_turn(job)
        refuse_if_masked_again(job, masked)
        refuse_if_keys_changed(job, masked.body["key_ids"])

    published = moved(job, masked, still_mine, **compared(job, masked))
    settle_classes(job)
    return published


def moved(
    job: Job, masked: Masked, still_mine: Callable[[], None], **also: Any
) -> Published:
    """The staged files as a version with its receipt, while `still_mine` does not raise."""
    approvals = check(job.settings, job.contract, POLICY_VERSION)
    table = job.layers.shared_table(
        job.recipient, job.contract.department, job.table.name
    )
    lying = job.layers.leases(job.recipient, job.contract.department, job.table.name)
    patience = job.settings.lease_seconds
    with _no_engine_quoted(job), lease(job.publishing, lying, patience) as held:
        still_mine()
        version = _resumed(job, masked, table)
        if version is None:
            version = _committed(job, masked, table, held)
        job.publishing.settle(version_files(job.publishing, table, version))
        held.confirm()
        body = job.record(
            "published",
            masked.attempt,
            True,
            unless=still_mine,
            rows=masked.body["rows"],
            recipient=job.recipient,
            purpose=masked.body["purpose"],
            policy=masked.body["policy"],
            version=version,
            approvals=list(approvals),
            files_digest=masked.body["files_digest"],
            lease=held.token,
            **masked.replay_fact,
            **also,
        )
    _clear_staged(job, masked.attempt)
    return Published(masked.attempt, body)


@contextmanager
def _no_engine_quoted(job: Job) -> Iterator[None]:
    """A store that answers the engine late or never is asked again later."""
    try:
        yield
    except (OSError, DeltaError) as error:
        kind = type(error).__name__
        raise JobFailed(
            f"{job.batch}：存储没有完成发布所需的操作（{kind}），稍后重试。"
        ) from None


def refuse_if_published(job: Job, step: Gated | Masked) -> None:
    """NothingToDo when exactly this is published; a killed run's staged copy goes."""
    try:
        _refuse_if_receipt(job, step)
    except NothingToDo:
        _clear_staged(job, step.attempt)
        raise


def _refuse_if_receipt(job: Job, step: Gated | Masked) -> None:
    done = find(job.ledger, "published", job.batch)
    if done is None or not done.ok:
        return
    if (done.body["attempt"], done.body.get("replay", "")) == (
        step.attempt,
        step.replay,
    ):
        raise NothingToDo(
            f"{job.batch}：已发布为第 {done.body['version']} 版，没有改动。"
        )


def _clear_staged(job: Job, attempt: str) -> None:
    """The shared folder holds the same bytes on its own account."""
    masked = find(job.ledger, "masked", job.batch, attempt)
    if masked is not None:
        job.store.remove(job.settings.home / masked.body["staged"])


def _open(job: Job, table: Path) -> DeltaTable | None:
    try:
        return job.publishing.table(table)
    except TableNotFoundError:
        return None
    except DeltaError as error:
        if any(sign in str(error) for sign in BROKEN_LOG):
            raise _damaged(job, "损坏") from None
        raise


def _metadata(job: Job, masked: Masked) -> dict[str, str]:
    """What a commit says of itself, so that its own second run recognises it."""
    files = masked.body["files_digest"]
    return {"batch": job.batch, "attempt": masked.attempt, "files": files}


def _own_commit(job: Job, masked: Masked, table: Path) -> int | None:
    """The latest version that a run of this very publication committed."""
    found = _open(job, table)
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
    if version is None or (newest and version < newest.body["version"]):
        return None
    return version if _whole(job, masked, table, version) else None


def _whole(job: Job, masked: Masked, table: Path, version: int) -> bool:
    """Are the bytes of a commit without a receipt still there, and still those?"""
    store = job.publishing
    try:
        names = files_added(store, table, version)
        files = [facts_of(store, table / name) for name in sorted(names)]
    except (TableDamaged, FileNotFoundError, ValueError):
        return False
    return files_digest(files) == masked.body["files_digest"]


def _committed(job: Job, masked: Masked, table: Path, held: Lease) -> int:
    """Take the files and commit them at exactly the next version."""
    staged = job.settings.home / masked.body["staged"]
    newest = published_now(job)  # before the log is opened, which then must hold it
    current = _open(job, table)
    expected = 0 if current is None else current.version() + 1
    _refuse_if_cut_short(job, newest, expected)
    taken = []
    for file in scanned(job, masked):
        held.keep()
        taken.append(_taken(job, staged, file, table))
    job.publishing.settle([table / action.path for action in taken])
    held.keep()
    schema = job.publishing.table(staged).schema()
    try:
        _commit(job, table, current, taken, schema, _metadata(job, masked))
    except DeltaError:
        raise JobFailed(
            f"{job.batch}：发布事务没有成功，共享库保持原样，稍后重试。"
        ) from None
    if _own_commit(job, masked, table) != expected:
        raise JobFailed(f"{job.batch}：另有写入者抢先，发布作废，稍后重试。")
    return expected


def _refuse_if_cut_short(job: Job, newest: Receipt | None, expected: int) -> None:
    """A log that lacks a version people read would get that number a second time."""
    if newest is not None and expected <= int(newest.body["version"]):
        raise _damaged(job, "缺少已发布的版本")


def _damaged(job: Job, what: str) -> TableDamaged:
    return TableDamaged(
        f"{job.batch}：共享表的日志{what}，没有发布。已发布的文件保持原样。"
        "请系统管理员查明存储的改动，从备份恢复这张表后重新发布。"
    )


def _commit(
    job: Job,
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
            job.publishing.address(table),
            schema,
            actions,
            configuration=PROPERTIES,
            storage_options=job.publishing.options(table) or None,
            commit_properties=properties,
        )
    else:
        current.create_write_transaction(
            actions, "overwrite", schema, [], commit_properties=properties
        )


def _taken(job: Job, staged: Path, file: dict[str, Any], table: Path) -> AddAction:
    """The scanned bytes under a name of their own; refused when they are not those.

    The name is made from the attempt and the content, so that a second run finds what a
    killed one left; the engine's own name may tell more than it should.
    """
    source = staged / Path(file["path"]).name
    name = sm3(f"{staged.name} {file['sha256']}".encode())[:32].translate(LETTERS)
    target = table / f"part-{name}.parquet"
    try:
        good = job.publishing.take(source, target, file["sha256"])
    except FileNotFoundError:
        raise OutOfTurn(f"{job.batch}：待发布文件不在了，请重新执行脱敏。") from None
    if not good:
        raise LeakFound(
            f"{job.batch}：待发布文件与扫描时不同，拒绝发布。请查明原因后重新执行脱敏。"
        )
    facts = json.dumps({"numRecords": file["rows"]})
    stamp = int(time.time() * 1000)
    return AddAction(target.name, file["size"], {}, stamp, True, facts)
