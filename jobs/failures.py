"""What went wrong, for the ledger, the alert log and its receivers: never a message.

A refusal is told at once; what is tried again only when the scheduler has given up.
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile

from audit.events import Event
from audit.ledger import Ledger, open_ledger
from jobs.alert_log import Alert, append
from jobs.alert_words import kind_for, title, why_and_advice
from jobs.context import ACTOR
from jobs.tell_receivers import tell_receivers
from lake_config import errors
from lake_config.errors import (
    LakeError,
    LeakFound,
    LedgerBroken,
    LedgerUnwritable,
    OutOfTurn,
)
from lake_config.layers import batch_id
from lake_config.settings import Settings
from quality.verdict import SHORT, VERDICTS

TOLD_BEFORE = timedelta(minutes=10)
LOOKED_BACK = 200
ALL_TABLES = "*"


def record_failure(
    settings: Settings,
    department: str,
    table: str | None,
    day: date,
    step: str,
    error: LakeError,
) -> None:
    """One `failed` event about a step, and an alert unless it will be tried again.

    Without a ledger nothing can be recorded; the log and its receivers still hear of it.
    """
    try:
        _record(settings, department, table, day, step, error)
    except (LedgerBroken, LedgerUnwritable) as broken:
        cause = type(broken).__name__
        facts = _facts(department, table, day, kind_for(cause, step))
        _tell(settings, facts, cause)
        raise


def _record(
    settings: Settings,
    department: str,
    table: str | None,
    day: date,
    step: str,
    error: LakeError,
) -> None:
    body = {
        "department": department,
        "table": table or ALL_TABLES,
        "date": day.isoformat(),
        "step": step,
        "exit_code": error.exit_code,
        "error": type(error).__name__,
    }
    ledger = open_ledger(settings)
    subject = batch_id(department, table or ALL_TABLES, day)
    before = next(ledger.newest("failed", subject), None)
    ledger.append("failed", ACTOR, subject, body)
    told = _refused_tables(ledger, department, day, before) if not table else {}
    if not told or not isinstance(error, VERDICTS):
        told |= _own(ledger, department, table, day, error)
    for name, cause in told.items():
        alert(settings, department, name, day, kind_for(cause, step), cause)


def _own(
    ledger: Ledger, department: str, table: str | None, day: date, error: LakeError
) -> dict[str | None, str]:
    """What is to be told of the error itself: not what is tried again, what the scan has
    told, nor what follows from an alert that has gone out."""
    if error.transient or isinstance(error, LeakFound):
        return {}
    if isinstance(error, OutOfTurn) and _told(ledger, department, day):
        return {}
    return {table: type(error).__name__}


def give_up(
    settings: Settings, department: str, table: str | None, day: date, step: str
) -> None:
    """The scheduler tries a step no more: an alert, unless the step has just told."""
    subject = batch_id(department, table or ALL_TABLES, day)
    failures = open_ledger(settings).newest("failed", subject)
    last = next((event for event in failures if event.body["step"] == step), None)
    cause = str(last.body["error"]) if last is not None and _fresh(last) else ""
    kind = getattr(errors, cause, None)
    if kind is None or kind.transient:
        alert(settings, department, table, day, kind_for(cause, step), cause)


def alert(
    settings: Settings,
    department: str,
    table: str | None,
    day: date,
    what: str,
    cause: str = "",
    send: bool = True,
) -> None:
    """An alert in the ledger, then in the alert log, then to whoever is to be told.

    `cause` is the class of the error behind it. The entry in the ledger is what counts:
    a log that cannot be written or a receiver that does not answer stops nobody.
    """
    facts = _facts(department, table, day, what)
    subject = batch_id(department, facts["table"], day)
    open_ledger(settings).append("alert", ACTOR, subject, facts)
    _tell(settings, facts, cause, send)


def _facts(department: str, table: str | None, day: date, what: str) -> dict[str, str]:
    title(what)
    return {
        "department": department,
        "table": table or ALL_TABLES,
        "date": day.isoformat(),
        "what": what,
    }


def _tell(
    settings: Settings, facts: dict[str, str], cause: str, send: bool = True
) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = Alert(now, **facts, **why_and_advice(facts["what"], cause))
    try:
        append(settings.layers.alerts, told)
    except OSError as error:
        sys.stderr.write(f"告警日志写不进去（{error.strerror}），请检查空间和权限。\n")
    if send:
        tell_receivers(settings)


def _told(ledger: Ledger, department: str, day: date) -> bool:
    """Has an alert of this department and date gone out, from which this one follows?"""
    recent = islice(ledger.newest_under("alert", f"{department}."), LOOKED_BACK)
    return any(event.body["date"] == day.isoformat() for event in recent)


def _fresh(event: Event) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(event.time) < TOLD_BEFORE


def _refused_tables(
    ledger: Ledger, department: str, day: date, before: Event | None
) -> dict[str | None, str]:
    """Tables that the gate has judged not good enough since its last failure."""
    start = before.index if before else -1
    judged = ledger.newest_under("gated", f"{department}.")
    recent = takewhile(lambda event: event.index > start, judged)
    return {
        event.body["table"]: _cause(event)
        for event in recent
        if not event.body["ok"] and event.body["date"] == day.isoformat()
    }


def _cause(gated: Event) -> str:
    short = set(SHORT) & set(gated.body["reasons"])
    return "ShortDelivery" if short else "GateFailed"
