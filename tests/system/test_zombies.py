"""Zombies: who started a step is killed, and the step goes on while its retry runs (C9).

The child is told nothing of its supervisor's death, which is worse than what Airflow does
(dags/job_command.py). It stops in the middle until the retry has begun, or has ended.
Thirty of them in 12 batches; about one minute.
"""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.verify import verify
from lake_config.errors import SKIPPED
from lake_config.layers import CURATED
from lake_config.settings import Settings
from ops.exit_codes import error_of
from ops.spark_service import running_spark
from tests.lib.crash_storm import finish, passes
from tests.lib.delivered_day import STEPS, Delivery
from tests.lib.forked_job import wait_at
from tests.lib.one_department import DEPARTMENT, TABLE, signed_lake

PATIENCE = 60.0
PLACES = {
    "land": (
        ("jobs.landing:write_once", 0),
        ("jobs.context:Job.record", 0),
        ("jobs.context:Job.record", 1),
    ),
    "gate": (("jobs.context:Job.record", 0),),
    "release": (
        ("jobs.mask:_write", 0),
        ("jobs.context:Job.record", 0),
        ("jobs.publish:_taken", 0),
        ("jobs.publish:_commit", 0),
        ("jobs.publish:version_files", 0),
        ("jobs.context:Job.record", 1),
    ),
}
"""Where the zombie stops, at which visit of the place."""
AFTER_THE_RETRY, BESIDE_IT = "after the retry", "beside it"
TIMES = {"land": 4, "gate": 6, "release": 2}
"""How often at each place, half of them after the retry: thirty in all."""
A_MOMENT = 0.3


@dataclass(frozen=True)
class Zombie:
    """A step whose supervisor is dead."""

    folder: Path

    def raise_it(self, delivery: Delivery, step: str, place: str, visit: int) -> None:
        self.folder.mkdir()
        stopping = partial(wait_at, place, self.reached, self.go_on, visit)
        supervisor = delivery.supervised(step, stopping, self.code)
        _until(self.reached.exists)
        assert supervisor.pid is not None
        os.kill(supervisor.pid, signal.SIGKILL)
        supervisor.join()
        assert not self.code.exists()

    @property
    def reached(self) -> Path:
        return self.folder / "reached"

    @property
    def go_on(self) -> Path:
        return self.folder / "go_on"

    @property
    def code(self) -> Path:
        return self.folder / "code"

    def end(self) -> int:
        _until(self.code.exists)
        return int(self.code.read_text())


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("zombies")
    found = replace(signed_lake(home, home / "contracts", "丙"), lease_seconds=1.0)
    with running_spark(found, brief=True):
        yield found


def test_a_zombie_changes_nothing_that_its_retry_did(
    lake: Settings, tmp_path: Path, seen: Callable[[str], None]
) -> None:
    plans = {
        step: itertools.product(
            (AFTER_THE_RETRY, BESIDE_IT) * (TIMES[step] // 2), places
        )
        for step, places in PLACES.items()
    }
    began, ends, zombies = time.monotonic(), Counter[str](), 0
    batches = max(TIMES[step] * len(places) for step, places in PLACES.items())
    for number in range(batches):
        delivery = Delivery(lake, number).hand_over()
        for step in STEPS:
            when, where = next(plans[step], ("", ("", 0)))
            if not when:
                finish(delivery, step)
                continue
            zombie = Zombie(tmp_path / f"{number}-{step}")
            zombie.raise_it(delivery, step, *where)
            if when == BESIDE_IT:
                retry = delivery.started(step)
                time.sleep(A_MOMENT)
                zombie.go_on.touch()
                retry.join()
                assert passes(retry.exitcode), delivery.said(step)
            finish(delivery, step)
            zombie.go_on.touch()
            code = zombie.end()
            assert code or when == BESIDE_IT, (step, where)
            ends[_word(code)] += 1
            zombies += 1
        assert delivery.differences() == []
        for kind in ("collected", "reconciled", "published"):
            assert len(delivery.receipts(kind)) == 1, (kind, number)
    shared = lake.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    assert DeltaTable(str(shared)).version() == batches - 1
    assert len(list(open_ledger(lake).events("published"))) == batches
    assert verify(lake).ok
    seen(
        f"C9: {zombies} zombies, {batches} batches with one result each, "
        f"{round(time.monotonic() - began)} s; their ends: {dict(ends)}"
    )


def _word(code: int) -> str:
    if code in SKIPPED:
        return "NothingToDo"
    return error_of(code).__name__ if code else "was quicker than its retry"
