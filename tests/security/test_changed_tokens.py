"""Where the risk gate has a person's tokens change by month or go, nothing else brings back
the one lasting token: no re-link table and no vault."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.relink import Rotation, hand_over, relink, rotation_of, warrant_to_relink
from jobs.vault import reveal, warrant_to_reveal
from lake_config.contract import Contract
from lake_config.errors import UsageError
from lake_config.layers import CURATED
from lake_config.settings import Settings
from privacy.key_changes import rotate
from privacy.keys import own_scope
from privacy.warrants import signers
from tests.lib.gated_batch import DAY, gated, new_lake
from tests.lib.keyed_lake import OFFICERS, both_sign, with_officers
from tests.lib.quality_cases import column, contract, identity_number, table

PERSON = column("identity_no", semantic_type="identity_number")
WHEN = column("seen_on", "date", semantic_type="event_date")
NUMBER = column("visit_no", semantic_type="record_key", primary_key=True, required=True)
NUMBERED = contract(table("visits", [NUMBER, PERSON, WHEN]))
BARE = contract(
    table("visits", [column("visit_no", primary_key=True, required=True), PERSON, WHEN])
)
SCOPE = own_scope("analysts", "statistics", "invented")
PEOPLE, EACH = 100, 5
DAYS = {"same": 1, "month": 12, "gone": 28}
"""Different days of visits in a year's months, or in one month, by what the gate then does."""


@pytest.fixture
def lake(settings: Settings) -> Settings:
    return replace(settings, vault=True)


def number(person: int) -> str:
    return identity_number(f"231202195003{person % 28 + 1:02d}{person:03d}")


def visits(way: str) -> list[dict[str, Any]]:
    """Everybody alike but for the days of their visits."""
    draw, most = random.Random(5), DAYS[way]
    return [
        {
            "visit_no": f"V{person:03d}-{turn}",
            "identity_no": number(person),
            "seen_on": f"2025-{turn:02d}-01"
            if way == "month"
            else f"2025-03-{turn:02d}",
        }
        for person in range(PEOPLE)
        for turn in draw.sample(range(1, most + 1), min(EACH, most))
    ]


def published(lake: Settings, of: Contract, way: str, day: int = 2) -> list[Any]:
    job, before = gated(lake, of, "visits", visits(way), day=DAY.replace(day=day))
    masked = mask_batch(job, before)
    assert masked.body["risk"]["tokens"] == way
    publish(job, masked)
    folder = lake.layers.shared_table(CURATED, "invented", "visits")
    return list(DeltaTable(str(folder)).to_pyarrow_table().to_pylist())


def rotated(lake: Settings) -> Rotation:
    rotate(lake, open_ledger(lake), SCOPE, "tests")
    return rotation_of(open_ledger(lake), SCOPE)


def linked(lake: Settings, of: Contract, rotation: Rotation, to: Path) -> set[Any]:
    ledger = open_ledger(lake)
    both_sign(lake, warrant_to_relink(ledger, rotation, 30))
    relink(lake, ledger, [of], rotation, 30, "tests")
    hand_over(lake, ledger, rotation, to, "tests")
    return {(row["class"], row["old"]) for row in pq.read_table(to).to_pylist()}


def begun(lake: Settings, of: Contract) -> None:
    new_lake(lake, of)
    with_officers(lake)


@pytest.mark.parametrize("way", ["month", "gone"])
def test_a_re_link_table_has_the_rows_numbers_and_no_person(
    lake: Settings, tmp_path: Path, way: str
) -> None:
    begun(lake, NUMBERED)
    rows = published(lake, NUMBERED, way)
    found = linked(lake, NUMBERED, rotated(lake), tmp_path / "links.parquet")
    assert found == {("record_key", row["visit_no"]) for row in rows}
    used = [event.body for event in open_ledger(lake).events("key_used")]
    told = [body["key_ids"] for body in used if body["purpose"] == "relink"]
    assert not any("identity_number" in name for names in told for name in names)


def test_nor_where_they_have_changed_since_the_rotation(
    lake: Settings, tmp_path: Path
) -> None:
    begun(lake, NUMBERED)
    published(lake, NUMBERED, "same")
    rotation = rotated(lake)
    published(lake, NUMBERED, "month", day=3)
    found = linked(lake, NUMBERED, rotation, tmp_path / "links.parquet")
    assert {kind for kind, _ in found} == {"record_key"}


@pytest.mark.parametrize("way", ["month", "gone"])
def test_where_no_token_lasts_there_is_no_table_and_no_warrant_is_used(
    lake: Settings, tmp_path: Path, way: str
) -> None:
    begun(lake, BARE)
    published(lake, BARE, way)
    rotation, ledger = rotated(lake), open_ledger(lake)
    with pytest.raises(UsageError, match="按月更换或不提供"):
        linked(lake, BARE, rotation, tmp_path / "links.parquet")
    assert not lake.layers.relinks(SCOPE).exists()
    warrant = warrant_to_relink(ledger, rotation, 30)
    assert set(signers(lake, ledger, warrant)) == set(OFFICERS)


@pytest.mark.parametrize("way", ["same", "month"])
def test_the_vault_answers_for_the_tokens_people_read_and_for_no_other(
    lake: Settings, way: str
) -> None:
    begun(lake, NUMBERED)
    rows, ledger = published(lake, NUMBERED, way), open_ledger(lake)
    receipt = next(ledger.newest("masked", f"invented.visits.{DAY}"))
    tokens = {row["identity_no"] for row in rows}
    each = EACH if way == "month" else 1
    assert receipt.body["vaulted"] == len(tokens) == PEOPLE * each
    true = {(row["identity_no"], row["seen_on"][:7]) for row in visits(way)}
    for row in rows[:2]:
        token = row["identity_no"]
        both_sign(lake, warrant_to_reveal(lake, ledger, token, "事由"))
        shown = reveal(lake, ledger, token, "事由", "tests")
        assert (shown, f"{row['seen_on']:%Y-%m}") in true


def test_where_tokens_are_gone_the_vault_keeps_nobody(lake: Settings) -> None:
    begun(lake, NUMBERED)
    published(lake, NUMBERED, "gone")
    assert not lake.layers.vaults.exists()
    receipt = next(open_ledger(lake).newest("masked", f"invented.visits.{DAY}"))
    assert "vaulted" not in receipt.body
