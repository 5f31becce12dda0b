"""One publisher per table, on local folders and on a real store: security.md C2 to C4.

Whatever is lost, doubled, paused or killed: one receipt and one version for each batch.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.ledger import init_ledger, open_ledger
from jobs import publish as module
from jobs.context import Job
from jobs.publish import publish
from jobs.steps import Masked
from lake_config.errors import JobFailed, LakeError
from lake_config.layers import CURATED
from lake_config.settings import ROOT, Settings
from ops.store_server import StoreServer
from storage.setup import set_up
from tests.lib.masked_batch import CONTRACT, batch, staged
from tests.lib.store_fixture import at_the_store
from tests.lib.store_proxy import losing_answers

FIRST = date(2026, 3, 2)
TIMES = int(os.environ.get("LAKE_TEST_TIMES", "50"))
SHORT = 0.4


@pytest.fixture(params=["folders", "store"])
def lake(
    request: pytest.FixtureRequest,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Settings:
    """Signatures are another test's matter."""
    monkeypatch.setattr(module, "check", lambda *_: ("甲",))
    made = settings
    if request.param == "store":
        server: StoreServer = request.getfixturevalue("store_server")
        made = at_the_store(server, settings)
        set_up(made, [CONTRACT])
    init_ledger(made)
    return made


def days(count: int = TIMES) -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(count)]


def receipts(lake: Settings) -> Counter[str]:
    events = open_ledger(lake).events("published")
    return Counter(event.subject for event in events if event.body["ok"])


def newest_version(job: Job) -> int:
    table = job.layers.shared_table(CURATED, CONTRACT.department, "people")
    return job.publishing.table(table).version()


def outcome(job: Job, masked: Masked) -> str:
    try:
        publish(job, masked)
    except LakeError as error:
        return type(error).__name__
    return "published"


def test_two_publishers_of_one_batch_give_one_version(
    lake: Settings, seen: Callable[[str], None]
) -> None:
    """C3: each with a session, ledger and store of its own, started at one moment."""
    for day in days():
        masked = staged(batch(lake, day), 2)
        start = threading.Barrier(2)

        def race(job: Job, masked: Masked = masked, start: Any = start) -> str:
            start.wait()
            return outcome(job, masked)

        with ThreadPoolExecutor(2) as pool:
            ends = list(pool.map(race, [batch(lake, day), batch(lake, day)]))
        assert sorted(ends) == ["NothingToDo", "published"]
    assert newest_version(batch(lake, FIRST)) == TIMES - 1
    assert set(receipts(lake).values()) == {1} and len(receipts(lake)) == TIMES
    seen(f"C3: {TIMES} races, {TIMES} receipts, {TIMES} versions")


def test_a_commit_whose_answer_is_lost_is_one_version(
    store_server: StoreServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    seen: Callable[[str], None],
) -> None:
    """C2: the store did it, and the publisher never hears so."""
    monkeypatch.setattr(module, "check", lambda *_: ("甲",))
    lake = at_the_store(store_server, settings)
    set_up(lake, [CONTRACT])
    init_ledger(lake)
    losing, lost = tmp_path / "losing", 0
    with losing_answers(lake.store, lake.store_ca, losing) as proxy:
        through = replace(lake, store=proxy, store_ca="")
        for number, day in enumerate(days(2 * TIMES)):
            if lost >= TIMES:
                break
            masked = staged(batch(lake, day), 1)
            losing.touch()
            first = outcome(batch(through, day), masked)
            lost += len(losing.read_text().splitlines())
            losing.unlink()
            second = outcome(batch(lake, day), masked)
            assert (first, second) in {
                ("JobFailed", "published"),
                ("published", "NothingToDo"),
            }
            assert newest_version(batch(lake, day)) == number
    assert lost >= TIMES, (
        "a busy machine loses an answer by a time-out instead, at times"
    )
    versions = newest_version(batch(lake, FIRST)) + 1
    assert set(receipts(lake).values()) == {1} and len(receipts(lake)) == versions
    seen(f"C2: {lost} answers lost, {versions} versions, a receipt each")


def _pausing(
    whole: Callable[..., Any],
    whose: tuple[object, ...],
    paused: threading.Event,
    go_on: threading.Event,
) -> Callable[..., Any]:
    """The same function, which waits in the middle of one publisher's run."""

    def stopping(*given: Any, **named: Any) -> Any:
        if any(given[0] is item for item in whose):
            paused.set()
            go_on.wait()
        return whole(*given, **named)

    return stopping


