"""Late is what the contract and the calendar say is late, and is told of once."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from audit.events import KINDS
from audit.ledger import init_ledger, open_ledger
from jobs.alert_log import entries
from jobs.breaker import Breaker
from jobs.source_breaker import SourceBreaker
from lake_config.calendar import CITY_TIME
from lake_config.contract import Cycle, Table
from lake_config.contract_loader import load_contracts
from lake_config.layers import batch_id
from lake_config.settings import ROOT, Settings, load
from ops.freshness import (
    NOT_STARTED,
    Freshness,
    due_time,
    in_words,
    judge,
    next_delivery,
)
from ops.late_tables import check_freshness
from ops.status import TableStatus, show_status, table_statuses
from tests.lib.one_department import CONTRACT, DEPARTMENT, TABLE, share_no_more
from tests.lib.quality_cases import table

DAILY, MONTHLY = Cycle(1, "d"), Cycle(1, "month")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY_TIME)


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def made(cycle: Cycle, hours: int) -> Table:
    return table("t", [], cycle=cycle, latency_hours=hours)


@pytest.mark.parametrize(
    ("last", "cycle", "wanted"),
    [
        ("2026-03-02", DAILY, "2026-03-03"),
        ("2026-03-02", Cycle(7, "d"), "2026-03-09"),
        ("2026-01-31", MONTHLY, "2026-02-28"),
        ("2026-12-15", MONTHLY, "2027-01-15"),
        ("2026-01-31", Cycle(3, "month"), "2026-04-30"),
        ("2028-02-29", Cycle(1, "year"), "2029-02-28"),
    ],
)
def test_one_cycle_later(last: str, cycle: Cycle, wanted: str) -> None:
    assert next_delivery(date.fromisoformat(last), cycle) == date.fromisoformat(wanted)


@pytest.mark.parametrize(
    ("expected", "hours", "wanted"),
    [
        ("2026-03-03", 30, "2026-03-03T06:00"),  # a Tuesday
        ("2026-03-07", 30, "2026-03-09T06:00"),  # a Saturday: on Monday
        ("2026-02-14", 30, "2026-02-14T06:00"),  # a Saturday that is worked
        ("2026-02-17", 30, "2026-02-24T06:00"),  # the Spring Festival
        ("2026-03-01", 72, "2026-03-03T00:00"),
    ],
)
def test_what_falls_on_a_holiday_is_due_on_the_next_working_day(
    expected: str, hours: int, wanted: str
) -> None:
    assert due_time(date.fromisoformat(expected), hours) == at(wanted)


@pytest.mark.parametrize(
    ("last", "signed", "now", "late"),
    [
        # L04: daily, the last good load 30 hours ago
        ("2026-03-02", None, "2026-03-03T05:59", None),
        ("2026-03-02", None, "2026-03-03T06:01", 0),
        ("2026-03-02", None, "2026-03-04T06:01", 1),
        # over a week-end, and over the Spring Festival, with its worked Saturday
        ("2026-03-05", None, "2026-03-08T12:00", 0),
        ("2026-03-05", None, "2026-03-09T12:00", 1),
        ("2026-02-13", None, "2026-02-23T12:00", 0),
        ("2026-02-13", None, "2026-02-24T12:00", 1),
        # before the first delivery the signature starts the clock
        (None, "2026-03-02", "2026-03-03T05:59", None),
        (None, "2026-03-02", "2026-03-05T06:01", 2),
    ],
)
def test_daily_deliveries(
    last: str | None, signed: str | None, now: str, late: int | None
) -> None:
    found = judge(made(DAILY, 30), day(last), day(signed), at(now))
    assert found.late == late


def test_without_signature_and_delivery_no_clock_runs() -> None:
    assert judge(made(DAILY, 30), None, None, at("2026-03-02")) == NOT_STARTED


def test_words_for_people() -> None:
    due = at("2026-03-03T06:00")
    assert in_words(NOT_STARTED) == "未开始"
    assert in_words(Freshness(due.date(), due)) == "按时（03-03 06:00 前）"
    assert in_words(Freshness(due.date(), due, 0)) == "逾期不足 1 个工作日"
    assert in_words(Freshness(due.date(), due, 3)) == "逾期 3 个工作日"


def test_the_cycle_is_the_contracts() -> None:
    contracts = load_contracts(ROOT / "lake_config" / "contracts")
    cycles = {item.name: item.cycle for one in contracts for item in one.tables}
    assert cycles["insured_persons"] == Cycle(1, "d")
    assert cycles["institutions"] == Cycle(1, "month")
    assert {cycle.unit for cycle in cycles.values()} == {"d", "month", "year"}
    assert Cycle(7, "d") in cycles.values()


@pytest.fixture
def lake(settings: Settings) -> Settings:
    """One department, whose table is due every month with 72 hours."""
    folder = settings.home / "contracts"
    folder.mkdir(parents=True)
    settings.home.chmod(0o700)
    shutil.copy(CONTRACT, folder)
    found = load({"LAKE_HOME": str(settings.home), "LAKE_CONTRACTS": str(folder)})
    init_ledger(found)
    return found


def record(lake: Settings, kind: str, text: str, ok: bool = True) -> None:
    about = {"department": DEPARTMENT, "table": TABLE, "date": text, "ok": ok}
    body: dict[str, Any] = {**dict.fromkeys(KINDS[kind]), "version": 0, "rows": 1}
    body = {name: body[name] for name in KINDS[kind]} | about
    batch = batch_id(DEPARTMENT, TABLE, date.fromisoformat(text))
    open_ledger(lake).append(kind, "jobs", batch, body)


def status(lake: Settings, now: str) -> TableStatus:
    [found] = table_statuses(lake, at(now))
    return found


def told(lake: Settings) -> list[str]:
    found = (entry.alert for entry in entries(lake.layers.alerts))
    return [f"{item.what} {item.table} {item.date}" for item in found if item]


def test_a_late_table_is_told_of_once_for_each_missing_delivery(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    record(lake, "published", "2026-03-02")
    # Due on 4 April, which with the two days after is a holiday (清明).
    check_freshness(lake, at("2026-04-06T23:00"))
    assert told(lake) == []
    for hour in ("2026-04-07T01:00", "2026-04-20T01:00"):
        check_freshness(lake, at(hour))
        assert told(lake) == [f"late {TABLE} 2026-04-02"]
    assert "逾期 1 张表，新告警 0 张" in capsys.readouterr().out
    record(lake, "published", "2026-04-15")
    check_freshness(lake, at("2026-04-20T01:00"))
    check_freshness(lake, at("2026-05-20T01:00"))
    assert told(lake)[1:] == [f"late {TABLE} 2026-05-15"]


def test_a_log_that_was_lost_tells_nobody_twice(lake: Settings) -> None:
    record(lake, "published", "2026-03-02")
    check_freshness(lake, at("2026-04-20T01:00"))
    lake.layers.alerts.unlink()
    check_freshness(lake, at("2026-04-20T01:00"))
    assert told(lake) == []


def test_only_what_was_published_counts(lake: Settings) -> None:
    record(lake, "published", "2026-03-02")
    record(lake, "gated", "2026-04-02")
    record(lake, "published", "2026-04-02", ok=False)
    assert status(lake, "2026-04-20T01:00").freshness.expected == date(2026, 4, 2)


def test_what_is_not_shared_is_done_at_the_gate(lake: Settings) -> None:
    record(lake, "gated", "2026-04-02")
    assert status(lake, "2026-04-20T01:00").freshness == NOT_STARTED
    share_no_more(lake)
    found = status(lake, "2026-04-20T01:00").freshness
    assert (found.expected, found.late) == (date(2026, 5, 2), None)


def test_an_older_delivery_made_up_for_does_not_turn_time_back(lake: Settings) -> None:
    for text in ("2026-04-02", "2026-03-02"):
        record(lake, "published", text)
    assert status(lake, "2026-04-20T01:00").freshness.expected == date(2026, 5, 2)


def test_the_contracts_signature_starts_the_clock(lake: Settings) -> None:
    body = dict.fromkeys(KINDS["approved"], "x")
    signed = open_ledger(lake).append("approved", "甲", DEPARTMENT, body)
    moment = datetime.fromisoformat(signed.time).astimezone(CITY_TIME)
    [found] = table_statuses(lake, moment + timedelta(days=1))
    assert found.freshness.late is None and found.freshness.due
    [found] = table_statuses(lake, moment + timedelta(days=60))
    assert found.freshness.late and found.freshness.late > 10


def test_status_shows_freshness_and_the_source(
    lake: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "220")
    record(lake, "published", "2026-03-02")
    show_status(lake, False)
    said = capsys.readouterr().out
    assert "时效" in said and "逾期" in said and "数据源" not in said
    show_status(lake, True)
    [row] = json.loads(capsys.readouterr().out)
    assert row["freshness"]["expected"] == "2026-04-02" and row["freshness"]["late"] > 0
    assert (row["source"], row["source_until"]) == ("closed", None)
    [contract] = load_contracts(lake.contracts)
    server = contract.tables[0].source["server"]
    until = time.time() + 60
    breaker = SourceBreaker(lake, DEPARTMENT, server)
    breaker.changed(lambda _: Breaker(3, 1, until))
    show_status(lake, False)
    shown = datetime.fromtimestamp(until, CITY_TIME)
    assert (
        f"数据源 {DEPARTMENT}/{server}：熔断至 {shown:%m-%d %H:%M:%S}"
        in capsys.readouterr().out
    )
    breaker.changed(lambda state: replace(state, until=time.time() - 1))
    show_status(lake, False)
    assert "待试探" in capsys.readouterr().out
