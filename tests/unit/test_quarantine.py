"""Bad rows go back to their department: on record first, whole, and under a fresh name."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake

from jobs import committed_rows
from jobs.accepted import accepted, quarantined
from jobs.context import Job
from jobs.quarantine import return_to_department
from lake_config.errors import ControlTotalsDiffer, LedgerUnwritable
from lake_config.settings import Settings
from quality.suite import rules_for
from tests.lib.gated_batch import INVENTED, gated, new_lake, people


@pytest.fixture
def job(settings: Settings) -> Job:
    """Ten people of whom two are quarantined."""
    new_lake(settings, INVENTED)
    made, _ = gated(settings, INVENTED, "people", people(10), broken={3, 7})
    return made


def returned(job: Job) -> list[Path]:
    folder = job.layers.returned("invented")
    return sorted(folder.iterdir()) if folder.exists() else []


def kinds(job: Job) -> list[str]:
    return [event.kind for event in job.ledger.events()]


def test_the_rows_arrive_and_are_on_record(job: Job) -> None:
    path, count = return_to_department(job, "甲")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["record_no"] for row in rows} == {"R000002", "R000006"}
    assert {row["broken_rules"] for row in rows} == {"required.record_no"}
    assert count == 2 and returned(job) == [path]
    assert kinds(job)[-1] == "quarantine_returned"


def test_rows_of_a_set_rule_are_quarantined_too(settings: Settings) -> None:
    new_lake(settings, INVENTED)
    job, step = gated(
        settings, INVENTED, "people", people(10), broken={3}, doubled={3, 5}
    )
    rules = rules_for(INVENTED, job.table)
    bad = pl.concat(quarantined(job, step, rules)).select("_row", "_rules").collect()
    assert {row: set(names) for row, names in bad.iter_rows()} == {
        3: {"required.record_no", "unique.record_no"},
        5: {"unique.record_no"},
    }
    good = pl.concat(accepted(job, step, rules)).collect()
    assert good.height == 8
    assert good.columns == [column.name for column in job.table.columns]


def test_what_is_written_after_the_verdict_is_nobody_s(
    settings: Settings,
) -> None:
    new_lake(settings, INVENTED)
    job, step = gated(settings, INVENTED, "people", people(10), broken={3})
    raw = str(step.raw(job))
    write_deltalake(raw, DeltaTable(raw).to_pyarrow_table(), mode="append")
    rules = rules_for(INVENTED, job.table)
    assert rows_in(accepted(job, step, rules)) == 9
    assert rows_in(quarantined(job, step, rules)) == 1


@pytest.mark.parametrize("most", [1, 4, 100])
def test_pieces_together_are_all_rows(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(committed_rows, "PIECE_ROWS", most)
    new_lake(settings, INVENTED)
    job, step = gated(settings, INVENTED, "people", people(10), broken={3, 7})
    rules = rules_for(INVENTED, job.table)
    pieces = [piece.collect() for piece in accepted(job, step, rules)]
    assert max(piece.height for piece in pieces) <= most
    assert sorted(pl.concat(pieces)["times"]) == [0, 1, 3, 4, 5, 7, 8, 9]
    assert rows_in(quarantined(job, step, rules)) == 2


def rows_in(pieces: list[pl.LazyFrame]) -> int:
    return pl.concat(pieces).collect().height


def test_what_cannot_be_recorded_does_not_leave(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise LedgerUnwritable("full")

    monkeypatch.setattr(job.ledger, "append", full)
    with pytest.raises(LedgerUnwritable):
        return_to_department(job, "甲")
    assert returned(job) == []


def test_each_return_has_a_name_of_its_own(job: Job) -> None:
    paths = {return_to_department(job, "甲")[0] for _ in range(2)}
    assert paths == set(returned(job)) and len(paths) == 2


def test_a_link_planted_in_the_department_s_folder_is_not_written_through(
    job: Job,
) -> None:
    attempt = next(
        event.body["attempt"] for event in job.ledger.events() if event.kind == "gated"
    )
    victim = job.settings.home / "victim"
    victim.write_text("precious", "utf-8")
    folder = job.layers.returned("invented")
    folder.mkdir(parents=True)
    (folder / f"{job.batch}.{attempt}.csv").symlink_to(victim)
    return_to_department(job, "甲")
    assert victim.read_text("utf-8") == "precious"


def test_other_rows_than_the_gate_counted_are_not_handed_over(
    settings: Settings,
) -> None:
    new_lake(settings, INVENTED)
    job, step = gated(settings, INVENTED, "people", people(10), broken={3})
    job.record("gated", step.attempt, True, **{**_facts(step.body), "quarantined": 2})
    with pytest.raises(ControlTotalsDiffer):
        return_to_department(job, "甲")
    assert returned(job) == []


def _facts(body: dict[str, Any]) -> dict[str, Any]:
    own = ("ok", "department", "table", "date", "contract", "attempt")
    return {name: value for name, value in body.items() if name not in own}
