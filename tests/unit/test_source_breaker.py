"""One breaker for all processes: what counts, who may try, and who is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pyspark.errors import PySparkException

from audit.ledger import init_ledger, open_ledger
from jobs import source_breaker
from jobs.breaker import THRESHOLD
from jobs.context import Job
from jobs.source_breaker import SourceBreaker, guarded, release, state_file
from lake_config import errors
from lake_config.contract import Server
from lake_config.errors import LakeError, SourcePaused, SourceUnavailable
from lake_config.settings import ROOT, Settings
from tests.lib.cards_source import CARDS, CONTRACT
from tests.lib.gated_batch import DAY

SERVER = replace(CONTRACT.servers[0], transport="jdbc")
PROBE = """
import sys, time
from contextlib import ExitStack
from jobs.source_breaker import SourceBreaker
from lake_config.settings import load
stack = ExitStack()
print(SourceBreaker(load(), *sys.argv[1:3]).enter(stack, time.time()).value, flush=True)
time.sleep(60)
"""


class Clock:
    """Seconds since the epoch, as the breaker sees them."""

    def __init__(self) -> None:
        self.now = time.time()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(source_breaker.time, "time", lambda: found.now)
    return found


@pytest.fixture
def job(settings: Settings) -> Job:
    settings.home.mkdir(mode=0o700)
    init_ledger(settings)
    return Job(settings, CONTRACT, CARDS, DAY)


def attempt(job: Job, error: Exception | None = None, server: Server = SERVER) -> str:
    """What trying the source came to; `error` is what the reader raises."""
    try:
        with guarded(job, server):
            if error:
                raise error
    except Exception as raised:
        return type(raised).__name__
    return "done"


def open_it(job: Job) -> None:
    for _ in range(THRESHOLD):
        assert attempt(job, SourceUnavailable("x")) == "SourceUnavailable"


def alerts(job: Job) -> list[str]:
    return [event.body["what"] for event in open_ledger(job.settings).events("alert")]


def test_it_opens_probes_and_closes(job: Job, clock: Clock) -> None:
    open_it(job)
    assert alerts(job) == [f"breaker_open:{SERVER.name}"]
    assert attempt(job) == "SourcePaused"
    clock.now += 61
    assert attempt(job, SourceUnavailable("x")) == "SourceUnavailable"
    clock.now += 61
    assert attempt(job) == "SourcePaused", "the second pause is longer"
    clock.now += 60
    assert attempt(job) == "done"
    assert attempt(job, SourceUnavailable("x")) == "SourceUnavailable"
    assert attempt(job) == "done", "it counts from the beginning"
    assert alerts(job) == [
        f"breaker_open:{SERVER.name}",
        f"breaker_closed:{SERVER.name}",
    ]


def test_the_refusal_says_when_it_is_tried_again(job: Job) -> None:
    open_it(job)
    with pytest.raises(SourcePaused, match=r"连续 3 次.*\d\d:\d\d:\d\d 以后再试.*请与"):
        with guarded(job, SERVER):
            raise AssertionError("the source was asked")


def test_another_source_of_the_department_is_not_held_back(job: Job) -> None:
    open_it(job)
    assert attempt(job, server=replace(SERVER, name="other")) == "done"


def test_a_drop_that_is_not_there_yet_is_no_failure(job: Job) -> None:
    folder = replace(SERVER, transport="files")
    for _ in range(THRESHOLD + 1):
        assert attempt(job, SourceUnavailable("x"), folder) == "SourceUnavailable"


OURS = (
    errors.LedgerUnwritable,
    errors.LedgerBroken,
    errors.JobFailed,
    errors.SettingsError,
    errors.NothingToDo,
    errors.SourcePaused,
)


@pytest.mark.parametrize("kind", OURS)
def test_what_is_not_the_sources_changes_nothing(
    job: Job, kind: type[LakeError]
) -> None:
    for _ in range(THRESHOLD - 1):
        attempt(job, SourceUnavailable("x"))
    for _ in range(THRESHOLD):
        attempt(job, kind("x"))
    state = SourceBreaker(job.settings, CONTRACT.department, SERVER.name).state()
    assert (state.failures, state.opened) == (THRESHOLD - 1, 0)


@pytest.mark.parametrize("kind", source_breaker.ANSWERED)
def test_a_source_that_refuses_is_there(
    job: Job, clock: Clock, kind: type[LakeError]
) -> None:
    open_it(job)
    clock.now += 61
    assert attempt(job, kind("x")) == kind.__name__
    assert attempt(job) == "done"


DISK = "Job aborted: java.io.IOException: No space left on device"
SPARK = "<_InactiveRpcError: StatusCode.UNAVAILABLE, Connection refused>"
GONE = "Job aborted: org.postgresql.util.PSQLException: An I/O error occurred"


@pytest.mark.parametrize(
    ("said", "after"),
    [(DISK, "SourceUnavailable"), (SPARK, "SourceUnavailable"), (GONE, "SourcePaused")],
)
def test_a_failed_write_counts_where_the_source_is_named(
    job: Job, said: str, after: str
) -> None:
    """Our full disk and our Spark are not the source's fault."""

    def write() -> None:
        try:
            raise PySparkException(said)
        except PySparkException:
            raise SourceUnavailable("x") from None

    for _ in range(THRESHOLD):
        with pytest.raises(SourceUnavailable), guarded(job, SERVER):
            write()
    assert attempt(job, SourceUnavailable("x")) == after


