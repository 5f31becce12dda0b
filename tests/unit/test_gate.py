"""The gate without Spark: what it reads, keeps and records, and what it never says."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from jobs import gate as module
from jobs.accepted import KEPT, broken_rows_of, keep_broken_rows
from jobs.context import Job
from jobs.gate import gate
from lake_config.contract import Reference
from lake_config.errors import (
    ContractError,
    GateFailed,
    JobFailed,
    LakeError,
    NothingToDo,
    OutOfTurn,
    TableDamaged,
)
from lake_config.settings import OTHERS, Settings
from quality.run_suite import Outcome, run
from tests.lib.gated_batch import DAY, new_lake
from tests.lib.quality_cases import BAND, column, contract, table

Row = tuple[str | None, str | None, str]
FAMILIES = table("families", [column("family_no", primary_key=True)])
PEOPLE = table(
    "people",
    [
        column("person_no", primary_key=True),
        column("family_no"),
        column("born", "date"),
    ],
    references=(Reference("family_no", "families", "family_no"),),
    band=replace(BAND, quarantined=0.5),
)
CONTRACT = contract(FAMILIES, PEOPLE)
DAYS = ("2024-02-29", "2024-02-30")
GOOD: list[Row] = [("P1", "F1", DAYS[0]), ("P2", "F2", DAYS[0]), ("P3", None, DAYS[0])]
BAD: list[Row] = [
    *GOOD,
    ("P4", "F9", DAYS[1]),
    ("P1", "F9", DAYS[0]),
    (None, "F1", DAYS[0]),
    ("P8", "F1", DAYS[0]),
]


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Families landed; Great Expectations is asked where a test needs it."""
    monkeypatch.setattr(module, "run", lambda *_: (Outcome("columns.table", True),))
    new_lake(settings, CONTRACT)
    rows = {"family_no": ["F1", "F2", None]}
    landed(Job(settings, CONTRACT, FAMILIES, DAY), rows)
    return settings


def landed(job: Job, rows: dict[str, Any]) -> Path:
    """An attempt as collect and reconcile leave it, and rubbish beside what it names."""
    raw = job.layers.raw_attempt(job.contract.department, job.table.name, DAY, "a")
    number = len(next(iter(rows.values())))
    batch = {
        "_row": pa.array(range(1, number + 1), pa.int64()),
        "_batch": ["b"] * number,
    }
    content = pa.table({**rows, **batch})
    write_deltalake(str(raw), content)
    pq.write_table(content, raw / "left-by-a-killed-writer.parquet")
    job.record(
        "collected", "a", True, source_rows=number, collected_rows=number,
        control="rows", server="s", digests={},
    )  # fmt: skip
    job.record("reconciled", "a", True, rows=number, checks=[])
    return raw


def people(settings: Settings, rows: Iterable[Row]) -> tuple[Job, Path]:
    job = Job(settings, CONTRACT, PEOPLE, DAY)
    columns = zip(*rows, strict=True)
    names = (column.name for column in PEOPLE.columns)
    cells = {
        name: pa.array(cells, pa.string())
        for name, cells in zip(names, columns, strict=True)
    }
    return job, landed(job, cells)


def found(job: Job, raw: Path) -> list[tuple[int, list[str]]]:
    rows = pq.read_table(job.layers.broken_rows(raw))
    assert rows.schema.equals(KEPT)
    return [tuple(row.values()) for row in rows.to_pylist()]


def test_a_clean_batch_leaves_an_empty_file_of_the_right_shape(lake: Settings) -> None:
    job, raw = people(lake, GOOD)
    body = gate(job).body
    assert (body["rows"], body["keys"], body["quarantined"]) == (3, 3, 0)
    assert (body["findings"], body["verdict"]) == ([], "passed")
    assert found(job, raw) == [] and broken_rows_of(job, raw).height == 0
    with pytest.raises(NothingToDo):
        gate(job)


def test_broken_rows_are_counted_once_for_all_rules_they_break(lake: Settings) -> None:
    job, raw = people(lake, BAD)
    with pytest.raises(GateFailed):
        gate(job)
    [receipt] = [event.body for event in job.ledger.events("gated")]
    assert (receipt["rows"], receipt["keys"], receipt["quarantined"]) == (7, 5, 4)
    assert {item["rule"]: item["rows"] for item in receipt["findings"]} == {
        "required.person_no": 1,
        "unique.person_no": 2,
        "reference.family_no": 2,
        "parse.born": 1,
    }
    rules = ["reference.family_no", "unique.person_no"]
    assert found(job, raw) == [
        (1, rules[1:]),
        (4, ["parse.born", rules[0]]),
        (5, rules),
        (6, ["required.person_no"]),
    ]
    assert len(receipt["reasons"]) == 1


def test_a_parent_that_was_not_collected_is_waited_for(lake: Settings) -> None:
    other = contract(FAMILIES, PEOPLE, department="other")
    job = Job(lake, other, PEOPLE, DAY)
    landed(job, {"person_no": ["P1"], "family_no": ["F1"], "born": ["2024-02-29"]})
    with pytest.raises(OutOfTurn, match="families"):
        gate(job)


