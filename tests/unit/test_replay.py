"""Replay without Spark: what it keeps, records and refuses, killed, doubled and overtaken.

About ten seconds; the whole way to readers is in tests/system/test_replay.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from audit.ledger import Ledger, open_ledger
from jobs import gate as gate_module
from jobs import publish as publish_module
from jobs import replay as module
from jobs.context import Job
from jobs.gate import gate
from jobs.publish import publish
from jobs.replay import replay_quarantine
from jobs.steps import Gated
from jobs.tickets import settle_quarantine
from lake_config.corrections import corrections_file, read_corrections
from lake_config.errors import (
    ControlTotalsDiffer,
    GateFailed,
    NothingToDo,
    OutOfTurn,
)
from lake_config.settings import Settings
from privacy.correction_approval import sign_corrections
from quality.run_suite import Outcome
from tests.lib import masked_batch
from tests.lib.gated_batch import DAY, OFFICER, new_lake
from tests.lib.quality_cases import BAND, column, contract, table

PEOPLE = table(
    "people",
    [column("number", primary_key=True), column("born", "date")],
    band=replace(BAND, quarantined=0.5),
)
CONTRACT = contract(PEOPLE)
FILE = """department: invented
corrections:
  - {id: trim_it, table: people, column: number, kind: trim, reason: r}
  - {id: slashes, table: people, column: born, kind: date_format, from: yyyy/MM/dd,
     reason: r}
"""
ROWS = [("P1", "2024-02-29"), ("P2", "2024-02-29"), ("P3", "2024/02/29"), (" P4", "2024/02/29"),
        (" P1", "2024/02/29"), ("P6", "2024/02/30"), ("P7", "2024-02-29"), ("P8", "2024-02-29"),
        ("P9", "2024-02-29"), ("P10", "2024-02-29")]  # fmt: skip
"""Held are rows 3 to 6; 3 and 4 pass, 5 takes row 1's number, 6 is no day at all."""


