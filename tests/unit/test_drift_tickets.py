"""What a department is told of drift: once, and in the contract's own names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from audit.ledger import init_ledger, open_ledger
from jobs.context import Job
from jobs.drift import check_drift, noted, ticketed
from lake_config.errors import DeliveryUndecodable, SchemaChanged
from lake_config.settings import Settings
from lake_config.source_schema import Seen, SeenColumn, write_schemas
from tests.lib import quality_cases
from tests.lib.gated_batch import DAY

CARDS = quality_cases.table(
    "cards", [quality_cases.column(name) for name in ("no", "owner")]
)
CONTRACT = quality_cases.contract(CARDS)
GOOD = (SeenColumn("no", "varchar", 9), SeenColumn("owner", "varchar", 60))


@pytest.fixture
def job(settings: Settings, tmp_path: Path) -> Job:
    own = replace(settings, contracts=tmp_path / "config" / "contracts")
    init_ledger(own)
    write_schemas(own, CONTRACT.department, {"cards": (GOOD, "2026-03-01")})
    return Job(own, CONTRACT, CARDS, DAY)


def told(job: Job) -> list[str]:
    return [event.kind for event in open_ledger(job.settings).events()]


def refused(job: Job, now: Seen, encoding: str = "") -> str:
    with pytest.raises((SchemaChanged, DeliveryUndecodable)) as caught, ticketed(job):
        check_drift(job, now, encoding)
    return str(caught.value)


def test_a_refusal_leaves_one_ticket(job: Job) -> None:
    foreign = (GOOD[0], SeenColumn("zhangsan", "varchar", 60))
    said = refused(job, foreign)
    assert "列改名 owner" in said and "zhangsan" not in said
    refused(job, foreign)
    [event] = open_ledger(job.settings).events("ticket")
    assert (event.body["kinds"], event.body["columns"]) == (["renamed"], ["owner"])
    refused(job, GOOD[:1])
    assert told(job) == ["ticket", "ticket"]


def test_an_added_column_is_told_by_its_place(job: Job) -> None:
    assert "新增列 #3" in refused(job, (*GOOD, SeenColumn("13945551234")))
    [event] = open_ledger(job.settings).events("ticket")
    assert event.body["columns"] == ["#3"]
    assert "13945551234" not in json.dumps(event.body)


def test_a_warning_is_noted_and_told(job: Job) -> None:
    found = check_drift(job, (GOOD[0], SeenColumn("owner", "varchar", 9)))
    fact = {"drift": [{"kind": "narrowed", "column": "owner"}]}
    assert noted(job, found) == noted(job, found) == fact
    assert told(job) == ["ticket", "alert"]


def test_what_is_harmless_is_only_noted(job: Job) -> None:
    found = check_drift(job, GOOD[::-1])
    assert {item["kind"] for item in noted(job, found)["drift"]} == {"reordered"}
    assert noted(job, check_drift(job, GOOD)) == {}
    assert told(job) == []


def test_a_wrong_encoding_is_a_delivery_that_cannot_be_read(job: Job) -> None:
    now = tuple(replace(item, encoding="UTF-8") for item in GOOD)
    assert "文件编码不符" in refused(job, now, "GB18030")
    assert check_drift(job, now, "UTF-8") == ()


def test_what_was_never_seen_has_not_drifted(job: Job) -> None:
    write_schemas(job.settings, CONTRACT.department, {})
    assert check_drift(job, (GOOD[0], SeenColumn("owner", "varchar", 9))) == ()
    assert "缺少列 owner" in refused(job, GOOD[:1])
