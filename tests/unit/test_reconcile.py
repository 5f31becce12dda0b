"""Reconcile trusts the kept totals only as far as the collected receipt vouches for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.receipts import counting, find
from jobs.context import Job
from jobs.control_totals import Totals
from jobs.reconcile import reconcile
from jobs.steps import Collected
from lake_config.errors import ControlTotalsDiffer
from lake_config.settings import Settings, write_private
from privacy.keys import ledger_digest
from tests.lib.gated_batch import DAY, INVENTED, PEOPLE, new_lake

SAID = Totals(10, {"row_sum": 77})
CHANGES = {
    "fewer rows": '{"rows": 9, "sums": {"row_sum": 77}}',
    "another sum": '{"rows": 10, "sums": {"row_sum": 78}}',
    "no sums": '{"rows": 10, "sums": {}}',
    "no JSON": '{"rows": 10, "su',
    "another shape": "[10]",
}


def collected(settings: Settings) -> tuple[Job, Collected, Path]:
    """A collected receipt and the totals kept beside the rows."""
    new_lake(settings, INVENTED)
    job = Job(settings, INVENTED, PEOPLE, DAY)
    path = job.layers.raw_attempt("invented", "people", DAY, "a")
    kept = job.layers.control_totals(path)
    write_private(kept, json.dumps({"rows": SAID.rows, "sums": SAID.sums}))
    body = job.record(
        "collected", "a", True, source_rows=10, collected_rows=10, control="rows",
        server="s", digests=ledger_digest(settings, SAID.text()),
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
