"""The risk gate in a real batch: what staging holds, what the receipt says, what is refused."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from deltalake import DeltaTable

from jobs.mask import mask_batch
from jobs.publish import publish
from lake_config.errors import OutOfTurn, TooFewChanged, TooFewPeople
from lake_config.settings import Settings
from ops import risk as risk_command
from privacy.key_changes import rotate
from privacy.keys import own_scope
from privacy.risk import rules
from tests.lib.gated_batch import gated, last, new_lake
from tests.lib.quality_cases import contract
from tests.lib.visits import CLINIC, VISITS, person, visits


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, CLINIC)
    return settings


def rows_of(settings: Settings, body: dict[str, Any]) -> list[dict[str, Any]]:
    staged = DeltaTable(str(settings.home / body["staged"]))
    return list(staged.to_pyarrow_table().to_pylist())


def groups(rows: list[dict[str, Any]]) -> dict[Any, set[str]]:
    """Visits by everything others may know; each visit is another person's here."""
    found: dict[Any, set[str]] = defaultdict(set)
    for row in rows:
        key = tuple(row[name] for name in ("county", "sex", "born", "seen_on"))
        found[key].add(row["visit_no"])
    return found


def test_what_lies_in_staging_is_what_was_decided(lake: Settings) -> None:
    job, before = gated(lake, CLINIC, "visits", visits(400))
    body = mask_batch(job, before).body
    told, rows = body["risk"], rows_of(lake, body)
    assert told["before"]["k"] == 1 and told["steps"] > 0
    assert len(rows) == body["rows"] == 400 - told["left_out"]
    assert told["left_out"] <= 0.05 * 400
    found = groups(rows)
    assert min(map(len, found.values())) == told["after"]["k"] >= 5
    assert len(found) == told["after"]["groups"]
    assert {row["county"] for row in rows} == {"231202", "231221"}
    assert told["persons"] == ["identity_no"] and told["tokens"] == "same"
    assert all(re.fullmatch("[a-v]{32}", row["identity_no"]) for row in rows)
    assert not {row["born"] for row in rows} & set(range(1951, 1955))


