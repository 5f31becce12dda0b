"""Open tickets for people: until when (law.md L42), which are overdue, and who is told.

A ticket is to be handed on within some working days, and from then on to be settled within
some more, or within the longer term where an officer allowed it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from audit.ledger import Ledger, open_ledger
from audit.tickets import KINDS, Ticket, open_tickets
from jobs.failures import alert
from jobs.tell_receivers import tell_receivers
from lake_config.calendar import (
    CITY_TIME,
    add_working_days,
    city_today,
    working_days_between,
)
from lake_config.errors import UsageError
from lake_config.person_name import person_name
from lake_config.settings import Settings
from privacy import officers

OVERDUE = "ticket_overdue"
ABOUT = {"drift": "源端结构变化", "quarantine": "隔离数据", "classes": "列类别待确认"}


@dataclass(frozen=True, slots=True)
class Clock:
    """Working days: to hand on, to settle, to settle where more was allowed."""

    hand_on: int
    settle: int
    extended: int


@dataclass(frozen=True, slots=True)
class Due:
    """`late` counts whole working days past `day`; None while there is time."""

    step: str
    day: date
    late: int | None


def clock_of(settings: Settings) -> Clock:
    return Clock(*map(int, settings.ticket_days.split(",")))


def due(ticket: Ticket, clock: Clock, today: date) -> Due:
    """What is to be done next, and until the end of which day."""
    if ticket.handed_on is None:
        step, day = "转办", add_working_days(ticket.opened, clock.hand_on)
    else:
        term = clock.extended if ticket.extended else clock.settle
        step, day = "核办", add_working_days(ticket.handed_on, term)
    late = working_days_between(day, today) if today > day else None
    return Due(step, day, late)


def tickets_now(settings: Settings, today: date) -> list[tuple[Ticket, Due]]:
    """The most urgent first."""
    clock = clock_of(settings)
    found = open_tickets(open_ledger(settings).events(*KINDS))
    pairs = [(ticket, due(ticket, clock, today)) for ticket in found]
    return sorted(pairs, key=lambda pair: (pair[1].day, pair[0].table, pair[0].id))


def show_tickets(settings: Settings, department: str | None, as_json: bool) -> None:
    pairs = [
        pair
        for pair in tickets_now(settings, city_today())
        if department in (None, pair[0].department)
    ]
    if as_json:
        told = [_facts(*pair) for pair in pairs]
        print(json.dumps(told, ensure_ascii=False, indent=2))  # noqa: T201
        return
    grid = Grid(title=f"未办结工单 {len(pairs)} 件", title_justify="left")
    for name in ("编号", "部门", "表", "事由", "内容", "开出", "环节", "期限", "状态"):
        grid.add_column(name, overflow="fold")
    for ticket, until in pairs:
        grid.add_row(
            ticket.id,
            ticket.department,
            ticket.table,
            ABOUT[ticket.about],
            "、".join(ticket.kinds),
            f"{ticket.opened}",
            until.step,
            f"{until.day}",
            _words(until),
        )
    Console().print(grid)


def _facts(ticket: Ticket, until: Due) -> dict[str, Any]:
    return {
        "id": ticket.id,
        "department": ticket.department,
        "table": ticket.table,
        "about": ticket.about,
        "kinds": list(ticket.kinds),
        "columns": list(ticket.columns),
        "opened": f"{ticket.opened}",
        "step": until.step,
        "due": f"{until.day}",
        "late": until.late,
    }


def _words(until: Due) -> str:
    if until.late is None:
        return "办理中"
    return f"[red]逾期 {until.late} 个工作日[/red]" if until.late else "[red]逾期[/red]"


def summary(settings: Settings) -> str:
    """One line for the status; empty where nothing is open."""
    pairs = tickets_now(settings, city_today())
    late = sum(until.late is not None for _, until in pairs)
    return (
        f"未办结工单 {len(pairs)} 件，逾期 {late} 件（./lake tickets）" if pairs else ""
    )


def extend_ticket(
    settings: Settings, department: str, number: str, officer: str
) -> None:
    """An officer allows the longer term for one ticket."""
    ledger, name = open_ledger(settings), person_name(officer)
    if name not in officers.enrolled(ledger.events(*officers.KINDS)):
        raise UsageError(f"没有安全管理员“{name}”。延长办理期限须由安全管理员批准。")
    found = [
        ticket
        for ticket in open_tickets(ledger.events(*KINDS))
        if ticket.department == department and ticket.id == number
    ]
    if not found:
        raise UsageError(f"{department} 没有未办结工单“{number}”，见 ./lake tickets。")
    for ticket in found:
        body = {
            "department": department,
            "table": ticket.table,
            "digest": ticket.digest,
            "officer": name,
        }
        ledger.append("ticket_extended", name, ticket.batch, body)
    Console().print(f"工单 {number} 的办理期限已延长。", highlight=False)


def check_tickets(settings: Settings, now: datetime | None = None) -> None:
    """An alert for each step of a ticket that is overdue and was not told of before."""
    today = (now or datetime.now(UTC)).astimezone(CITY_TIME).date()
    ledger = open_ledger(settings)
    late = [pair for pair in tickets_now(settings, today) if pair[1].late is not None]
    fresh = [pair for pair in late if not _told(ledger, *pair)]
    for ticket, until in fresh:
        day = date.fromisoformat(ticket.batch.rsplit(".", 1)[-1])
        what = _what(ticket, until)
        alert(settings, ticket.department, ticket.table, day, what, send=False)
    if fresh:
        tell_receivers(settings)
    Console().print(f"逾期工单 {len(late)} 件，新告警 {len(fresh)} 件。")


def _what(ticket: Ticket, until: Due) -> str:
    """Each term that ended is told of once."""
    return f"{OVERDUE}:{ticket.id}:{until.day}"


def _told(ledger: Ledger, ticket: Ticket, until: Due) -> bool:
    wanted = _what(ticket, until)
    events = ledger.newest("alert", ticket.batch)
    return any(event.body["what"] == wanted for event in events)
