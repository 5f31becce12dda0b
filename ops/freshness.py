"""Is a table as fresh as its contract says (law.md L04)? Dates in, a judgement out.

A delivery dated E holds the data of the day before; it is due `latency` hours after that
day began, or at that hour of the next working day. What is expected next is one cycle
after the last good delivery; before the first, one cycle after the contract was signed.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from lake_config.calendar import (
    CITY_TIME,
    DAY,
    working_day_from,
    working_days_between,
)
from lake_config.contract import Cycle, Table

MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Freshness:
    """`late` counts whole working days; None while it is on time or nothing is due.

    `expected` is the date of the delivery that is missing or comes next.
    """

    expected: date | None = None
    due: datetime | None = None
    late: int | None = None


NOT_STARTED = Freshness()


def judge(
    table: Table, last: date | None, signed: date | None, now: datetime
) -> Freshness:
    """`last` is the date of the last good delivery; before any, the contract's signature
    starts the clock."""
    start = last or signed
    if start is None:
        return NOT_STARTED
    expected = next_delivery(start, table.cycle)
    due = due_time(expected, table.latency_hours)
    if now <= due:
        return Freshness(expected, due)
    today = now.astimezone(CITY_TIME).date()
    return Freshness(expected, due, working_days_between(due.date(), today))


def next_delivery(last: date, cycle: Cycle) -> date:
    """One cycle later; the last day of a month that has no such day."""
    if cycle.unit == "d":
        return last + DAY * cycle.number
    months = last.month - 1 + MONTHS[cycle.unit] * cycle.number
    year, month = last.year + months // 12, months % 12 + 1
    return date(year, month, min(last.day, calendar.monthrange(year, month)[1]))


def due_time(expected: date, latency_hours: int) -> datetime:
    start = datetime.combine(expected - DAY, time(), CITY_TIME)
    due = start + timedelta(hours=latency_hours)
    return datetime.combine(working_day_from(due.date()), due.timetz())


def in_words(found: Freshness) -> str:
    """For people."""
    if found.due is None:
        return "未开始"
    if found.late is None:
        return f"按时（{found.due:%m-%d %H:%M} 前）"
    return f"逾期 {found.late} 个工作日" if found.late else "逾期不足 1 个工作日"
