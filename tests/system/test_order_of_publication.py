"""Days that were delivered while a signature was awaited are published in their order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from audit.ledger import open_ledger
from audit.verify import verify
from lake_config.settings import Settings, load
from ops.spark_service import running_spark
from tests.lib.one_department import (
    CONTRACT,
    DEPARTMENT,
    TABLE,
    hand_over,
    share_no_more,
    teachers,
)
from tests.lib.small_lake import DAY, lake_command

DAYS = [DAY + timedelta(days=number) for number in range(5)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One department with an enrolled officer who has signed nothing yet."""
    home = tmp_path_factory.mktemp("order")
    contracts = home / "contracts"
    contracts.mkdir()
    (contracts / CONTRACT.name).write_bytes(CONTRACT.read_bytes())
    found = load({"LAKE_HOME": str(home), "LAKE_CONTRACTS": str(contracts)})
    assert lake_command(found, "init", "--officer", "甲")[0] == 0
    with running_spark(found, brief=True):
        yield found


def run(lake: Settings, number: int) -> tuple[int, str]:
    return lake_command(lake, "run", DEPARTMENT, "--date", f"{DAYS[number]}")


def status(lake: Settings) -> dict[str, Any]:
    [row] = json.loads(lake_command(lake, "status", "--json")[1])
    return dict(row)


def published(lake: Settings) -> list[tuple[str, int]]:
    events = [item for item in open_ledger(lake).events() if item.kind == "published"]
    return [(event.body["date"], event.body["version"]) for event in events]


def test_days_that_waited_are_published_in_order(lake: Settings) -> None:
    for number in range(3):
        hand_over(lake, teachers(60 + number), DAYS[number])
        assert run(lake, number)[0] == 32, "nobody has signed"
    assert lake_command(lake, "approve", DEPARTMENT, "--officer", "甲 ")[0] == 0
    assert run(lake, 1)[0] == 0
    code, said = run(lake, 0)
    assert code == 31 and f"已发布 {DAYS[1]}" in said
    assert run(lake, 2)[0] == 0, "the gate judged again, against what is read now"
    assert published(lake) == [(f"{DAYS[1]}", 0), (f"{DAYS[2]}", 1)]
    before = open_ledger(lake).file.read_bytes()
    for number in (1, 2):
        code, said = run(lake, number)
        assert code == 0 and "没有改动任何内容" in said
    assert open_ledger(lake).file.read_bytes() == before


def test_a_table_that_is_not_shared_stops_after_the_gate(lake: Settings) -> None:
    share_no_more(lake)
    hand_over(lake, teachers(63), DAYS[3])
    code, said = run(lake, 3)
    assert code == 0 and TABLE in said and "不予共享" in said
    row = status(lake)
    assert (row["verdict"], row["collected_rows"]) == ("not_shared", 63)
    assert len(published(lake)) == 2
    assert not list(lake.layers.staging.rglob("*.parquet"))
    failed = [item for item in open_ledger(lake).events() if item.kind == "failed"]
    assert f"{DAYS[3]}" not in {event.body["date"] for event in failed}
    assert verify(lake).ok
