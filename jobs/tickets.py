"""Tickets to departments are opened by what a step finds, and settled by what mends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from audit.events import canonical
from audit.ledger import Ledger
from audit.receipts import find
from audit.tickets import CLASSES, DRIFT, KINDS, QUARANTINE, Ticket, open_tickets
from jobs.context import ACTOR, Job
from lake_config.contract import Rule
from lake_config.digests import sm3
from lake_config.errors import NothingToDo
from lake_config.layers import table_key
from quality.suite import rules_for


def tickets_of(ledger: Ledger, job: Job, about: str) -> list[Ticket]:
    """The open ones of a job's table."""
    under = f"{table_key(job.contract.department, job.table.name)}."
    events = [event for kind in KINDS for event in ledger.newest_under(kind, under)]
    events.sort(key=lambda event: event.index)
    return [ticket for ticket in open_tickets(events) if ticket.about == about]


def open_ticket(
    job: Job, about: str, kinds: Iterable[str], columns: Iterable[str], digest: str
) -> bool:
    """Record one; False where the table has it already."""

    def unless_open() -> None:
        if any(item.digest == digest for item in tickets_of(job.ledger, job, about)):
            raise NothingToDo(f"{job.batch}：工单已经开出。")

    body = {
        **_place(job),
        "about": about,
        "kinds": sorted(kinds),
        "columns": sorted(columns),
        "digest": digest,
    }
    try:
        unless_open()
        job.ledger.append("ticket", ACTOR, job.batch, body, unless_open)
    except NothingToDo:
        return False
    return True


def _settle(job: Job, ticket: Ticket, by: str) -> None:
    def if_open() -> None:
        if ticket not in tickets_of(job.ledger, job, ticket.about):
            raise NothingToDo(f"{job.batch}：工单已经办结。")

    body = {**_place(job), "about": ticket.about, "digest": ticket.digest, "by": by}
    with suppress(NothingToDo):
        job.ledger.append("ticket_settled", ACTOR, job.batch, body, if_open)


def _place(job: Job) -> dict[str, Any]:
    return {
        "department": job.contract.department,
        "table": job.table.name,
        "date": job.date.isoformat(),
    }


def settle_drift(job: Job, digest: str) -> None:
    """A delivery that could be collected settles every drift but the one it still has."""
    for ticket in tickets_of(job.ledger, job, DRIFT):
        if ticket.digest != digest and not _older(job, ticket):
            _settle(job, ticket, "collected")


def settle_classes(job: Job) -> None:
    """A batch that could be published has no class left that nobody confirmed."""
    for ticket in tickets_of(job.ledger, job, CLASSES):
        if not _older(job, ticket):
            _settle(job, ticket, "published")


def settle_quarantine(job: Job) -> None:
    """One ticket for each stop rule that the latest judgement finds broken; one whose rule
    nothing breaks any more is settled. Run again it changes nothing."""
    judged = find(job.ledger, "gated", job.batch)
    if judged is None or _is_overtaken(job):
        return
    rules = {rule.name: rule for rule in rules_for(job.contract, job.table)}
    found = judged.body["findings"]
    broken = [item["rule"] for item in found if item["severity"] == "stop"]
    for name in broken:
        open_ticket(job, QUARANTINE, [name], _columns(rules, name), _digest(name))
    if judged.ok:
        by = "replayed" if judged.body.get("replay") else "delivered"
        still = {_digest(name) for name in broken}
        for ticket in tickets_of(job.ledger, job, QUARANTINE):
            if ticket.digest not in still and not _older(job, ticket):
                _settle(job, ticket, by)


def _columns(rules: dict[str, Rule], name: str) -> Sequence[str]:
    return rules[name].columns if name in rules else ()


def _digest(rule: str) -> str:
    return sm3(canonical({QUARANTINE: rule}))


def _older(job: Job, ticket: Ticket) -> bool:
    """What an earlier delivery was like says nothing of a later one."""
    return job.date.isoformat() < ticket.batch.rsplit(".", 1)[-1]


def _is_overtaken(job: Job) -> bool:
    under = f"{table_key(job.contract.department, job.table.name)}."
    newest = next(job.ledger.newest_under("gated", under), None)
    return newest is not None and newest.body["date"] > job.date.isoformat()
