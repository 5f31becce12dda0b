"""Any order of deliveries, steps, kills, pauses and retention against a model (C13).

200 sequences of 30 rules, 90 seconds of one core; `LAKE_TEST_TIMES=2000` draws so many and
adds what was found to tests/results/, also in parts.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import settings as drawn
from hypothesis.stateful import run_state_machine_as_test

from jobs.context import Job
from lake_config.settings import Settings
from tests.lib.any_order import AnyOrder
from tests.lib.kept_results import keep, times
from tests.lib.quick_lake import template

SEQUENCES, LENGTH, MOST = times(200), 30, 100
ALL_OF_IT = drawn(
    max_examples=SEQUENCES,
    stateful_step_count=LENGTH,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def machine(settings: Settings) -> type[AnyOrder]:
    class Machine(AnyOrder):
        home = template(settings)
        seen: Counter[str] = Counter()

    Machine.settings = settings
    return Machine


def test_people_read_what_they_must_in_any_order(
    machine: type[AnyOrder], seen: Callable[[str], None]
) -> None:
    began = time.monotonic()
    run_state_machine_as_test(machine, settings=ALL_OF_IT)
    found = dict(sorted(machine.seen.items()))
    assert machine.seen["sequences"] >= SEQUENCES
    seconds = round(time.monotonic() - began)
    run = {"length": LENGTH, **found, "seconds": seconds}
    keep("any_order", run, ("sequences", "rules", "kills", "pauses", "seconds"))
    seen(f"C13: {SEQUENCES} sequences as the model says, {seconds} s, {found}")


def _all_is_well(*_: object) -> None:
    """A check that is not made."""


def _record_whatever_happened(
    job: Job, kind: str, attempt: str, ok: bool, unless: object = None, **facts: Any
) -> dict[str, Any]:
    return RECORD(job, kind, attempt, ok, None, **facts)


RECORD = Job.record
FAULTS: dict[str, tuple[str, object]] = {
    "a lease nobody asks for": ("jobs.lease.Lease.confirm", _all_is_well),
    "receipts nobody questions": ("jobs.context.Job.record", _record_whatever_happened),
    "short deliveries pass": ("quality.verdict._around", lambda *_: ()),
    "retention keeps one version": ("jobs.retain.KEPT_VERSIONS", 1),
    "a redelivery is forgotten": ("jobs.collect._redelivery", _all_is_well),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(
    machine: type[AnyOrder],
    monkeypatch: pytest.MonkeyPatch,
    seen: Callable[[str], None],
    fault: str,
) -> None:
    monkeypatch.setattr(*FAULTS[fault])
    plainly = drawn(
        ALL_OF_IT,
        max_examples=MOST,
        phases=[Phase.generate],
        report_multiple_bugs=False,
        print_blob=False,
    )
    with pytest.raises(Exception):  # noqa: B017 (whatever it breaks first)
        run_state_machine_as_test(machine, settings=plainly)
    seen(f"C13: {fault}: found by sequence {machine.seen['sequences']}")
