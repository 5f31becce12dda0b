"""Kill −9 in every step: run again, and the published content is as if never killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.verify import verify
from jobs.delta_files import facts_of, files_added
from jobs.scanned import files_digest
from lake_config.layers import CURATED
from lake_config.settings import ROOT, Settings
from ops.spark_service import running_spark
from tests.lib.local import LOCAL
from tests.lib.one_department import (
    DEPARTMENT,
    TABLE,
    hand_over,
    signed_lake,
    teachers,
)
from tests.lib.small_lake import DAY, lake_command

NEXT = DAY + timedelta(days=1)
KILLED = """
import importlib, os, sys
from jobs.__main__ import main

def die(*_, **__):
    os.kill(os.getpid(), 9)

module, _, name = sys.argv[1].partition(":")
owner = importlib.import_module(module)
for part in name.split(".")[:-1]:
    owner = getattr(owner, part)
last = name.split(".")[-1]
getattr(owner, last)  # a place that moved must not pass for one that was survived
setattr(owner, last, die)
sys.exit(main(sys.argv[2:]))
"""
PLACES = {
    "land": (
        "jobs.collect:write_once",
        "jobs.collect:rows_added",
        "jobs.collect:_keep_totals",
        "storage.local_folders:LocalFolders.files",
        "jobs.context:Job.record",
        "jobs.reconcile:compare",
    ),
    "gate": (
        "storage.local_folders:write_private",
        "storage.local_folders:LocalFolders.settle",
        "jobs.gate:_verdict",
        "jobs.context:Job.record",
    ),
    "release": (
        "jobs.mask:_write",
        "jobs.mask:files_of",
        "jobs.mask:_scan",
        "jobs.mask:keep_list",
        "jobs.context:Job.record",
        "jobs.lease:Lease.confirm",
        "jobs.publish:_taken",
        "jobs.publish:_commit",
        "jobs.publish:version_files",
        "jobs.context:Job.record",
        "jobs.lease:Lease.free",
        "jobs.publish:_clear_staged",
    ),
}
"""In the order a batch passes them: it dies at each once, and is run again."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("killed")
    found = signed_lake(home, home / "contracts", "丙")
    with running_spark(found, brief=True):
        yield found


def ended(settings: Settings, step: str, killed_at: str = "") -> int:
    """The step in a process of its own, which dies when it comes to a place."""
    how = ["-c", KILLED, killed_at] if killed_at else ["-m", "jobs"]
    about = [step, "--department", DEPARTMENT, "--table", TABLE, "--date", f"{NEXT}"]
    places = {
        "LAKE_HOME": str(settings.home),
        "LAKE_CONTRACTS": str(settings.contracts),
    }
    done = subprocess.run(
        [sys.executable, *how, *about], cwd=ROOT, env={**os.environ, **places}
    )
    return done.returncode


def rows_of(settings: Settings, version: int) -> list[tuple[object, ...]]:
    table = settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    found = DeltaTable(str(table), version=version).to_pyarrow_table()
    return sorted(tuple(row.values()) for row in found.to_pylist())


def test_killed_in_every_step_and_still_the_same(settings: Settings) -> None:
    run = ["run", DEPARTMENT, "--date"]
    hand_over(settings, teachers(), DAY)
    assert lake_command(settings, *run, f"{DAY}")[0] == 0
    hand_over(settings, teachers(), NEXT)
    for step, places in PLACES.items():
        for place in places:
            assert ended(settings, step, place) == -9, place
        assert ended(settings, step) in (0, 99)
    code, said = lake_command(settings, *run, f"{NEXT}")
    assert code == 0 and "没有改动任何内容" in said
    shared = settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    assert DeltaTable(str(shared)).version() == 1
    assert rows_of(settings, 1) == rows_of(settings, 0)
    events = list(open_ledger(settings).events())
    assert sum(event.kind == "published" for event in events) == 2
    assert verify(settings).ok
    assert not list(settings.layers.staging.rglob("*.parquet"))


def test_every_file_in_the_shared_zone_passed_a_scan(settings: Settings) -> None:
    """What a version holds has the digest that both its receipts name."""
    ledger = open_ledger(settings)
    passed = {
        event.body["files_digest"]
        for event in ledger.events("masked")
        if event.body["leak_scan"]["ok"]
    }
    table = settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    lying = set(table.glob("*.parquet"))
    for event in ledger.events("published"):
        names = files_added(LOCAL, table, event.body["version"])
        digest = files_digest([facts_of(LOCAL, table / name) for name in names])
        assert digest == event.body["files_digest"] and digest in passed
        lying -= {table / name for name in names}
    assert not lying
