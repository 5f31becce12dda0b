"""Statistics stand beside the table: what they tell more than its rows would be about the few
whom the gate leaves out."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from jobs.__main__ import release
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.published_value import published_value
from jobs.risk_gate import looked_at
from lake_config.contract import Contract
from lake_config.contract_statistics import Statistic
from lake_config.errors import JobFailed, OutOfTurn
from lake_config.layers import CURATED
from lake_config.settings import Settings
from privacy.key_changes import rotate
from privacy.keys import own_scope
from privacy.policy import STATISTICS
from privacy.risk.decide import decided_again
from privacy.risk.ladder import Parts, parts_of
from privacy.standing_statistics import cells_of, counted
from tests.lib.gated_batch import gated, last, new_lake
from tests.lib.quality_cases import contract
from tests.lib.visits import VISITS, visits

PAID = Statistic("paid", "金额", ("county",), "sum", "paid")
BENEFITS = Statistic("benefits", "人数", ("county", "benefit"), "persons")
Row = dict[str, Any]


def counting(*statistics: Statistic) -> Contract:
    return contract(replace(VISITS, statistics=statistics))


def alike(people: int) -> list[Row]:
    """All of an age, so that whoever is of another stays alone."""
    told = {"born": "1950-01-01", "seen_on": "2025-01-11", "sex": "1", "paid": "50.00"}
    return [{**row, **told} for row in visits(people)]


def published(settings: Settings, name: str) -> list[Row]:
    folder = settings.layers.shared_table(CURATED, "invented", name)
    return list(DeltaTable(str(folder)).to_pyarrow_table().to_pylist())


def one_alone(settings: Settings) -> tuple[Any, Any]:
    """A batch of 200 people with a statistic, of whom the gate leaves out one."""
    whose = counting(PAID)
    new_lake(settings, whose)
    rows = alike(200)
    rows[7] |= {"born": "1990-01-01", "paid": "87654.50"}
    return gated(settings, whose, "visits", rows)


def test_who_is_left_out_of_the_table_is_in_no_sum(settings: Settings) -> None:
    job, _ = one_alone(settings)
    assert "199 rows" in release(job)
    assert last(settings, "masked", job.batch).body["risk"]["left_out"] == 1
    sums = {row["county"]: row["value"] for row in published(settings, "paid")}
    assert sums == {"231202": 5_000, "231221": 5_000}, "99 of 50 yuan, and nothing else"


def test_a_value_left_blank_in_the_table_is_counted_as_blank(
    settings: Settings,
) -> None:
    """Ten people of one sex have one benefit: their rows do not tell it, nor does the sum."""
    whose = counting(BENEFITS)
    new_lake(settings, whose)
    rows = alike(400)
    for place, row in enumerate(rows):
        row["benefit"] = str(place // 2 % 3 + 1)
    for row in rows[:20:2]:
        row |= {"sex": "2", "benefit": "2"}
    job, _ = gated(settings, whose, "visits", rows)
    release(job)
    found = last(settings, "masked", job.batch).body["risk"]
    assert found["left_out"] == 0
    assert found["diversity"]["benefit"]["untold_rows"] == 10
    told = Counter(
        (row["county"], row["benefit"]) for row in published(settings, "visits")
    )
    assert told["231202", None] == 10
    counted = {
        (row["county"], row["benefit"]): row["value"]
        for row in published(settings, "benefits")
    }
    assert counted.keys() == told.keys()
    assert all(abs(counted[cell] - number) <= 2.5 for cell, number in told.items())


def test_a_blank_value_is_not_one_of_the_different_ones() -> None:
    """Told by year, three benefits of one sex; by month two of them, and those left blank."""
    rows = alike(300)
    for place, row in enumerate(rows):
        sex, benefit = ("2", "2") if place < 10 else ("1", str(place % 3 + 1))
        on = "2025-02-11" if benefit == "3" else "2025-01-11"
        row |= {"county": "231202", "sex": sex, "benefit": benefit, "seen_on": on}
    landed, parts = pl.LazyFrame(rows), parts_of(VISITS, STATISTICS)
    levels = {"county": "keep", "sex": "keep", "born": "birth_year", "seen_on": "year"}
    told = {"levels": levels, "first": levels, "at_least": 5}
    decision = decided_again(looked_at([landed], parts), parts, told)
    assert decision.diversity["benefit"].untold_rows == 10
    monthly = Statistic("monthly", "人数", ("seen_on", "benefit"), "rows")
    looks = counted(landed, VISITS, monthly, published_value, decision).collect()
    january = looks.filter(pl.col("seen_on").dt.month() == 1)
    assert set(january["benefit"]) == {"1", "2", None}
    cells = cells_of(looks.lazy(), VISITS, monthly, 5)
    assert set(cells["benefit"]) == {None}, "no month has three that are told"


def test_a_masking_that_was_never_published_decides_nothing(settings: Settings) -> None:
    """Masked anew under new keys and killed: the statistic is about what people read."""
    job, before = one_alone(settings)
    publish(job, mask_batch(job, before))
    rotate(
        settings,
        open_ledger(settings),
        own_scope("analysts", "statistics", "invented"),
        "t",
    )
    mask_batch(job, before)
    assert release(job) == "published 1 statistics"
    assert {row["value"] for row in published(settings, "paid")} == {5_000}


@pytest.mark.parametrize("refused", [JobFailed, OutOfTurn])
def test_what_is_not_found_again_is_not_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, refused: type[Exception]
) -> None:
    """Another result than the receipt's, or no receipt of the published files: no statistic."""
    job, before = one_alone(settings)
    publish(job, mask_batch(job, before))
    if refused is JobFailed:
        monkeypatch.setattr("jobs.risk_gate.looked_at", without_the_last_rows)
    else:
        monkeypatch.setattr("jobs.risk_gate.find", lambda *_: None)
    with pytest.raises(refused):
        release(job)
    assert last(settings, "masked", job.batch.replace("visits", "paid")) is None


def without_the_last_rows(pieces: list[pl.LazyFrame], parts: Parts) -> pl.DataFrame:
    return looked_at(pieces, parts).head(-20)
