"""Keys as a batch uses them: those in force, recorded before the first use, and no others
by the time its receipts are written."""

from __future__ import annotations

from collections.abc import Iterable

from jobs.context import ACTOR, Job
from lake_config.errors import OutOfTurn
from privacy.keys import key
from privacy.mask_frame import key_names
from privacy.scopes import Scope, first_keys, scope_in_force


def keys_for(job: Job) -> Scope:
    """What this batch is masked under; the first batch of its kind makes the keys."""
    if _needs_keys(job):
        first_keys(job.settings, job.ledger, *_whose(job), ACTOR)
    return _in_force(job)


def _whose(job: Job) -> tuple[str, str, str]:
    return job.recipient, job.purpose, job.contract.department


def _needs_keys(job: Job) -> bool:
    """For tokens, or for an option of a grant: numbers of the same form, moved days."""
    return bool(key_names(job.table, Scope(*_whose(job))))


def _in_force(job: Job) -> Scope:
    if not _needs_keys(job):
        return Scope(*_whose(job))
    return scope_in_force(job.settings, job.ledger, *_whose(job))


def record_key_use(
    job: Job, subject: str, ids: Iterable[str], purpose: str, retired: bool = False
) -> None:
    """Recorded before the first use; a missing key then stops before any write."""
    names = list(ids)
    body = {"key_ids": names, "purpose": purpose}
    job.ledger.append("key_used", ACTOR, subject, body)
    for name in names:
        key(job.settings, name, retired)


def refuse_if_keys_changed(job: Job, ids: Iterable[str]) -> None:
    """Nothing is published under a version that was rotated or destroyed meanwhile, or
    for a linkage group that has ended. Asked under the ledger's lock as well: it reads
    only."""
    if list(key_names(job.table, _in_force(job))) != list(ids):
        raise OutOfTurn(
            f"{job.batch}：脱敏之后密钥已轮换或可关联组已变，请重新执行 release。"
        )
