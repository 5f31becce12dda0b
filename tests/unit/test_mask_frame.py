"""The masking of rows: as the plain masker does it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from jobs.published_value import published_value
from lake_config.contract import LOGICAL_TYPES, SEMANTIC_TYPES
from lake_config.contract_checks import WRITTEN
from lake_config.settings import Settings
from privacy.mask_frame import mask, published_columns
from privacy.options import OPTIONS
from privacy.policy import PURPOSES, STATISTICS, treatment
from privacy.scopes import Scope
from privacy.treatments import GENERALISERS
from quality.row_values import value
from tests.lib import plain_masker
from tests.lib.gated_batch import HIDDEN, PEOPLE, landed, people
from tests.lib.keyed_lake import with_keys
from tests.lib.quality_cases import column, nasty_cell, table

SCOPE = Scope("analysts", STATISTICS, "invented")


@pytest.fixture
def keyed(settings: Settings) -> Settings:
    whose = [("analysts", purpose, "invented") for purpose in PURPOSES]
    others = [("police", "invented"), ("analysts", "a"), ("analysts", "b")]
    whose += [(who, STATISTICS, department) for who, department in others]
    with_keys(settings, *whose)
    return settings


def framed(rows: list[dict[str, Any]]) -> pl.LazyFrame:
    cells = {
        item.name: pa.array([row[item.name] for row in rows], landed(item.landed_type))
        for item in PEOPLE.columns
    }
    frame = pl.from_arrow(pa.table(cells))
    assert isinstance(frame, pl.DataFrame)
    return frame.lazy()


def masked_rows(
    rows: pl.LazyFrame, scope: Scope, settings: Settings
) -> list[dict[str, Any]]:
    return mask(rows, PEOPLE, scope, settings, value).collect().to_dicts()


def generated(seed: int, count: int) -> list[dict[str, Any]]:
    """Good rows of which each has a few cells replaced by nasty ones."""
    chance = random.Random(seed)
    rows = people(count)
    for row in rows:
        for name in chance.sample([name for name in row if name != "times"], 4):
            row[name] = nasty_cell(chance)
    return rows


@pytest.mark.parametrize("purpose", PURPOSES)
def test_rows_are_masked_as_the_plain_masker_does(
    keyed: Settings, purpose: str
) -> None:
    rows = generated(len(purpose), 600)
    scope = Scope("analysts", purpose, "invented")
    found = masked_rows(framed(rows), scope, keyed)
    wanted = plain_masker.masked(PEOPLE, rows, purpose, "analysts", "invented", keyed)
    names = [item.name for item in published_columns(PEOPLE, purpose)]
    assert Counter(tuple(row[name] for name in names) for row in found) == Counter(
        tuple(row[name] for name in names) for row in wanted
    )


def test_only_the_policy_s_columns_leave_and_they_carry_their_types(
    keyed: Settings,
) -> None:
    types = mask(framed(people(3)), PEOPLE, SCOPE, keyed, value).collect_schema()
    assert dict(types) == {
        "record_no": pl.String, "identity_no": pl.String, "mobile": pl.String,
        "card": pl.String, "home": pl.String, "born": pl.Int32, "sex": pl.String,
        "illness": pl.String, "seen_at": pl.Date, "paid": pl.Decimal(12, 2),
        "times": pl.Int64, "office": pl.String,
    }  # fmt: skip
    assert not set(HIDDEN) & set(types)


def test_rows_leave_in_another_order_than_they_came_and_other_for_another_recipient(
    keyed: Settings,
) -> None:
    frame = framed(people(200))
    orders = []
    for recipient in ("analysts", "police"):
        scope = Scope(recipient, STATISTICS, "invented")
        rows = masked_rows(frame, scope, keyed)
        orders.append([row["times"] for row in rows])
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(200))
    assert orders[0] != orders[1]
    assert list(range(200)) not in orders


def test_a_column_of_the_same_type_joins_inside_a_department_only(
    keyed: Settings,
) -> None:
    found = []
    for department in ("a", "a", "b"):
        scope = Scope("analysts", STATISTICS, department)
        rows = masked_rows(framed(people(5)), scope, keyed)
        found.append({row["identity_no"] for row in rows})
    assert found[0] == found[1]
    assert not found[0] & found[2]


def test_rows_of_one_token_or_of_none_are_in_no_order(keyed: Settings) -> None:
    calls = table(
        "calls",
        [
            column("caller", semantic_type="landline"),
            column("call_no", semantic_type="record_key", primary_key=True),
            column("minutes", "integer"),
        ],
    )
    rows = [
        {"caller": ("0455-8812345", None)[turn // 100], "call_no": f"C{turn:03d}"}
        for turn in range(200)
    ]
    frame = pl.LazyFrame(rows).with_columns(minutes=pl.int_range(200).cast(pl.String))
    found = mask(frame, calls, SCOPE, keyed, value).collect()
    for caller in (pl.col("caller").is_null(), pl.col("caller").is_not_null()):
        minutes = found.filter(caller)["minutes"].to_list()
        assert len(minutes) == 100 and minutes != sorted(minutes)


@pytest.mark.parametrize("kind", SEMANTIC_TYPES)
def test_what_a_contract_may_say_can_be_told_by_every_way_there_is(kind: str) -> None:
    """And dates stay inside the calendar, whatever type the contract gives them."""
    ways = {treatment(kind, use) for use in PURPOSES} | set(
        OPTIONS.get(kind, {}).values()
    )
    for type_ in WRITTEN.get(kind, LOGICAL_TYPES):
        item = column("c", type_, semantic_type=kind, physical_type="decimal(12,2)")
        cells = pl.LazyFrame({"c": ["20240105", "2024-01-05", "35", "NaN", "", None]})
        for way in ways:
            if way.kind == "generalise":
                told = GENERALISERS[way.how](published_value(item)).alias("c")
                found = cells.select(told).collect()["c"]
                if found.dtype == pl.Date:
                    assert found.drop_nulls().is_between(date(1, 1, 1), date.max).all()
