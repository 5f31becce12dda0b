"""The masking of a frame: as the plain masker does it, and without a key in the plan."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from lake_config.settings import Settings
from privacy.keys import init_keys, key
from privacy.mask_frame import Scope, key_names, mask, published_columns
from privacy.policy import PURPOSES, STATISTICS
from quality.typed_text import parsed
from tests.lib import plain_masker
from tests.lib.gated_batch import HIDDEN, PEOPLE, people
from tests.lib.quality_cases import nasty_cell

SCOPE = Scope("analysts", STATISTICS, "invented")


@pytest.fixture
def keyed(settings: Settings) -> Settings:
    init_keys(settings)
    return settings


def framed(spark: Any, rows: list[dict[str, Any]]) -> Any:
    schema = ", ".join(f"{item.name} {item.landed_type}" for item in PEOPLE.columns)
    cells = [tuple(row[item.name] for item in PEOPLE.columns) for row in rows]
    return spark.createDataFrame(cells, schema)


def generated(seed: int, count: int) -> list[dict[str, Any]]:
    """Good rows of which each has a few cells replaced by nasty ones."""
    chance = random.Random(seed)
    rows = people(count)
    for row in rows:
        for name in chance.sample([name for name in row if name != "times"], 4):
            row[name] = nasty_cell(chance)
    return rows


@pytest.mark.parametrize("purpose", PURPOSES)
def test_spark_masks_as_the_plain_masker_does(
    keyed: Settings, spark: Any, purpose: str
) -> None:
    rows = generated(len(purpose), 600)
    scope = Scope("analysts", purpose, "invented")
    found = mask(framed(spark, rows), PEOPLE, scope, keyed, parsed).collect()
    wanted = plain_masker.masked(PEOPLE, rows, purpose, "analysts", "invented", keyed)
    names = [item.name for item in published_columns(PEOPLE, purpose)]
    assert Counter(tuple(row[name] for name in names) for row in found) == Counter(
        tuple(row[name] for name in names) for row in wanted
    )


def test_only_the_policy_s_columns_leave_and_they_carry_their_types(
    keyed: Settings, spark: Any
) -> None:
    frame = mask(framed(spark, people(3)), PEOPLE, SCOPE, keyed, parsed)
    assert dict(frame.dtypes) == {
        "record_no": "string", "identity_no": "string", "mobile": "string",
        "card": "string", "home": "string", "born": "int", "sex": "string",
        "illness": "string", "seen_at": "date", "paid": "decimal(12,2)",
        "times": "bigint", "office": "string",
    }  # fmt: skip
    assert not set(HIDDEN) & set(frame.columns)


def test_no_key_and_no_value_stands_in_the_plan(keyed: Settings, spark: Any) -> None:
    frame = mask(framed(spark, people(3)), PEOPLE, SCOPE, keyed, parsed)
    plan = frame._jdf.queryExecution().toString()
    assert "token" in plan
    for name in key_names(PEOPLE, SCOPE):
        secret = key(keyed, name)
        assert secret.hex() not in plan
        assert repr(secret)[2:-1] not in plan


def test_rows_leave_in_another_order_than_they_came_and_other_for_another_recipient(
    keyed: Settings, spark: Any
) -> None:
    frame = framed(spark, people(200)).coalesce(1)
    orders = []
    for recipient in ("analysts", "police"):
        scope = Scope(recipient, STATISTICS, "invented")
        rows = mask(frame, PEOPLE, scope, keyed, parsed).collect()
        orders.append([row["times"] for row in rows])
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(200))
    assert orders[0] != orders[1]
    assert list(range(200)) not in orders


def test_a_column_of_the_same_type_joins_inside_a_department_only(
    keyed: Settings, spark: Any
) -> None:
    found = []
    for department in ("a", "a", "b"):
        scope = Scope("analysts", STATISTICS, department)
        frame = mask(framed(spark, people(5)), PEOPLE, scope, keyed, parsed)
        found.append({row["identity_no"] for row in frame.collect()})
    assert found[0] == found[1]
    assert not found[0] & found[2]
