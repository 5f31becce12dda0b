"""Services are started again when they end, one by one, with nothing left of the dead."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from lake_config.errors import UsageError
from lake_config.settings import Settings
from ops.processes import Service, start
from ops.supervisor import LONGEST_WAIT, Supervisor, ask, running, wait_after

FOREVER = "import time; time.sleep(600)"
PARENT = (
    "import subprocess, sys, time;"
    f"child = subprocess.Popen([sys.executable, '-c', '{FOREVER}']);"
    "print(child.pid, flush=True); time.sleep(600)"
)


def service(settings: Settings, name: str, code: str) -> Service:
    log = settings.layers.logs / f"{name}.log"
    return start(name, [sys.executable, "-c", code], log, {})


@pytest.fixture
def two(settings: Settings) -> Iterator[Supervisor]:
    services = [service(settings, "one", FOREVER), service(settings, "two", PARENT)]
    made = Supervisor(settings, services, lambda _: None)
    yield made
    made.stop_all()


def turned(watch: Supervisor, true: Callable[[], bool]) -> None:
    until = time.monotonic() + 120
    while not true():
        assert time.monotonic() < until
        watch.turn()
        time.sleep(0.05)


def alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_who_is_killed_comes_back_and_the_other_stays(
    settings: Settings, two: Supervisor
) -> None:
    before = running(settings)
    os.kill(before["one"], signal.SIGKILL)
    turned(two, lambda: running(settings).get("one") not in (None, before["one"]))
    assert running(settings)["two"] == before["two"]


def test_what_the_dead_had_started_dies_first(
    settings: Settings, two: Supervisor
) -> None:
    log = settings.layers.logs / "two.log"
    turned(two, lambda: bool(log.read_text()))
    child = int(log.read_text())
    before = running(settings)["two"]
    os.kill(before, signal.SIGKILL)
    turned(two, lambda: running(settings).get("two") not in (None, before))
    turned(two, lambda: not alive(child))
    assert running(settings)["two"] != before


def test_a_person_stops_starts_and_restarts_one(
    settings: Settings, two: Supervisor
) -> None:
    before = running(settings)
    ask(settings, "one", "stop")
    turned(two, lambda: "one" not in running(settings))
    two.turn()
    assert "one" not in running(settings) and not alive(before["one"])
    ask(settings, "one", "start")
    turned(two, lambda: "one" in running(settings))
    again = running(settings)
    ask(settings, "one", "restart")
    turned(two, lambda: running(settings).get("one") not in (None, again["one"]))
    assert running(settings)["two"] == before["two"]


def test_an_unknown_name_is_refused_with_the_known(
    settings: Settings, two: Supervisor
) -> None:
    with pytest.raises(UsageError, match="one、two"):
        ask(settings, "three", "restart")


def test_who_ends_at_once_is_waited_for_longer_and_longer(settings: Settings) -> None:
    log = settings.layers.logs / "brief.log"
    watch = Supervisor(
        settings, [service(settings, "brief", "print(1)")], lambda _: None
    )
    turned(watch, lambda: log.read_text().count("1") >= 3)
    waits = [wait_after(ends) for ends in range(9)]
    assert waits == [0, 1, 2, 4, 8, 16, LONGEST_WAIT, LONGEST_WAIT, LONGEST_WAIT]
    watch.stop_all()
    assert running(settings) == {}
