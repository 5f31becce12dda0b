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

from audit.ledger import open_ledger
from jobs.__main__ import release
from jobs.mask import mask_batch
from jobs.publish import publish
from lake_config.errors import NothingToDo, OutOfTurn, TooFewChanged, TooFewPeople
from lake_config.layers import CURATED
from lake_config.settings import Settings
from ops import risk as risk_command
from privacy.key_changes import rotate
from privacy.keys import own_scope
from privacy.risk import rules
from sharing.tables import tables_of
from tests.lib.gated_batch import DAY, gated, last, new_lake
from tests.lib.quality_cases import column, contract, identity_number, table

VISITS = table(
    "visits",
    [
        column("visit_no", semantic_type="record_key", primary_key=True, required=True),
        column("identity_no", semantic_type="identity_number"),
        column("county", semantic_type="county_code", codes=("231202", "231221")),
        column("sex", semantic_type="sex", codes=("1", "2")),
        column("born", "date", semantic_type="birth_date"),
        column("seen_on", "date", semantic_type="event_date"),
        column("benefit", semantic_type="sensitive_code", codes=("1", "2", "3")),
        column("paid", "number", semantic_type="amount", physical_type="decimal(12,2)"),
    ],
)
CLINIC = contract(VISITS)


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, CLINIC)
    return settings


def person(number: int) -> str:
    day = f"19{50 + number % 40}{number % 12 + 1:02d}{number % 28 + 1:02d}"
    return identity_number(f"231202{day}{number % 1000:03d}")


def visits(people: int, each: int = 1, start: int = 0) -> list[dict[str, Any]]:
    """Invented people of two counties, each with visits in different months."""
    return [
        {
            "visit_no": f"V{number:05d}-{turn}",
            "identity_no": person(number),
            "county": ("231202", "231221")[number % 2],
            "sex": str(number // 2 % 2 + 1),
            "born": f"{1950 + number % 40}-03-0{number % 9 + 1}",
            "seen_on": f"2025-{(number * 5 + turn * 3) % 12 + 1:02d}-1{number % 9}",
            "benefit": str((number // 4 + turn) % 3 + 1),
            "paid": f"{number}.50",
        }
        for number in range(start, start + people)
        for turn in range(each)
    ]


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


@pytest.mark.parametrize(("days", "measure"), [(12, "month"), (28, "gone")])
def test_tokens_of_a_traceable_person_change_by_month_or_go(
    lake: Settings, days: int, measure: str
) -> None:
    """A hundred people alike with five visits each, in months of a year or on days of one."""
    draw = random.Random(5)
    alike = {"born": "1950-01-01", "county": "231202", "sex": "1"}
    rows = [
        {
            **row,
            **alike,
            "visit_no": f"V{number}-{turn}",
            "seen_on": f"2025-{turn:02d}-01"
            if measure == "month"
            else f"2025-03-{turn:02d}",
        }
        for number, row in enumerate(visits(100))
        for turn in draw.sample(range(1, days + 1), 5)
    ]
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


STATISTICS = [
    {"name": "visits_by_month", "by": ("seen_on", "county"), "measure": "rows"},
    {"name": "people_by_county", "by": ("county", "sex"), "measure": "persons"},
    {"name": "paid_by_county", "by": ("county",), "measure": "sum", "of": "paid"},
]


def counting_contract() -> Any:
    from lake_config.contract_statistics import Statistic

    found = tuple(Statistic(business_name=one["name"], **one) for one in STATISTICS)  # type: ignore[arg-type]
    return contract(replace(VISITS, statistics=found))


def test_statistics_are_published_beside_the_table_and_small_counts_are_not(
    settings: Settings,
) -> None:
    counted = counting_contract()
    new_lake(settings, counted)
    rows = visits(400)
    for place, row in enumerate(rows):
        if row["seen_on"].startswith("2025-07"):
            row["seen_on"] = "2025-08-11"
        if place < 3:
            row["seen_on"] = "2025-07-01"
    job, _ = gated(settings, counted, "visits", rows)
    assert "with 3 statistics" in release(job)
    assert last(settings, "masked", job.batch).body["risk"]["left_out"] == 0
    listed = tables_of(open_ledger(settings), CURATED)
    assert {name for _, name in listed} == {
        "visits",
        *(one["name"] for one in STATISTICS),
    }

    def published(name: str) -> list[dict[str, Any]]:
        folder = settings.layers.shared_table(CURATED, "invented", name)
        return list(DeltaTable(str(folder)).to_pyarrow_table().to_pylist())

    months = published("visits_by_month")
    assert {tuple(row) for row in months} == {("seen_on", "county", "value")}
    few = [row for row in months if row["seen_on"] == date(2025, 7, 1)]
    assert few and all(row["value"] is None for row in few)
    assert all(row["value"] % 5 == 0 for row in months if row["value"] is not None)
    true = defaultdict(int)
    for row in rows:
        true[date.fromisoformat(row["seen_on"]).replace(day=1), row["county"]] += 1
    assert set(true) == {(row["seen_on"], row["county"]) for row in months}
    for row in months:
        if row["value"] is not None:
            assert abs(row["value"] - true[row["seen_on"], row["county"]]) <= 2.5
    people = published("people_by_county")
    assert [row["value"] for row in people] == [100, 100, 100, 100]
    total = published("paid_by_county")
    paid = {"231202": 0.0, "231221": 0.0}
    for row in rows:
        paid[row["county"]] += float(row["paid"])
    assert all(abs(row["value"] - paid[row["county"]]) <= 50 for row in total)
    receipt = last(settings, "masked", f"invented.visits_by_month.{DAY}")
    assert receipt.body["risk"]["small"] >= 1
    assert receipt.body["risk"]["withheld"] >= receipt.body["risk"]["small"]
    with pytest.raises(NothingToDo):
        release(job)


def test_a_run_killed_before_its_statistics_is_made_up_for(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = counting_contract()
    new_lake(settings, counted)
    job, before = gated(settings, counted, "visits", visits(400))
    publish(job, mask_batch(job, before))
    assert release(job) == "published 3 statistics"
    with pytest.raises(NothingToDo):
        release(job)
