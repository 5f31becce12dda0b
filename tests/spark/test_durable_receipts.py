"""No receipt is written before what it names would survive a power cut."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jobs.collect import collect
from jobs.context import Job
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.reconcile import reconcile
from lake_config.contract_loader import load_contract
from lake_config.settings import Settings
from tests.lib.gated_batch import DAY, INVENTED, gated, new_lake, people
from tests.lib.one_department import (
    CONTRACT,
    DEPARTMENT,
    TABLE,
    hand_over,
    signed_lake,
    teachers,
)


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[Path]]:
    """Kind of receipt to all that was synced before it was recorded."""
    so_far: set[Path] = set()
    found: dict[str, set[Path]] = {}
    fsync, record = os.fsync, Job.record

    def noted(handle: int) -> None:
        so_far.add(Path(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    def marked(job: Job, kind: str, *given: Any, **facts: Any) -> Any:
        found[kind] = set(so_far)
        return record(job, kind, *given, **facts)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Job, "record", marked)
    return found


def test_a_published_version_is_durable_before_its_receipt(
    settings: Settings, synced: dict[str, set[Path]]
) -> None:
    new_lake(settings, INVENTED)
    for day in (2, 3):
        when = DAY.replace(day=day)
        job, step = gated(settings, INVENTED, "people", people(9), day=when)
        publish(job, mask_batch(job, step))
    table = settings.layers.shared_table("analysts", "invented", "people")
    assert set(table.glob("*.parquet")) <= synced["published"]
    commits = {table / "_delta_log" / f"{number:020d}.json" for number in (0, 1)}
    assert commits | {table, table / "_delta_log", table.parent} <= synced["published"]


def test_an_attempt_is_durable_before_its_receipt(
    tmp_path: Path, spark: Any, synced: dict[str, set[Path]]
) -> None:
    settings = signed_lake(tmp_path / "lake", tmp_path / "contracts", "甲")
    hand_over(settings, teachers(), DAY)
    contract = load_contract(CONTRACT)
    job = Job(settings, contract, contract.table(TABLE), DAY)
    job.__dict__["spark"] = spark
    step = collect(job)
    raw = step.raw(job)
    made = {path for path in raw.rglob("*") if path.is_file()}
    assert any("_delivered" in path.parts for path in made)
    assert made | {raw, raw.parent} <= synced["collected"]
    assert step.body["control"] == "rows" and step.body["collected_rows"] == 60
    assert reconcile(job, step).body["rows"] == 60
    assert job.layers.raw_batch(DEPARTMENT, TABLE, DAY) == raw.parent
