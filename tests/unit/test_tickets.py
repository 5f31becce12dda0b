"""A ticket's clock over holidays, what opens and settles it, and who is told, once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from audit.ledger import init_ledger, open_ledger
from audit.tickets import KINDS, Ticket, open_tickets
from jobs.context import Job
from jobs.tickets import settle_quarantine
from lake_config.errors import UsageError
from lake_config.settings import Settings
from ops.tickets import Clock, check_tickets, due, extend_ticket, show_tickets
from privacy.officers import enrol_officer
from tests.lib.gated_batch import DAY
from tests.lib.quality_cases import column, contract, table

CARDS = table("cards", [column("no", primary_key=True), column("born", "date")])
CONTRACT = contract(CARDS)
CLOCK = Clock(2, 5, 10)
OPENED = Ticket(
    "d",
    "t",
    "d.t.2026-02-12",
    "quarantine",
    ("parse.born",),
    (),
    "x" * 64,
    date(2026, 2, 12),
)


@pytest.mark.parametrize(
    ("ticket", "day", "step", "late"),
    [
        # 2026-02-15 to 02-23 is the Spring Festival; 02-14 and 02-28 are worked instead.
        (OPENED, date(2026, 2, 14), "转办", None),
        # The Saturday counts, then nothing for nine days.
        (replace(OPENED, opened=date(2026, 2, 13)), date(2026, 2, 24), "转办", None),
        (replace(OPENED, opened=date(2026, 2, 13)), date(2026, 2, 25), "转办", 1),
        (OPENED, date(2026, 2, 15), "转办", 0),
        (OPENED, date(2026, 2, 25), "转办", 2),
        (replace(OPENED, handed_on=date(2026, 2, 13)), date(2026, 2, 27), "核办", None),
        (replace(OPENED, handed_on=date(2026, 2, 13)), date(2026, 2, 28), "核办", 1),
        (
            replace(OPENED, handed_on=date(2026, 2, 13), extended=True),
            date(2026, 3, 5), "核办", None,
        ),
    ],
)  # fmt: skip
def test_the_clock_counts_working_days(
    ticket: Ticket, day: date, step: str, late: int | None
) -> None:
    found = due(ticket, CLOCK, day)
    assert (found.step, found.late) == (step, late)


@pytest.fixture
def lake(settings: Settings) -> Settings:
    init_ledger(settings)
    return settings


def judged(lake: Settings, *broken: str, day: date = DAY, ok: bool = True) -> Job:
    """What a gate's receipt is about, and the tickets after it."""
    job = Job(lake, CONTRACT, CARDS, day, "gate")
    found = [{"rule": rule, "severity": "stop", "rows": 3} for rule in broken]
    job.record(
        "gated", "a", ok, rows=9, accepted=9, keys=9, quarantined=0, findings=found,
        verdict="", reasons=[], suite="s", compared_with=None,
    )  # fmt: skip
    settle_quarantine(job)
    return job


def opened(lake: Settings) -> list[str]:
    tickets = open_tickets(open_ledger(lake).events(*KINDS))
    return sorted(kind for ticket in tickets for kind in ticket.kinds)


def test_each_broken_rule_has_one_ticket_until_nothing_breaks_it(
    lake: Settings,
) -> None:
    job = judged(lake, "parse.born", "unique.no")
    assert opened(lake) == ["parse.born", "unique.no"]
    size = len(list(job.ledger.events()))
    settle_quarantine(job)
    assert len(list(job.ledger.events())) == size, "run again it changes nothing"
    judged(lake, "unique.no", day=date(2026, 3, 3))
    assert opened(lake) == ["unique.no"]
    judged(lake, day=date(2026, 3, 4), ok=False)
    assert opened(lake) == ["unique.no"], "a refused delivery mends nothing"
    judged(lake, "parse.born", day=date(2026, 3, 4))
    [event] = [
        e for e in job.ledger.events("ticket_settled") if e.body["date"] == "2026-03-04"
    ]
    assert opened(lake) == ["parse.born"] and event.body["by"] == "delivered"
    judged(lake, day=DAY)
    assert opened(lake) == ["parse.born"], "an older delivery says nothing of a newer"


def test_an_overdue_step_is_told_of_once(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    job = judged(lake, "parse.born")
    later = [datetime(year, 6, 1, 9, tzinfo=UTC) for year in (2127, 2128)]
    check_tickets(lake, datetime.now(UTC))
    assert alerts(lake) == []
    for moment in (*later, later[1]):
        check_tickets(lake, moment)
    assert [what.split(":")[0] for what in alerts(lake)] == ["ticket_overdue"]
    returned: dict[str, Any] = {"department": "invented", "table": "cards", "rows": 3}
    job.ledger.append(
        "quarantine_returned", "w", job.batch, {**returned, "date": f"{DAY}"}
    )
    check_tickets(lake, later[1])
    assert len(alerts(lake)) == 2, "the next term has ended too"
    show_tickets(lake, None, as_json=True)
    told = capsys.readouterr().out
    [shown] = json.loads(told[told.index("[") :])
    assert (shown["step"], shown["kinds"], shown["columns"]) == (
        "核办",
        ["parse.born"],
        ["born"],
    )


def alerts(lake: Settings) -> list[str]:
    return [event.body["what"] for event in open_ledger(lake).events("alert")]


def test_only_an_officer_allows_more_time(lake: Settings) -> None:
    judged(lake, "parse.born")
    [ticket] = open_tickets(open_ledger(lake).events(*KINDS))
    with pytest.raises(UsageError, match="安全管理员"):
        extend_ticket(lake, "invented", ticket.id, "甲")
    enrol_officer(lake, "甲")
    with pytest.raises(UsageError, match="没有未办结工单"):
        extend_ticket(lake, "invented", "nowhere", "甲")
    extend_ticket(lake, "invented", ticket.id, "甲")
    [ticket] = open_tickets(open_ledger(lake).events(*KINDS))
    assert ticket.extended
