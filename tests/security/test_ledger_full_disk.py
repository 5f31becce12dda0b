"""No room left, at every size: nothing acknowledged is lost, and the ledger goes on later."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit.ledger import init_ledger, open_ledger
from audit.verify import verify
from lake_config.errors import LedgerUnwritable
from lake_config.settings import ROOT, Settings, load
from tests.lib.dying_writer import EVENT

FULL = """
import os, resource, sys
from lake_config.errors import LedgerUnwritable
from lake_config.settings import load
from audit.ledger import open_ledger
from audit.verify import verify
settings = load()
ledger = open_ledger(settings)
body = {"department": "d", "table": "t", "date": "2026-01-01", "what": "x"}
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
for room in range(0, 400, 7):
    size = os.stat(ledger.file).st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, hard))
    try:
        ledger.append("alert", "tests", f"too much {room}", body)
        print("fits", room)
    except LedgerUnwritable:
        assert os.stat(ledger.file).st_size == size, room
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert verify(settings).ok, room
    ledger.append("alert", "tests", f"room {room}", body)
    assert verify(settings).ok, room
"""


def test_no_room_for_a_whole_line(settings: Settings) -> None:
    """The kernel refuses at every size; the ledger stays good, and goes on later."""
    init_ledger(settings).append("alert", "tests", "whole", EVENT)
    child = subprocess.run([sys.executable, "-c", FULL], cwd=ROOT, capture_output=True)
    assert child.returncode == 0, child.stderr.decode()
    kinds = [event.kind for event in open_ledger(settings).events()]
    assert set(kinds) == {"alert"} and len(kinds) > 58


@pytest.fixture
def full_disk(tmp_path: Path) -> Path:
    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=96k,mode=700", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting needs root")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full(full_disk: Path) -> None:
    settings = load({"LAKE_HOME": str(full_disk)})
    ledger = init_ledger(settings)
    filler = full_disk / "filler"
    acknowledged = refused = 0
    for room in range(12):
        filler.unlink(missing_ok=True)
        with filler.open("wb", buffering=0) as file:
            while (free := os.statvfs(full_disk).f_bavail) > room % 4:
                file.write(bytes(4096 * (free - room % 4)))
        for _ in range(30):
            try:
                ledger.append("alert", "tests", "x", {**EVENT, "what": "x" * 700})
                acknowledged += 1
            except LedgerUnwritable:
                refused += 1
        assert verify(settings).ok, room
    assert acknowledged and refused
    filler.unlink()
    ledger.append("alert", "tests", "last", EVENT)
    assert verify(settings).ok
    assert sum(event.kind == "alert" for event in ledger.events()) >= acknowledged + 1
