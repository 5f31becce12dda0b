"""Redelivery: let a batch that was collected be collected again, said aloud.

Without this a delivery date counts once: run twice is run once, and a drop whose bytes
changed is refused. What was published stays published until the new attempt passes.
"""

from __future__ import annotations

from audit.receipts import counting
from jobs.context import Job
from lake_config.errors import NothingToDo, UsageError
from privacy.keys import ledger_digest


def accept_redelivery(job: Job, who: str, reason: str) -> None:
    """From the next run on the source is read again; `reason` is kept as a digest."""
    if not reason.strip():
        raise UsageError("请用 --reason 写明重新交付的原因。")
    if counting(job.ledger, job.batch) is None:
        raise NothingToDo(f"{job.batch}：还没有归集过，直接运行即可。")
    body = {
        "department": job.contract.department,
        "table": job.table.name,
        "date": job.date.isoformat(),
        "reason_digest": ledger_digest(job.settings, reason.strip()),
    }
    job.ledger.append("redelivery_accepted", who, job.batch, body)
