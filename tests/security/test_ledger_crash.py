"""Killed at any moment: every acknowledged event is there once, and the ledger verifies."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from audit.events import canonical
from audit.ledger import EVENTS, init_ledger, open_ledger
from audit.signed_head import Head, private_key, read_head, write_head
from audit.verify import verify
from lake_config.settings import ROOT, Settings

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
EVENT = {"department": "d", "table": "t", "date": "2026-01-01", "what": "x"}


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


def test_a_torn_line_is_closed_by_a_recovery(settings: Settings) -> None:
    """Kill inside the write: the head names a pending entry, half of it is in the file."""
    ledger = init_ledger(settings)
    event = ledger.append("alert", "tests", "whole", EVENT)
    path = settings.layers.ledger / EVENTS
    whole = path.read_bytes()
    ledger.append("alert", "tests", "torn", EVENT)
    path.write_bytes(whole + path.read_bytes()[len(whole) :][:50])
    head = read_head(settings.layers.ledger_head, ledger._public)
    ahead = Head(1, event.digest, 2, head.digest)
    key = private_key(settings.layers.keys / "ledger_signing.key")
    write_head(settings.layers.ledger_head, ahead, key)
    assert verify(settings).ok
    ledger.append("alert", "tests", "next", EVENT)
    assert [item.kind for item in ledger.events()] == ["alert", "recovered", "alert"]
    assert verify(settings).ok
    path.write_bytes(path.read_bytes().replace(b'"tests"', b'"tesst"', 3))
    assert not verify(settings).ok


def test_six_processes_append_at_once(settings: Settings) -> None:
    init_ledger(settings)
    with ThreadPoolExecutor(6) as pool:
        children = [writer(f"p{number}", 20) for number in range(6)]
        list(pool.map(lambda child: child.communicate(), children))
    result = verify(settings)
    assert (result.ok, result.events) == (True, 120)


def test_canonical_bytes_do_not_depend_on_order() -> None:
    assert canonical({"b": 1, "a": "绥化"}) == '{"a":"绥化","b":1}'.encode()
