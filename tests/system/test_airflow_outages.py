"""Airflow loses a part in the middle of a task (security.md C10): nothing twice, soon right.

Each part is killed with -9 while the publishing task runs, stays away, and comes back. The
long run is the same test with LAKE_TEST_OUTAGES=60,300,900 (seconds), LAKE_TEST_SAVE=file.
Cost: four minutes on two cores, nine on a machine that six share.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import httpx
import psutil
import pytest

from audit.ledger import open_ledger
from audit.verify import verify
from lake_config.calendar import DAY
from lake_config.duties import Duty
from lake_config.layers import CURATED, batch_id
from storage.store import store_of
from tests.lib.running_lake import RunningLake, running_lake, small_contracts, until
from tests.lib.small_lake import DAY as FIRST

SECONDS = [int(text) for text in os.environ.get("LAKE_TEST_OUTAGES", "20").split(",")]
SAVE = os.environ.get("LAKE_TEST_SAVE", "")
PARTS = ("airflow-api", "airflow-scheduler", "airflow-database")
DEPARTMENT, TABLE = "civil_affairs", "funerals"
TASKS = (f"land_{TABLE}", "gate", f"release_{TABLE}")
CASES = [(part, seconds) for seconds in SECONDS for part in PARTS]
RIGHT_WITHIN = 600
ENDED = ("success", "failed")


@dataclass(frozen=True)
class Outage:
    """One part away for so long; how soon after its return all was right, and what was."""

    part: str
    seconds: int
    right_after: float
    state: str
    tasks: dict[str, str]
    tries: int
    published: int


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLake]:
    folder = tmp_path_factory.mktemp("outages")
    days = [FIRST + DAY * number for number in range(len(CASES))]
    small_contracts(folder / "contracts", {DEPARTMENT: [TABLE]})
    with running_lake(
        folder / "lake", folder / "contracts", 1_500, days, False
    ) as made:
        made.api.unpause(DEPARTMENT)
        yield made


def test_nothing_twice_and_soon_right(
    lake: RunningLake, seen: Callable[[str], None]
) -> None:
    found = []
    for number, (part, seconds) in enumerate(CASES):
        found.append(_outage(lake, FIRST + DAY * number, part, seconds))
        _save(found)
    for item in found:
        seen(
            f"C10: {item.part} away {item.seconds} s mid-task: right after "
            f"{item.right_after:.0f} s, {item.tries} tries, published {item.published}x"
        )
    assert {item.state for item in found} == {"success"}
    assert all(item.tasks == dict.fromkeys(TASKS, "success") for item in found)
    assert {item.published for item in found} == {1}
    folder = lake.settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    assert store_of(lake.settings, Duty.SHARING).table(folder).version() + 1 == len(
        found
    )
    assert verify(lake.settings).ok
    assert not any(_jobs(lake))


def _outage(lake: RunningLake, day: date, part: str, seconds: int) -> Outage:
    run = lake.api.trigger(DEPARTMENT, day)
    until(lambda: _publishing(lake, day), 600)
    lake.ask(part, "stop")
    lake.kill(part)
    time.sleep(seconds)
    lake.ask(part, "start")
    lake.await_service(part, up=True)
    after = until(lambda: _state(lake, run) in ENDED, RIGHT_WITHIN)
    tasks = lake.api.task_states()[DEPARTMENT, run]
    tries = lake.api.tries(DEPARTMENT, run, TASKS[-1])
    state = _state(lake, run)
    batch = batch_id(DEPARTMENT, TABLE, day)
    return Outage(part, seconds, after, state, tasks, tries, _published(lake)[batch])


def _state(lake: RunningLake, run: str) -> str:
    """Not known while the API, or its database, is on its way back."""
    try:
        return lake.api.run_state(DEPARTMENT, run)
    except httpx.HTTPError:
        return "unknown"


def _publishing(lake: RunningLake, day: date) -> bool:
    """Is the job that masks and publishes this day at work?"""
    return any("release" in words and str(day) in words for words in _jobs(lake))


def _jobs(lake: RunningLake) -> Iterator[list[str]]:
    """Command lines of this lake's jobs at work."""
    home = str(lake.settings.home)
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            if words[1:3] == ["-m", "jobs"] and process.environ()["LAKE_HOME"] == home:
                yield words


def _published(lake: RunningLake) -> Counter[str]:
    events = open_ledger(lake.settings).events()
    return Counter(event.subject for event in events if event.kind == "published")


def _save(found: list[Outage]) -> None:
    if SAVE:
        told = json.dumps([asdict(item) for item in found], indent=1)
        Path(SAVE).write_text(told + "\n")
