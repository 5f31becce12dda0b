"""Killed at any moment: every acknowledged event is there once, and the ledger verifies."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from audit import chain
from audit.chain import Entry
from audit.events import canonical
from audit.ledger import EVENTS, SIGNING_KEY, init_ledger, open_ledger
from audit.signed_head import Head, private_key, write_head
from audit.verify import verify
from lake_config.errors import LedgerBroken, LedgerUnwritable
from lake_config.settings import ROOT, Settings
from tests.lib.dying_writer import EVENT, Disk

WRITER = """
import sys
from lake_config.settings import load
from audit.ledger import open_ledger
ledger = open_ledger(load())
body = {"department": "d", "table": "t", "date": "2026-01-01", "what": "x"}
for number in range(int(sys.argv[2])):
    event = ledger.append("alert", "tests", f"{sys.argv[1]}-{number}", body)
    print(event.subject, flush=True)
"""
KILLED = """
import os, sys
import pytest
from lake_config.settings import load
from tests.lib.dying_writer import Disk
with pytest.MonkeyPatch.context() as patch:
    disk = Disk(load(), patch)
    disk.writer.end = lambda: os.kill(os.getpid(), 9)
    disk.append("torn", int(sys.argv[1]))
"""


def writer(name: str, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, name, str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_kill_at_random_moments(settings: Settings) -> None:
    init_ledger(settings)
    chance = random.Random(7)
    acknowledged: list[str] = []
    for round_ in range(12):
        child = writer(f"r{round_}", 100_000)
        assert child.stdout is not None
        acknowledged.append(child.stdout.readline().strip())
        time.sleep(chance.uniform(0, 0.05))
        child.kill()
        acknowledged += child.stdout.read().split()
    open_ledger(settings).append("alert", "tests", "after", EVENT)
    subjects = [event.subject for event in open_ledger(settings).events()]
    assert len(acknowledged) > 12
    assert all(subjects.count(name) == 1 for name in acknowledged)
    assert verify(settings).ok


@pytest.fixture
def disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Disk:
    init_ledger(settings).append("alert", "tests", "whole", EVENT)
    return Disk(settings, monkeypatch)


def subjects(disk: Disk) -> list[str]:
    """After the check that the ledger verifies."""
    result = verify(disk.settings)
    assert result.ok, result
    return [event.subject for event in disk.ledger().events()]


def steps_of_an_append(disk: Disk) -> int:
    kept = disk.kept()
    steps = disk.append("torn")
    assert steps and steps > 200
    disk.put_back(kept)
    return steps


def test_a_line_torn_at_any_byte_is_recovered(disk: Disk) -> None:
    kept, steps = disk.kept(), steps_of_an_append(disk)
    landed = set()
    for step in range(steps):
        disk.put_back(kept)
        assert disk.append("torn", step) is None
        before = subjects(disk)
        assert disk.append("next")
        after = subjects(disk)
        assert before == after[: len(before)]
        landed.add(tuple(after))
    assert landed == {
        ("whole", "next"),
        ("whole", "ledger", "next"),
        ("whole", "torn", "next"),
    }


@pytest.mark.parametrize("cut", ["first byte", "middle", "all but the line end"])
def test_a_kill_at_any_step_of_a_recovery(disk: Disk, cut: str) -> None:
    steps = steps_of_an_append(disk)
    places = {"first byte": 2, "middle": 150, "all but the line end": steps - 3}
    disk.append("torn", places[cut])
    torn = disk.kept()
    longest = disk.append("next")
    assert longest and "next" in subjects(disk)
    for step in range(0, longest, 1 if cut == "middle" else 7):
        disk.put_back(torn)
        assert disk.append("next", step) is None
        assert verify(disk.settings).ok, step
        assert disk.append("last")
        found = subjects(disk)
        assert found[0] == "whole" and found[-1] == "last", step
        assert [name for name in found if name != "ledger"].count("torn") <= 1


def test_any_series_of_kills_and_power_cuts(disk: Disk) -> None:
    chance, kept = random.Random(11), disk.kept()
    recoveries = 0
    for _ in range(60):
        disk.put_back(kept)
        acknowledged = ["whole"]
        for number in range(8):
            if disk.append(f"e{number}", chance.choice((300, 500, 2000))):
                acknowledged.append(f"e{number}")
            elif chance.random() < 0.6:
                disk.power_cut(chance.random())
            if chance.random() < 0.7:
                disk.append(f"k{number}", int(chance.expovariate(1 / 200)))
        found = subjects(disk)
        assert all(found.count(name) == 1 for name in acknowledged)
        recoveries += found.count("ledger")
    assert recoveries > 60


def test_a_power_cut_takes_what_was_seen_but_not_synced(disk: Disk) -> None:
    """The next writer must not sign for bytes that only the page cache holds."""
    kept, steps = disk.kept(), steps_of_an_append(disk)
    for step in range(steps - 4, steps):
        for further in range(6):
            disk.put_back(kept)
            disk.append("torn", step)
            disk.append("next", further)
            disk.power_cut(0)
            assert "whole" in subjects(disk), (step, further)
            assert disk.append("last")
            assert subjects(disk)[-1] == "last"


@pytest.mark.parametrize("step", [0, 1, 2, 150, 240, 242, 243, 244, 245, 246, 1000])
def test_a_real_kill_at_a_step(settings: Settings, step: int) -> None:
    init_ledger(settings).append("alert", "tests", "whole", EVENT)
    child = subprocess.run([sys.executable, "-c", KILLED, str(step)], cwd=ROOT)
    assert child.returncode == (0 if step == 1000 else -9)
    assert verify(settings).ok
    open_ledger(settings).append("alert", "tests", "next", EVENT)
    found = [event.subject for event in open_ledger(settings).events()]
    assert verify(settings).ok and found[0] == "whole" and found[-1] == "next"


def test_bytes_nobody_was_writing_are_never_recovered(disk: Disk) -> None:
    """Only while the head names a pending entry can there be torn bytes."""
    with disk.file.open("ab") as file:
        file.write(b'{"actor"')
    assert not verify(disk.settings).ok
    with pytest.raises(LedgerBroken, match="末尾被添加"):
        disk.append("next")


def test_a_forged_line_in_torn_bytes_is_never_covered(disk: Disk) -> None:
    line = disk.file.read_bytes()
    disk.append("torn", 100)
    with disk.file.open("ab") as file:
        file.write(b"\n" + line)
    kept = disk.kept()
    assert not verify(disk.settings).ok
    with pytest.raises(LedgerBroken):
        disk.append("next")
    assert disk.kept() == kept


def test_an_entry_that_could_not_be_synced_is_taken_back(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where somebody in this process has read it already."""
    ledger = disk.ledger()

    def failing(handle: int) -> None:
        assert [event.subject for event in ledger.events("alert")][-1] == "torn"
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(disk.writer, "fsync", failing)
        with pytest.raises(LedgerUnwritable):
            ledger.append("alert", "tests", "torn", EVENT)
    assert subjects(disk) == ["whole"]
    ledger.append("alert", "tests", "next", EVENT)
    assert subjects(disk) == ["whole", "next"]
    assert [event.subject for event in ledger.events("alert")] == ["whole", "next"]


