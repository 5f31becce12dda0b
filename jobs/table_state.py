"""The state of a table: all its rows as an earlier batch left them in raw.

Changes are laid over it. It holds only while everything it was made of still counts: a
batch that was delivered anew takes with it whatever was made from its first delivery.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from audit.receipts import Receipt, counting, find
from jobs.context import Job
from lake_config.layers import batch_id, table_key


@dataclass(frozen=True, slots=True)
class State:
    """The newest reconciled batch before the job's delivery date."""

    day: date
    path: Path
    body: dict[str, Any]

    @property
    def facts(self) -> dict[str, Any]:
        """What the receipt says of its load."""
        found: dict[str, Any] = self.body.get("load", {})
        return found

    @property
    def name(self) -> dict[str, str]:
        """How the receipt of what is made from it calls it."""
        return {"date": self.day.isoformat(), "attempt": self.body["attempt"]}

    def unchecked(self) -> int:
        """Loads of changes since the whole table was last compared or delivered,
        together with the next one."""
        return int(self.facts.get("unchecked", 0)) + 1


def state_before(job: Job) -> State | None:
    """None where there is none to build on: never collected, expired, or outdated."""
    for day in _days_before(job):
        receipt = _reconciled(job, day)
        if receipt is not None:
            return _usable(job, day, receipt)
    return None


def _days_before(job: Job) -> list[date]:
    key = table_key(job.contract.department, job.table.name)
    events = job.ledger.newest_under("reconciled", f"{key}.")
    days = {date.fromisoformat(event.body["date"]) for event in events}
    return sorted((day for day in days if day < job.date), reverse=True)


def _reconciled(job: Job, day: date) -> Receipt | None:
    """The collected receipt of a day that counts, if source and lake agree on it."""
    batch = batch_id(job.contract.department, job.table.name, day)
    counted = counting(job.ledger, batch)
    if counted is None:
        return None
    done = find(job.ledger, "reconciled", batch, counted.body["attempt"])
    return counted if done is not None and done.ok else None


def _usable(job: Job, day: date, receipt: Receipt) -> State | None:
    facts = (job.contract.department, job.table.name, day)
    path = job.layers.raw_attempt(*facts, receipt.body["attempt"])
    same = receipt.body["contract"] == job.contract.digest
    if not same or outdated_base(job, receipt.body) or not job.store.holds(path):
        return None
    return State(day, path, receipt.body)


def outdated_base(job: Job, collected: dict[str, Any]) -> date | None:
    """The delivery that an attempt was made of and that counts no more, back to a whole
    load; None where all of it still counts. Asks the ledger alone."""
    while base := collected.get("load", {}).get("base"):
        day = date.fromisoformat(base["date"])
        under = _reconciled(job, day)
        if under is None or under.body["attempt"] != base["attempt"]:
            return day
        collected = under.body
    return None
