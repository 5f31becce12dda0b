"""Reconcile trusts the kept totals only as far as the collected receipt vouches for them,
and the rows only as the committed files hold them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.receipts import counting, find
from jobs.context import Job
from jobs.control_totals import ROW_SUM, Totals
from jobs.reconcile import reconcile
from jobs.steps import Collected
from lake_config.errors import ControlTotalsDiffer
from lake_config.settings import Settings, write_private
from privacy.keys import ledger_digest
from tests.lib.committed_files import as_arrow, commit, plain_totals
from tests.lib.gated_batch import DAY, INVENTED, PEOPLE, new_lake, people

SAID = Totals(10, {"row_sum": 77})
CHANGES = {
    "fewer rows": '{"rows": 9, "sums": {"row_sum": 77}}',
    "another sum": '{"rows": 10, "sums": {"row_sum": 78}}',
    "no sums": '{"rows": 10, "sums": {}}',
    "no JSON": '{"rows": 10, "su',
    "another shape": "[10]",
}


def collected(settings: Settings, said: Totals = SAID) -> tuple[Job, Collected, Path]:
    """A collected receipt and the totals kept beside the rows."""
    new_lake(settings, INVENTED)
    job = Job(settings, INVENTED, PEOPLE, DAY)
    path = job.layers.raw_attempt("invented", "people", DAY, "a")
    kept = job.layers.control_totals(path)
    write_private(kept, json.dumps({"rows": said.rows, "sums": said.sums}))
    body = job.record(
        "collected", "a", True, source_rows=10, collected_rows=10, control="rows",
        server="s", digests=ledger_digest(settings, said.text()),
    )  # fmt: skip
    return job, Collected("a", body), kept


@pytest.mark.parametrize("change", CHANGES)
def test_totals_changed_after_the_receipt_are_refused(
    settings: Settings, change: str
) -> None:
    job, step, kept = collected(settings)
    kept.write_text(CHANGES[change], "utf-8")
    with pytest.raises(ControlTotalsDiffer):
        reconcile(job, step)
    receipt = find(job.ledger, "reconciled", job.batch)
    assert receipt is not None and not receipt.ok
    assert counting(job.ledger, job.batch) is None, "the batch may be collected again"


def test_totals_that_are_gone_are_refused(settings: Settings) -> None:
    job, step, kept = collected(settings)
    kept.unlink()
    with pytest.raises(ControlTotalsDiffer):
        reconcile(job, step)


ROWS = [tuple(row.values()) for row in people(10)]


def landed(settings: Settings, rows: list[tuple[Any, ...]]) -> tuple[Job, Collected]:
    """The source said the totals of ROWS; `rows` are what was committed."""
    said = plain_totals(PEOPLE, ROWS, {ROW_SUM, "record_no"})
    job, step, _ = collected(settings, said)
    commit(step.raw(job), [as_arrow(PEOPLE, rows[:4]), as_arrow(PEOPLE, rows[4:])], 3)
    return job, step


def test_committed_rows_are_compared_without_an_engine(settings: Settings) -> None:
    job, step = landed(settings, ROWS)
    body = reconcile(job, step).body
    assert body["ok"] and body["rows"] == 10
    assert "spark" not in job.__dict__


@pytest.mark.parametrize(
    ("rows", "wrong"),
    [
        (ROWS[1:], "rows、row_sum、record_no"),
        ([ROWS[1], *ROWS[1:]], "row_sum、record_no"),
        ([(*ROWS[0][:-1], "教育局"), *ROWS[1:]], "row_sum"),
    ],
)
def test_rows_that_are_not_the_sources_are_refused(
    settings: Settings, rows: list[tuple[Any, ...]], wrong: str
) -> None:
    """One lost, one replaced by another's double, one cell changed."""
    job, step = landed(settings, rows)
    with pytest.raises(ControlTotalsDiffer, match=f"（{wrong}）"):
        reconcile(job, step)
    assert counting(job.ledger, job.batch) is None, "the batch may be collected again"
