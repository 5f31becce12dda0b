"""Schema drift on the way into the lake: refused, or noted in the receipt, and told.

A department gets one ticket for a table and what drifted, however often it is tried; a
delivery that can be collected settles it. A ticket has kinds and the contract's own names,
never a foreign one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audit.tickets import DRIFT
from jobs.context import Job
from jobs.failures import alert
from jobs.tickets import open_ticket
from lake_config.errors import DeliveryUndecodable, LakeError, SchemaChanged
from lake_config.source_schema import Seen, read_schemas
from quality.drift import (
    ACCEPT,
    REFUSE,
    RULES,
    WARN,
    Drift,
    DriftFound,
    Drifts,
    digest,
    drifts,
    worst,
)


def check_drift(job: Job, now: Seen, encoding: str = "") -> Drifts:
    """What may be landed all the same, to be noted; raises where anything may not.

    `encoding` is what was agreed for a file.
    """
    schemas = read_schemas(job.settings, job.contract.department)
    before, _ = schemas.get(job.table.name, ((), ""))
    found = drifts(job.table, before, now, encoding)
    if worst(found) == REFUSE:
        raise refusal(job, found) from DriftFound(found)
    return found


def refusal(job: Job, found: Drifts) -> LakeError:
    """Its text names kinds, types, and columns by the contract's names or their place."""
    refused = [drift for drift in found if drift.outcome == REFUSE]
    told = "；".join(map(described, refused))
    unreadable = any(drift.kind == "unreadable" for drift in refused)
    kind = DeliveryUndecodable if unreadable else SchemaChanged
    return kind(
        f"{job.batch}：源端结构变化，不予归集：{told}。请与数源部门确认，改回源端后重新交付；"
        "如变化属实，修订契约并执行 ./lake schema refresh 后重新归集。"
    )


def described(drift: Drift) -> str:
    """One change for people."""
    change = f"（{drift.before} → {drift.now}）" if drift.before or drift.now else ""
    return f"{RULES[drift.kind].name} {drift.column}{change}"


@contextmanager
def ticketed(job: Job) -> Iterator[None]:
    """A refusal behind which drift stands leaves a ticket for the department."""
    try:
        yield
    except LakeError as error:
        if isinstance(error.__cause__, DriftFound):
            ticket(job, error.__cause__.drifts)
        raise


def noted(job: Job, found: Drifts) -> dict[str, Any]:
    """The fact of a receipt about drift that was accepted; what needs a look is told."""
    if worst(found) == WARN and ticket(job, found):
        where = (job.contract.department, job.table.name, job.date)
        alert(job.settings, *where, DRIFT)
    kinds = [{"kind": drift.kind, "column": drift.column} for drift in found]
    return {"drift": kinds} if kinds else {}


def ticket(job: Job, found: Drifts) -> bool:
    """A ticket to the department; False where the table has this one open already."""
    told = [drift for drift in found if drift.outcome != ACCEPT]
    kinds = {drift.kind for drift in told}
    columns = {drift.column for drift in told}
    return open_ticket(job, DRIFT, kinds, columns, digest(found))
