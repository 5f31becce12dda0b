"""What retention ends of granted tables, and leaves to their contracts: on folders and on a store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from audit.ledger import open_ledger
from jobs import retain as module
from jobs.context import Job
from jobs.publish import moved
from jobs.retain import others, retain
from lake_config.duties import Duty
from lake_config.layers import CURATED
from lake_config.settings import Settings
from storage.store import store_of
from tests.lib.masked_batch import CONTRACT, PEOPLE, batch, staged
from tests.lib.retained_lake import (
    DAYS,
    FIRST,
    KEPT_DAYS,
    LATER,
    killed_before_its_receipt,
    parquet_left,
    raw_left,
    retained_lake,
)

GRANTED, RECIPIENT, GRANT = "reports", "bureau", "digest of a grant"
UNTIL = FIRST + timedelta(days=DAYS)


@pytest.fixture(params=["folders", "store"])
def lake(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    return retained_lake(request, settings, monkeypatch)


def granted_days(lake: Settings) -> list[Job]:
    """Three days of a table that one recipient was granted; their batches' jobs."""
    jobs = []
    for number in range(3):
        job = batch(lake, FIRST + timedelta(days=number))
        table = replace(PEOPLE, name=GRANTED)
        jobs.append(replace(job, table=table, recipient=RECIPIENT))
        about = {"grant": GRANT, "until": UNTIL.isoformat()}
        moved(jobs[-1], staged(jobs[-1], 2), lambda: None, **about)
    return jobs


def granted_left(lake: Settings) -> int:
    folder = lake.layers.shared_table(RECIPIENT, CONTRACT.department, GRANTED)
    store = store_of(lake, Duty.RETENTION)
    return sum(path.suffix == ".parquet" for path in store.files(folder))


def end_granted(lake: Settings, today: date) -> list[str]:
    [kept] = others(open_ledger(lake), CONTRACT)
    assert (kept.recipient, kept.table) == (RECIPIENT, GRANTED)
    return [ending.reason for ending in retain(lake, kept, today)]


def test_a_granted_table_is_kept_like_any_other_while_it_is_in_force(
    lake: Settings,
) -> None:
    granted_days(lake)
    assert granted_left(lake) == 6
    assert end_granted(lake, UNTIL) == ["shared_superseded"]
    assert granted_left(lake) == 2 * module.KEPT_VERSIONS


@pytest.mark.parametrize("how", ["past its day", "withdrawn"])
def test_a_grant_that_is_over_leaves_no_bytes(lake: Settings, how: str) -> None:
    job = granted_days(lake)[0]
    if how == "withdrawn":
        body = {"grant": GRANT, "officer": "甲"}
        job.ledger.append("grant_withdrawn", "甲", GRANTED, body)
    day = UNTIL + timedelta(days=how == "past its day")
    before = parquet_left(lake)
    assert end_granted(lake, day) == ["grant_over"]
    assert granted_left(lake) == 0 and parquet_left(lake) == before
    assert end_granted(lake, day) == []


def test_a_commit_whose_grant_ended_before_its_receipt_leaves_no_bytes(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is served it, and none comes back for it: the next run masks anew."""
    job = granted_days(lake)[-1]
    again = replace(job, date=FIRST + timedelta(days=3))
    masked = staged(again, 2)
    killed_before_its_receipt(again, masked, monkeypatch)
    assert "shared_superseded" in end_granted(lake, UNTIL)
    assert granted_left(lake) == 2 * module.KEPT_VERSIONS
    moved(again, staged(again, 2), lambda: None, grant=GRANT, until=f"{UNTIL}")
    assert granted_left(lake) == 2 * module.KEPT_VERSIONS + 2


@pytest.mark.parametrize("recipient", [CURATED, RECIPIENT])
def test_raw_is_ended_by_the_contract_that_delivers_it_alone(
    lake: Settings, recipient: str
) -> None:
    """A table that is delivered no more, or a grant that is called like one: whoever kept it
    for ten years keeps it."""
    batches = raw_left(lake)
    kept = module.Retained(recipient, CONTRACT.department, PEOPLE.name)
    endings = retain(lake, kept, LATER + timedelta(days=KEPT_DAYS))
    assert raw_left(lake) == batches
    assert "raw_expired" not in {ending.reason for ending in endings}


def test_what_a_refused_scan_left_of_a_granted_table_ends(lake: Settings) -> None:
    job = granted_days(lake)[-1]
    staged(replace(job, date=FIRST + timedelta(days=4)), 1)
    assert "staged_left" in end_granted(lake, UNTIL)
    folder = lake.layers.staging / RECIPIENT / CONTRACT.department
    assert not list(store_of(lake, Duty.RETENTION).files(folder))