@pytest.mark.parametrize("place", ["_taken", "_commit", "version_files"])
def test_a_publisher_paused_past_its_lease_is_refused(
    lake: Settings,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    seen: Callable[[str], None],
) -> None:
    """C4: it stops before its files, before its commit, or after it; another goes on."""
    lake = replace(lake, lease_seconds=SHORT)
    whole: Callable[..., Any] = getattr(module, place)
    ends: Counter[str] = Counter()
    for day in days()[: max(TIMES // 3, 1)]:
        late, masked = batch(lake, day), staged(batch(lake, day), 1)
        paused, go_on = threading.Event(), threading.Event()

        stopping = _pausing(whole, (late, late.publishing), paused, go_on)
        monkeypatch.setattr(module, place, stopping)
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(outcome, late, masked)
            assert paused.wait(30)
            assert outcome(batch(lake, day), masked) == "published"
            go_on.set()
            ends[running.result()] += 1
        monkeypatch.setattr(module, place, whole)
    assert set(ends) <= {"TableBusy", "NothingToDo"} | (
        {"JobFailed"} if place == "_commit" else set()
    )
    assert set(receipts(lake).values()) == {1}
    assert newest_version(batch(lake, FIRST)) == len(receipts(lake)) - 1
    seen(f"C4 at {place}: {sum(ends.values())} paused, {dict(ends)}")


def test_a_slow_publisher_without_a_rival_is_not_refused(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long copy outlasts the lease; nobody has taken its place."""
    lake = replace(lake, lease_seconds=SHORT)
    whole = module._taken

    def slow(*given: Any) -> Any:
        time.sleep(2 * SHORT)
        return whole(*given)

    monkeypatch.setattr(module, "_taken", slow)
    job = batch(lake, FIRST)
    assert outcome(job, staged(job, 3)) == "published"


def leases(job: Job) -> list[float]:
    """Until when each lease on the table was, in the order they were taken in."""
    lying = job.layers.leases(job.recipient, job.contract.department, job.table.name)
    numbers = sorted(
        path for path in job.publishing.files(lying) if path.name.isdigit()
    )
    return [json.loads(job.publishing.read(path))["until"] for path in numbers]


PAUSED = """
import os, signal, sys
from datetime import date
from jobs import publish as module
from jobs.steps import Masked
from lake_config.errors import LakeError
from lake_config.settings import load
from tests.lib.masked_batch import batch

module.check = lambda *_: ("甲",)
whole = module._commit
def stop(*given, **named):
    os.kill(os.getpid(), signal.SIGSTOP)
    return whole(*given, **named)
module._commit = stop
job = batch(load(), date.fromisoformat(sys.argv[1]))
try:
    module.publish(job, Masked.load(job))
except LakeError as error:
    sys.exit(error.exit_code)
"""


def test_a_stopped_process_that_wakes_up_is_refused(lake: Settings) -> None:
    """C4 with a real SIGSTOP, and a real other process in its place."""
    job = batch(lake, FIRST)
    masked = staged(job, 1)
    lake = replace(lake, lease_seconds=2)
    environment = {**os.environ, **lake.environment}
    child = subprocess.Popen(
        [sys.executable, "-c", PAUSED, f"{FIRST}"], cwd=ROOT, env=environment
    )
    _, state = os.waitpid(child.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(state)
    stopped = leases(job)
    assert outcome(batch(lake, FIRST), masked) == "published"
    taken = leases(job)[len(stopped)] - lake.lease_seconds
    assert taken > stopped[-1], "the lease of a living process was waited for"
    os.kill(child.pid, signal.SIGCONT)
    assert child.wait() == JobFailed.exit_code, "the version it wanted is taken"
    assert set(receipts(lake).values()) == {1} and newest_version(job) == 0


def test_the_lease_of_a_killed_process_is_free_at_once(lake: Settings) -> None:
    job = batch(lake, FIRST)
    masked = staged(job, 1)
    environment = {**os.environ, **lake.environment}
    dying = PAUSED.replace("SIGSTOP", "SIGKILL")
    command = [sys.executable, "-c", dying, f"{FIRST}"]
    assert subprocess.run(command, cwd=ROOT, env=environment).returncode == -9
    began = time.monotonic()
    assert outcome(job, masked) == "published"
    assert time.monotonic() - began < lake.lease_seconds / 2
    assert newest_version(job) == 0