def test_a_probe_that_tells_nothing_lets_the_next_one_try(
    job: Job, clock: Clock
) -> None:
    open_it(job)
    clock.now += 61
    assert attempt(job, errors.JobFailed("x")) == "JobFailed"
    assert attempt(job) == "done"


def test_one_probe_at_a_time(job: Job, clock: Clock) -> None:
    """Ten at once: one gets through, nine are told to wait."""
    open_it(job)
    clock.now += 61
    begin, came = threading.Barrier(10), threading.Barrier(10)
    results: list[str] = []

    def try_it() -> None:
        begin.wait()
        try:
            with guarded(job, SERVER):
                came.wait()
                results.append("done")
        except SourcePaused as paused:
            results.append("试探" if "试探" in str(paused) else "?")
            came.wait()

    threads = [threading.Thread(target=try_it) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(results) == ["done", *["试探"] * 9]


@pytest.fixture
def prober(job: Job) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the probe of a half open breaker."""
    open_it(job)
    breaker = SourceBreaker(job.settings, CONTRACT.department, SERVER.name)
    breaker.changed(lambda state: replace(state, until=time.time() - 1))
    started = subprocess.Popen(
        [sys.executable, "-c", PROBE, CONTRACT.department, SERVER.name],
        cwd=ROOT,
        env={**os.environ, "LAKE_HOME": str(job.settings.home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    yield started
    started.kill()
    started.wait()


def test_a_killed_probe_keeps_nobody_waiting(
    job: Job, prober: subprocess.Popen[str]
) -> None:
    assert prober.stdout and prober.stdout.readline() == "probe\n"
    assert attempt(job) == "SourcePaused"
    prober.send_signal(signal.SIGKILL)
    prober.wait()
    assert attempt(job) == "done"


def test_attempts_that_set_out_before_change_nothing_after(
    job: Job, clock: Clock
) -> None:
    """Four under way when it opens: the fourth's failure makes no pause longer."""
    with pytest.raises(SourceUnavailable), guarded(job, SERVER):
        open_it(job)
        before = state_file(job.settings, CONTRACT.department, SERVER.name).read_text()
        raise SourceUnavailable("x")
    after = state_file(job.settings, CONTRACT.department, SERVER.name).read_text()
    assert before == after


@pytest.mark.parametrize("content", ["", "{", "[]", '{"failures": 1, "colour": 2}'])
def test_a_state_nobody_can_read_stops_nobody(job: Job, content: str) -> None:
    open_it(job)
    state_file(job.settings, CONTRACT.department, SERVER.name).write_text(content)
    assert attempt(job) == "done"


def test_a_breaker_that_cannot_be_kept_stops_nobody(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    (job.settings.layers.state / "breakers").write_text("in the way")
    assert attempt(job, SourceUnavailable("x")) == "SourceUnavailable"
    assert attempt(job) == "done"


def test_who_is_stopped_with_the_lock_is_not_waited_for(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_breaker, "LOCK_SECONDS", 0.1)
    breaker: Any = SourceBreaker(job.settings, CONTRACT.department, SERVER.name)
    with breaker._locked():
        assert attempt(job) == "done"


def test_who_knows_that_it_is_back_need_not_wait(job: Job, clock: Clock) -> None:
    """On record, and still one probe: what fails again is left alone for longer."""
    where = (job.settings, CONTRACT.department, SERVER.name)
    assert not release(*where, "w")
    open_it(job)
    assert attempt(job) == "SourcePaused"
    assert release(*where, "w") and not release(*where, "w")
    assert attempt(job, SourceUnavailable("x")) == "SourceUnavailable"
    assert attempt(job) == "SourcePaused"
    assert release(*where, "w") and attempt(job) == "done"
    events = open_ledger(job.settings).events("source_released")
    assert [event.body["server"] for event in events] == [SERVER.name] * 2