@pytest.fixture
def job(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    monkeypatch.setattr(
        gate_module, "run", lambda *_: (Outcome("columns.table", True),)
    )
    own = replace(settings, contracts=tmp_path / "config" / "contracts")
    new_lake(own, CONTRACT)
    sign(own, FILE)
    made = Job(own, CONTRACT, PEOPLE, DAY, "replay")
    landed(made)
    return made


def sign(settings: Settings, text: str) -> None:
    path = corrections_file(settings, "invented")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    found = read_corrections(settings, CONTRACT)
    sign_corrections(settings, OFFICER, CONTRACT, found)


def landed(job: Job, attempt: str = "a") -> None:
    raw = job.layers.raw_attempt("invented", "people", job.date, attempt)
    names, born = zip(*ROWS, strict=True)
    number = len(ROWS)
    rows = pa.array(range(1, number + 1), pa.int64())
    content = {"number": names, "born": born, "_row": rows, "_batch": ["b"] * number}
    write_deltalake(str(raw), pa.table(content))
    job.record(
        "collected", attempt, True, source_rows=number, collected_rows=number,
        control="rows", server="s", digests={},
    )  # fmt: skip
    job.record("reconciled", attempt, True, rows=number, checks=[])


def corrected_file(job: Job) -> list[dict[str, Any]]:
    file = Gated.load(job).corrected(job)
    assert file is not None
    return sorted(pq.read_table(file).to_pylist(), key=lambda row: row["_row"])


def counts(body: dict[str, Any]) -> tuple[int, ...]:
    names = "rows accepted replayed quarantined quarantined_before".split()
    return tuple(body.get(name, 0) for name in names)


def test_exactly_what_passes_is_let_through(job: Job) -> None:
    gate(job)
    settle_quarantine(job)
    before = raw_bytes(job)
    assert counts(replay_quarantine(job).body) == (10, 8, 2, 2, 4)
    kept = corrected_file(job)
    assert [(row["number"], row["born"]) for row in kept] == [
        ("P3", "2024-02-29"), ("P4", "2024-02-29"),
    ]  # fmt: skip
    by = [[ref.split("@")[0] for ref in row["_corrected_by"]] for row in kept]
    assert by == [["slashes"], ["trim_it", "slashes"]]
    assert before == {path: raw_bytes(job)[path] for path in before}
    text = open_ledger(job.settings).file.read_text("utf-8")
    assert "2024/02" not in text and '"P4"' not in text


def raw_bytes(job: Job) -> dict[Path, bytes]:
    raw = Gated.load(job).raw(job)
    return {path: path.read_bytes() for path in raw.rglob("*") if path.is_file()}


def test_again_it_changes_nothing(job: Job) -> None:
    gate(job)
    replay_quarantine(job)
    before = open_ledger(job.settings).file.read_bytes(), raw_bytes(job)
    for again in (replay_quarantine, gate):
        with pytest.raises(NothingToDo):
            again(job)
    assert (open_ledger(job.settings).file.read_bytes(), raw_bytes(job)) == before


def test_another_correction_is_another_replay_from_the_beginning(job: Job) -> None:
    gate(job)
    replay_quarantine(job)
    sign(job.settings, FILE.replace("trim_it", "trimmed").replace("slashes", "s"))
    assert counts(replay_quarantine(job).body) == (10, 8, 2, 2, 4)
    assert len(list(job.ledger.events("gated"))) == 3


def test_a_batch_the_gate_refused_may_pass_by_it(job: Job) -> None:
    strict = replace(PEOPLE, band=replace(BAND, quarantined=0.3))
    strict_job = replace(job, table=strict)
    with pytest.raises(GateFailed):
        gate(strict_job)
    settle_quarantine(strict_job)
    with pytest.raises(OutOfTurn):
        Gated.load(strict_job)
    assert counts(replay_quarantine(strict_job).body) == (10, 8, 2, 2, 4)
    assert Gated.load(strict_job).replay


def test_what_helps_no_row_is_told(job: Job) -> None:
    gate(job)
    sign(job.settings, "\n".join(FILE.splitlines()[:3]) + "\n")
    with pytest.raises(GateFailed, match="没有使任何一行"):
        replay_quarantine(job)
    assert not Gated.load(job).replay


def test_counts_that_do_not_agree_are_refused(job: Job) -> None:
    gate(job)
    file = job.layers.broken_rows(Gated.load(job).raw(job))
    kept = pq.read_table(file)
    pq.write_table(kept.slice(1), file)
    with pytest.raises((ControlTotalsDiffer, GateFailed)):
        replay_quarantine(job)
    assert not Gated.load(job).replay


def test_of_two_at_once_the_later_finds_it_done(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one runs from its beginning to its end just before our receipt."""
    gate(job)
    told = module.facts_of

    def overtaken(*given: Any) -> dict[str, Any]:
        monkeypatch.setattr(module, "facts_of", told)
        replay_quarantine(Job(job.settings, CONTRACT, PEOPLE, DAY, "replay"))
        return told(*given)

    monkeypatch.setattr(module, "facts_of", overtaken)
    with pytest.raises(NothingToDo):
        replay_quarantine(job)
    assert len(list(job.ledger.events("gated"))) == 2
    assert len(corrected_file(job)) == 2


class Killed(BaseException):
    """Nothing catches it, as nothing catches a signal."""


@pytest.mark.parametrize("place", ["before rows", "before verdict", "before receipt"])
def test_killed_anywhere_the_next_run_ends_the_same(
    job: Job, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    gate(job)
    target: tuple[Any, str] = {
        "before rows": (module, "_replayed"),
        "before verdict": (module, "verdict_of"),
        "before receipt": (Ledger, "append"),
    }[place]

    def dying(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(*target, dying)
        replay_quarantine(job)
    assert not Gated.load(job).replay
    assert counts(replay_quarantine(job).body) == (10, 8, 2, 2, 4)
    assert len(corrected_file(job)) == 2


def test_a_redelivery_begins_without_it(job: Job) -> None:
    gate(job)
    replay_quarantine(job)
    landed(job, "b")
    gate(job)
    assert counts(Gated.load(job).body) == (10, 6, 0, 4, 0)
    assert counts(replay_quarantine(job).body) == (10, 8, 2, 2, 4)


def test_tickets_of_rules_that_nothing_breaks_any_more_are_settled(job: Job) -> None:
    rows = ROWS.copy()
    try:
        ROWS[4:6] = [("P5", "2024-02-29"), ("P6", "2024-02-29")]
        landed(job, "b")
    finally:
        ROWS[:] = rows
    gate(job)
    settle_quarantine(job)
    [opened] = job.ledger.events("ticket")
    assert opened.body["kinds"] == ["parse.born"]
    replay_quarantine(job)
    settle_quarantine(job)
    [settled] = job.ledger.events("ticket_settled")
    assert (settled.body["digest"], settled.body["by"]) == (
        opened.body["digest"],
        "replayed",
    )


@pytest.fixture
def released(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Job:
    """One batch published as it came; signatures are another test's matter."""
    monkeypatch.setattr(publish_module, "check", lambda *_: ("甲",))
    new_lake(settings, masked_batch.CONTRACT)
    made = masked_batch.batch(settings, DAY)
    publish(made, masked_batch.staged(made, 2))
    return made


def versions(job: Job) -> list[tuple[int, str]]:
    events = open_ledger(job.settings).events("published")
    return [(e.body["version"], e.body.get("replay", "")) for e in events]


def test_a_replay_is_published_once_as_a_version_of_its_own(released: Job) -> None:
    masked = masked_batch.staged(released, 3, "r1")
    publish(released, masked)
    with pytest.raises(NothingToDo):
        publish(released, masked)
    assert versions(released) == [(0, ""), (1, "r1")]


def test_what_was_masked_before_another_replay_is_not_published(
    released: Job,
) -> None:
    masked = masked_batch.staged(released, 3, "r1")
    gated = json.loads(json.dumps(Gated.load(released).body))
    released.ledger.append("gated", "jobs", released.batch, {**gated, "replay": "r2"})
    with pytest.raises(OutOfTurn, match="重放"):
        publish(released, masked)
    assert versions(released) == [(0, "")]
