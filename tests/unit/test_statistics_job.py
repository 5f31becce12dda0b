"""Standing statistics of a real batch: published beside the table, without small counts."""

from __future__ import annotations

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
from lake_config.errors import NothingToDo
from lake_config.layers import CURATED
from lake_config.settings import Settings
from sharing.tables import tables_of
from tests.lib.gated_batch import DAY, gated, last, new_lake
from tests.lib.quality_cases import contract
from tests.lib.visits import VISITS, visits

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
