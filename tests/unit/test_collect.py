"""Collect without Spark: lapsed authorisations, and what is read back from a commit."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs import collect
from jobs.context import Job
from jobs.control_totals import Totals, depth
from jobs.delta_files import rows_added
from lake_config.calendar import city_today
from lake_config.contract import Server, dated_address
from lake_config.errors import (
    DeliveryUndecodable,
    PastStateGone,
    SourceAuthorisationLapsed,
)
from lake_config.settings import Settings
from tests.lib.gated_batch import DAY, INVENTED, PEOPLE
from tests.lib.local import LOCAL

EXPIRES = date(2026, 6, 30)
RETURNED = replace(INVENTED, authorisation_expires=EXPIRES.isoformat())


def check(settings: Settings, day: date) -> None:
    collect._check_authorisation(Job(settings, RETURNED, PEOPLE, day))


@pytest.mark.parametrize("asked", [EXPIRES, EXPIRES - timedelta(days=300)])
def test_an_old_delivery_date_does_not_revive_an_authorisation(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, asked: date
) -> None:
    monkeypatch.setattr(collect, "city_today", lambda: EXPIRES + timedelta(days=1))
    with pytest.raises(SourceAuthorisationLapsed):
        check(settings, asked)


def test_an_authorisation_holds_through_its_last_day(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "city_today", lambda: EXPIRES)
    check(settings, EXPIRES)
    with pytest.raises(SourceAuthorisationLapsed):
        check(settings, EXPIRES + timedelta(days=1))


LIVE = {"host": "h", "database": "d", "schema": "public"}


@pytest.mark.parametrize(
    ("transport", "address", "scheduled", "ago", "gone"),
    [
        ("jdbc", LIVE, True, 1, True),
        ("jdbc", LIVE, True, -1, True),
        ("rest", {"location": "https://a"}, True, 30, True),
        ("jdbc", LIVE, True, 0, False),
        ("jdbc", LIVE, False, 1, False),
        ("jdbc", {**LIVE, "schema": "d{date}"}, True, 30, False),
        ("rest", {"location": "https://a/{date}"}, True, 30, False),
        ("files", {"path": "drop"}, True, 30, False),
    ],
)
def test_no_schedule_lands_todays_state_under_another_date(
    settings: Settings,
    transport: str,
    address: dict[str, str],
    scheduled: bool,
    ago: int,
    gone: bool,
) -> None:
    day = city_today() - timedelta(days=ago)
    server = Server("s", "dev", transport, "kind", dict(address), "government")
    job = Job(settings, INVENTED, PEOPLE, day, "land", scheduled)
    with pytest.raises(PastStateGone) if gone else nullcontext():
        collect._refuse_past(job, server)


def test_a_dated_address_is_that_of_the_delivery_date() -> None:
    place = {"schema": "d{date}", "port": 5432, "database": "lake"}
    assert dated_address(place, date(2026, 3, 2)) == {**place, "schema": "d2026-03-02"}


@pytest.mark.parametrize(("broken", "refused"), [(2, False), (3, True)])
def test_rows_and_undecodable_rows_are_read_back_from_the_commit(
    settings: Settings, tmp_path: Path, broken: int, refused: bool
) -> None:
    """A row with two such cells counts once; half of the rows may be so."""
    marks = ["\ufffd"] * broken + ["好"] * (4 - broken)
    names = [column.name for column in PEOPLE.columns]
    text = {name: ["好"] * 4 for name in names} | {"name": marks, "home": marks}
    write_deltalake(str(tmp_path), pa.table(text))
    assert rows_added(LOCAL, tmp_path, 0) == 4
    job = Job(settings, INVENTED, PEOPLE, DAY)
    server = INVENTED.servers[0]
    with pytest.raises(DeliveryUndecodable) if refused else nullcontext():
        collect._refuse_undecodable(job, server, tmp_path, 4)


def test_the_receipt_says_what_was_compared() -> None:
    deep = replace(PEOPLE, control_depth="columns")
    assert depth(deep, Totals(3, {})) == "rows"
    assert depth(deep, Totals(3, {"row_sum": 1, "name": 2})) == "columns"