@pytest.mark.parametrize(
    ("first", "second", "raised"),
    [
        (GateFailed("甲"), JobFailed("乙"), JobFailed),
        (JobFailed("甲"), GateFailed("乙"), JobFailed),
        (GateFailed("甲"), TableDamaged("乙"), TableDamaged),
        (OutOfTurn("甲"), GateFailed("乙"), GateFailed),
        (ContractError(("甲",)), OutOfTurn("乙"), ContractError),
    ],
)
def test_what_may_be_tried_again_is_not_hidden_by_a_refusal(
    lake: Settings,
    monkeypatch: pytest.MonkeyPatch,
    first: LakeError,
    second: LakeError,
    raised: type[LakeError],
) -> None:
    """Else the scheduler would give up a table because of another one."""
    ends = {FAMILIES.name: first, PEOPLE.name: second}

    def ended(job: Job) -> None:
        raise ends[job.table.name]

    monkeypatch.setattr(module, "gate", ended)
    with pytest.raises(raised) as caught:
        module.gate_department(lake, CONTRACT, DAY)
    assert type(caught.value) is raised
    assert sorted(str(caught.value).splitlines()) == ["乙", "甲"]


def test_what_the_gate_found_is_lost_and_found_again(lake: Settings) -> None:
    job, raw = people(lake, GOOD)
    gate(job)
    job.layers.broken_rows(raw).unlink()
    with pytest.raises(OutOfTurn, match="重新把关"):
        broken_rows_of(job, raw)
    gate(job)
    assert broken_rows_of(job, raw).height == 0


def kept(rows: dict[int, list[str]]) -> pa.Table:
    return pa.table({"_row": list(rows), "rules": list(rows.values())}, KEPT)


def test_a_second_judgement_replaces_the_first(lake: Settings, tmp_path: Path) -> None:
    job, raw = people(lake, GOOD)
    keep_broken_rows(job, raw, kept({1: ["unique.person_no"], 2: ["a", "b"]}))
    assert found(job, raw) == [(1, ["unique.person_no"]), (2, ["a", "b"])]
    reader = job.layers.broken_rows(raw).open("rb")
    keep_broken_rows(job, raw, kept({}))
    assert found(job, raw) == []
    with reader:
        assert pq.read_table(reader).num_rows == 2, "who reads sees one or the other"


def test_a_writer_that_dies_leaves_what_was_there(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    job, raw = people(lake, GOOD)
    keep_broken_rows(job, raw, kept({1: ["unique.person_no"]}))
    for place in ("fsync", "fdopen"):
        monkeypatch.setattr(os, place, die)
        with pytest.raises(KeyboardInterrupt):
            keep_broken_rows(job, raw, kept({}))
        monkeypatch.undo()
        assert found(job, raw) == [(1, ["unique.person_no"])]


def test_the_file_is_private_and_durable(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, raw = people(lake, GOOD)
    synced: set[str] = set()
    fsync = os.fsync

    def noted(handle: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{handle}"))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    keep_broken_rows(job, raw, kept({}))
    file = job.layers.broken_rows(raw)
    assert {str(file), str(file.parent), str(raw)} <= synced
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    for path in (file, file.parent):
        assert not stat.S_IMODE(path.stat().st_mode) & OTHERS


SECRET = "231202199003070012"


def quoting() -> None:
    pl.Series([SECRET]).str.to_date("%Y-%m-%d")


def panicking() -> None:
    raise pl.exceptions.PanicException(SECRET)


@pytest.mark.parametrize("how", [quoting, panicking])
def test_an_engine_s_message_is_withheld(
    lake: Settings, monkeypatch: pytest.MonkeyPatch, how: Any
) -> None:
    with pytest.raises(
        (pl.exceptions.PolarsError, pl.exceptions.PanicException)
    ) as own:
        how()
    assert SECRET in str(own.value), "the engine does quote it"
    job, _ = people(lake, GOOD)
    monkeypatch.setattr(module, "broken_rows", lambda *_: how())
    with pytest.raises(JobFailed) as told:
        gate(job)
    assert SECRET not in str(told.value) and type(own.value).__name__ in str(told.value)
    assert told.value.__cause__ is None and told.value.__suppress_context__
    assert not list(job.ledger.events("gated"))


def test_a_file_that_is_damaged_is_told_without_its_content(lake: Settings) -> None:
    job, raw = people(lake, GOOD)
    for file in raw.glob("*.parquet"):
        file.write_bytes(SECRET.encode() * 20)
    with pytest.raises(JobFailed) as told:
        gate(job)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize("turned", [True, False])
def test_columns_are_those_of_the_contract_in_its_order(
    lake: Settings, monkeypatch: pytest.MonkeyPatch, turned: bool
) -> None:
    monkeypatch.setattr(module, "run", run)
    job = Job(lake, CONTRACT, PEOPLE, DAY)
    cells = {"person_no": ["P1"], "family_no": ["F1"], "born": [DAYS[0]]}
    landed(job, dict(reversed(cells.items())) if turned else cells)
    with pytest.raises(GateFailed) if turned else nullcontext():
        gate(job)
