"""A feed that takes every row away is a delivery of nothing, and refused as one.

A state without a row has no file: it could be neither judged nor built upon.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from audit.receipts import counting
from jobs.collect import collect
from jobs.context import Job
from jobs.reconcile import reconcile
from lake_config.errors import EmptyDelivery
from tests.lib import changing_sources as made
from tests.lib.changing_sources import PERMITS

ROWS = [(f"{number:04d}", "好") for number in range(3)]
ALL_GONE = [("D", 101 + place, no, "") for place, (no, _) in enumerate(ROWS)]
On = Callable[[int], Job]


@pytest.fixture
def on(spark: object, tmp_path: Path) -> On:
    """A job about one day; the whole table was delivered on the first."""
    settings, contract = made.signed_lake(tmp_path / "lake")
    table, first = contract.table(PERMITS), date(2026, 3, 1)

    def job(number: int) -> Job:
        return Job(settings, contract, table, first + timedelta(days=number))

    made.hand_over(settings, job(0).date, ROWS, 100)
    reconcile(job(0), collect(job(0)))
    return job


def test_the_last_good_state_stays(on: On) -> None:
    gone = on(1)
    made.hand_over(gone.settings, gone.date, ALL_GONE, 103, after=0)
    with pytest.raises(EmptyDelivery):
        collect(gone)
    assert counting(gone.ledger, gone.batch) is None
    made.hand_over(gone.settings, gone.date, ALL_GONE[:2], 102, after=1)
    collected = collect(on(1))
    assert reconcile(on(1), collected).body["rows"] == 1