def test_the_fewer_the_people_the_less_is_told_and_four_are_refused(
    lake: Settings, seen: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """C: 400 people keep ages in bands, 40 lose them, four lose the table."""
    steps = []
    for day, people in enumerate((4_000, 400, 40), 2):
        job, before = gated(
            lake, CLINIC, "visits", visits(people), day=date(2026, 3, day)
        )
        steps.append(mask_batch(job, before).body["risk"]["steps"])
    assert steps == sorted(steps) and len(set(steps)) == 3
    job, before = gated(lake, CLINIC, "visits", visits(4), day=date(2026, 3, 9))
    with pytest.raises(TooFewPeople, match="拒|不足 5 人") as refusal:
        mask_batch(job, before)
    receipt = last(lake, "masked", job.batch)
    assert not receipt.ok and receipt.body["risk"]["refused"]
    assert receipt.body["rows"] == receipt.body["files"] == 0
    assert not [path for path in lake.layers.staging.rglob("2026-03-09/*")]
    assert "1950" not in str(refusal.value) and person(0) not in str(refusal.value)
    seen(f"k of 5: {steps} steps for 4,000, 400 and 40 people, refused for 4")


def test_the_report_tells_officers_what_was_done(
    lake: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(risk_command, "find_contract", lambda *_: CLINIC)
    job, before = gated(lake, CLINIC, "visits", visits(400))
    publish(job, mask_batch(job, before))
    risk_command.show_risk(lake, "invented", "visits", None)
    told = capsys.readouterr().out
    assert "可以发布" in told and "最小同组人数（k）：1 → " in told
    page = lake.layers.risk_page(job.batch).read_text("utf-8")
    assert page.count("<rect") == 12 and "可以发布" in page and "<svg" in page
    day = date(2026, 3, 9)
    small, before = gated(lake, CLINIC, "visits", visits(4), day=day)
    with pytest.raises(TooFewPeople):
        mask_batch(small, before)
    risk_command.show_risk(lake, "invented", "visits", day)
    assert "拒绝发布" in capsys.readouterr().out
    assert "拒绝发布" in lake.layers.risk_page(small.batch).read_text("utf-8")


def traceable(days: int, monthly: bool) -> list[dict[str, Any]]:
    """A hundred people alike with five visits each, in months of a year or on days of one."""
    draw = random.Random(5)
    alike = {"born": "1950-01-01", "county": "231202", "sex": "1"}
    return [
        {
            **row,
            **alike,
            "visit_no": f"V{number}-{turn}",
            "seen_on": f"2025-{turn:02d}-01" if monthly else f"2025-03-{turn:02d}",
        }
        for number, row in enumerate(visits(100))
        for turn in draw.sample(range(1, days + 1), 5)
    ]


@pytest.mark.parametrize(("days", "measure"), [(12, "month"), (28, "gone")])
def test_tokens_of_a_traceable_person_change_by_month_or_go(
    lake: Settings, days: int, measure: str
) -> None:
    rows = traceable(days, measure == "month")
    job, before = gated(lake, CLINIC, "visits", rows)
    body = mask_batch(job, before).body
    assert body["risk"]["tokens"] == measure
    staged = rows_of(lake, body)
    assert len({row["visit_no"] for row in staged}) == len(staged) == body["rows"]
    months = defaultdict(set)
    for row in staged:
        months[row["identity_no"]].add(row["seen_on"])
    if measure == "gone":
        assert set(months) == {None}
    else:
        assert len(months) == len(staged) and None not in months
        assert all(len(found) == 1 for found in months.values())


@pytest.mark.parametrize(("days", "measure"), [(12, "month"), (28, "gone")])
def test_a_person_who_is_part_of_the_key_is_no_number_of_a_row(
    settings: Settings, days: int, measure: str
) -> None:
    """Key of person and day: its tokens change or go, and no order ties the rows either."""
    key = ("identity_no", "seen_on")
    columns = [replace(it, primary_key=it.name in key) for it in VISITS.columns]
    clinic = contract(replace(VISITS, columns=tuple(columns)))
    new_lake(settings, clinic)
    rows = [
        {**row, "paid": f"{place}.00"}
        for place, row in enumerate(traceable(days, measure == "month"))
    ]
    job, before = gated(settings, clinic, "visits", rows)
    masked = mask_batch(job, before)
    assert masked.body["risk"]["tokens"] == measure
    staged = rows_of(settings, masked.body)
    tokens = {row["identity_no"] for row in staged}
    assert tokens == {None} if measure == "gone" else len(tokens) == len(staged)
    paid = [int(row["paid"]) for row in staged]
    assert sorted(paid) == list(range(500)) != paid
    publish(job, masked)
    job, before = gated(settings, clinic, "visits", rows, day=date(2026, 3, 3))
    assert "difference" not in publish(job, mask_batch(job, before)).body


def test_the_next_version_is_told_no_finer_and_its_difference_is_in_the_receipt(
    lake: Settings,
) -> None:
    job, before = gated(lake, CLINIC, "visits", visits(400))
    first = mask_batch(job, before)
    publish(job, first)
    more = date(2026, 3, 3)
    job, before = gated(lake, CLINIC, "visits", visits(4_003, start=0)[3:], day=more)
    second = mask_batch(job, before)
    told = second.body["risk"]
    assert told["levels"] == first.body["risk"]["levels"] and told["steps"] == 0
    body = publish(job, second).body
    assert body["difference"]["went"] >= 1 and body["difference"]["came"] > 3_000
    assert not body["difference"]["small"]


def test_what_was_masked_and_not_published_since_is_no_floor(lake: Settings) -> None:
    """A rotation, then a release that is killed before it publishes: people still read
    the first masking, and what follows is told no finer than that."""
    job, before = gated(lake, CLINIC, "visits", visits(400))
    first = mask_batch(job, before)
    publish(job, first)
    rotate(lake, job.ledger, own_scope("analysts", "statistics", "invented"), "tests")
    again = mask_batch(job, before)
    assert again.body["files_digest"] != first.body["files_digest"]
    more = date(2026, 3, 3)
    job, before = gated(lake, CLINIC, "visits", visits(4_000), day=more)
    second = mask_batch(job, before)
    assert second.body["risk"]["levels"] == first.body["risk"]["levels"]
    assert "difference" in publish(job, second).body


def test_where_nothing_says_how_the_read_version_was_told_nothing_is_masked(
    lake: Settings,
) -> None:
    job, before = gated(lake, CLINIC, "visits", visits(40))
    publish(job, mask_batch(job, before))
    published = last(lake, "published", job.batch).body
    job.ledger.append(
        "published", "tests", job.batch, {**published, "files_digest": "0" * 64}
    )
    job, before = gated(lake, CLINIC, "visits", visits(40), day=date(2026, 3, 3))
    with pytest.raises(OutOfTurn, match="没有这一版发布内容的 masked 回执"):
        mask_batch(job, before)
    assert last(lake, "masked", job.batch) is None


@pytest.mark.parametrize("waits", [False, True])
def test_a_version_of_three_other_people_is_told_or_waits(
    lake: Settings, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    monkeypatch.setattr("jobs.differencing.WAITS_FOR_ENOUGH", waits)
    assert rules.WAITS_FOR_ENOUGH is False
    alike = [
        {**row, "born": "1950-01-01", "seen_on": "2025-01-11"} for row in visits(403)
    ]
    job, before = gated(lake, CLINIC, "visits", alike[:400])
    publish(job, mask_batch(job, before))
    job, before = gated(lake, CLINIC, "visits", alike, day=date(2026, 3, 3))
    masked = mask_batch(job, before)
    if waits:
        with pytest.raises(TooFewChanged):
            publish(job, masked)
        assert last(lake, "published", job.batch) is None
    else:
        body = publish(job, masked).body
        assert body["difference"] == {
            "came": 3, "went": 0, "exposed": 3, "small": True,
        }  # fmt: skip