def test_where_nothing_can_be_cut_off_it_is_recovered(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On an append-only file (chattr +a) a half written line stays."""

    def refused(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "ftruncate", refused)
    disk.writer.end = refused
    with pytest.raises(LedgerUnwritable):
        disk.append("torn", 120)
    assert disk.append("next")
    assert subjects(disk) == ["whole", "ledger", "next"]


def test_six_processes_append_at_once_while_others_read(settings: Settings) -> None:
    init_ledger(settings)
    with ThreadPoolExecutor(6) as pool:
        children = [writer(f"p{number}", 20) for number in range(6)]
        ends = list(pool.map(lambda child: child.communicate, children))
        waiting = [pool.submit(end) for end in ends]
        while not all(item.done() for item in waiting):
            assert verify(settings).ok
            ledger = open_ledger(settings)
            assert len(list(ledger.events("alert"))) <= len(list(ledger.events()))
    result = verify(settings)
    assert (result.ok, result.events) == (True, 120)


def test_an_entry_may_land_between_two_looks_at_the_file(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer has signed its pending entry and writes it while verify is reading."""
    ledger = init_ledger(settings)
    first, second = (ledger.append("alert", "tests", name, EVENT) for name in "ab")
    late = second.line() + b"\n"
    with ledger.file.open("rb+") as file:
        file.truncate(ledger.file.stat().st_size - len(late))
    pending = Head(1, first.digest, 2, second.digest)
    key = private_key(settings.layers.keys / SIGNING_KEY)
    write_head(settings.layers.ledger_head, pending, key)
    looks = []

    def signed(*arguments: Any) -> Iterator[Entry]:
        yield from chain.signed(*arguments)
        if not looks:
            with ledger.file.open("ab") as file:
                file.write(late)
        looks.append("look")

    monkeypatch.setattr("audit.verify.signed", signed)
    result = verify(settings)
    assert (result.ok, result.events, len(looks)) == (True, 2, 2)


def test_canonical_bytes_do_not_depend_on_order() -> None:
    assert canonical({"b": 1, "a": "绥化"}) == '{"a":"绥化","b":1}'.encode()


def test_the_lock_file_is_no_entry(settings: Settings) -> None:
    init_ledger(settings)
    assert (settings.layers.ledger / EVENTS).read_bytes() == b""
