"""Kill −9 in every step: run again, and what is published is the source (security.md C1).

71 kills at 23 named places (12 of them in five batches each) and 60 at random moments, each
of the process group that runs the step, while Spark's server goes on with what the dead
one had asked of it. Costs three to four minutes. `LAKE_TEST_TIMES=500` draws so many random
moments and keeps what was found in tests/results/, also in parts: `LAKE_TEST_MINUTES=20`
ends one. `LAKE_TEST_SEED` draws the same moments again.
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from deltalake import DeltaTable

from audit.events import Event
from audit.files_digest import files_digest
from audit.ledger import open_ledger
from audit.verify import verify
from jobs import retain as retention
from jobs.delta_files import files_added
from jobs.retain import own, retain
from lake_config.contract_loader import contract_of
from lake_config.layers import CURATED
from lake_config.settings import Settings
from storage.file_facts import facts_of
from tests.lib.byte_scanner import Truth, scan
from tests.lib.crash_storm import KILLED, Server, Storm, finish, mortal_spark
from tests.lib.delivered_day import LARGEST, ROWS, STEPS, Delivery
from tests.lib.forked_job import die_at
from tests.lib.kept_results import keep, times
from tests.lib.local import LOCAL
from tests.lib.one_department import DEPARTMENT, TABLE, signed_lake, teachers
from tests.lib.small_lake import lake_command

ROUNDS, RANDOM = 5, times(60)
SEED = int(os.environ.get("LAKE_TEST_SEED") or random.SystemRandom().getrandbits(32))
LONGEST = 60 * float(os.environ.get("LAKE_TEST_MINUTES", "inf"))
MOST_IN_A_ROW = 5 if RANDOM <= 60 else 8
SUMMED = tuple("kills batches_equal_to_their_source dead_attempts seconds".split())
WHILE_SPARK_WRITES = 0.1
PLACES = {
    "land": (
        ("jobs.landing:write_once", 0.0, 1),
        ("jobs.landing:write_once", WHILE_SPARK_WRITES, ROUNDS),
        ("jobs.collect:rows_added", 0.0, 1),
        ("jobs.collect:_keep_totals", 0.0, ROUNDS),
        ("jobs.context:Job.record", 0.0, ROUNDS),
        ("jobs.reconcile:compare", 0.0, ROUNDS),
    ),
    "gate": (
        ("storage.local_folders:write_private", 0.0, ROUNDS),
        ("storage.local_folders:LocalFolders.settle", 0.0, 1),
        ("jobs.gate:verdict_of", 0.0, 1),
        ("jobs.context:Job.record", 0.0, ROUNDS),
    ),
    "release": (
        ("jobs.mask:_write", 0.0, 1),
        ("jobs.mask:commit_new", 0.0, ROUNDS),
        ("jobs.mask:files_of", 0.0, 1),
        ("jobs.mask:scan_of", 0.0, 1),
        ("jobs.mask:keep_list", 0.0, ROUNDS),
        ("jobs.context:Job.record", 0.0, ROUNDS),
        ("jobs.lease:Lease.confirm", 0.0, 1),
        ("jobs.publish:_taken", 0.0, 1),
        ("jobs.publish:_commit", 0.0, ROUNDS),
        ("jobs.publish:version_files", 0.0, ROUNDS),
        ("jobs.context:Job.record", 0.0, ROUNDS),
        ("jobs.lease:Lease.free", 0.0, 1),
        ("jobs.publish:_clear_staged", 0.0, 1),
    ),
}
"""In the order a batch passes them: how long after a place it dies, and in how many batches.
It dies at one after the other, and is run again."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("killed")
    found = signed_lake(home, home / "contracts", "丙")
    with mortal_spark(found) as server:
        yield server


@pytest.fixture(scope="module")
def deliveries(server: Server) -> Iterator[Delivery]:
    """One after the other, each with rows of its own."""
    return (Delivery(server.settings, day).hand_over() for day in itertools.count())


def test_killed_at_every_named_place(
    server: Server, deliveries: Iterator[Delivery], seen: Callable[[str], None]
) -> None:
    kills: Counter[str] = Counter()
    retries, began = 0, time.monotonic()
    for number in range(ROUNDS):
        delivery = next(deliveries)
        for step, places in PLACES.items():
            for place, after, rounds in places:
                if number < rounds:
                    dying = partial(die_at, place, after)
                    assert delivery.ended(step, dying) == KILLED, place
                    kills[place] += 1
            retries += finish(delivery, step)
        assert delivery.differences() == []
    assert retries == 0, "nothing that a dead one left is in the way of the next"
    seen(
        f"C1 named: {kills.total()} kills at {sum(map(len, PLACES.values()))} places, "
        f"{ROUNDS} batches equal to the source, {_since(began)} s"
    )


def test_killed_at_random_moments(
    server: Server, deliveries: Iterator[Delivery], seen: Callable[[str], None]
) -> None:
    storm = Storm(server, random.Random(SEED))
    storm.measure(list(itertools.islice(deliveries, 3)))
    began, batches, retries = time.monotonic(), 0, 0
    while storm.kills.total() < RANDOM and time.monotonic() < began + LONGEST:
        delivery = next(deliveries)
        for step in STEPS:
            for _ in range(storm.chance.randint(1, MOST_IN_A_ROW)):
                if not storm.hit(delivery, step):
                    break
            retries += finish(delivery, step)
        assert delivery.differences() == [], f"LAKE_TEST_SEED={SEED}"
        batches += 1
    found = {
        "seed": SEED,
        "kills": storm.kills.total(),
        "by_step": dict(sorted(storm.kills.items())),
        "too_late_and_not_counted": storm.too_late,
        "batches_equal_to_their_source": batches,
        "retries_after_the_next_try": retries,
        "step_seconds": storm.seconds,
        **_dead_attempts(server.settings, storm),
    }
    keep("killed_at_random_moments", {**found, "seconds": _since(began)}, SUMMED)
    seen(
        f"C1 random: {storm.kills.total()} kills (seed {SEED}), {batches} batches equal "
        f"to the source by count and checksum, {_since(began)} s"
    )


def _since(began: float) -> int:
    return round(time.monotonic() - began)


def _dead_attempts(settings: Settings, storm: Storm) -> dict[str, int]:
    """Attempts no receipt names, and those that Spark committed after a kill."""
    named = {event.body["attempt"] for event in _events(settings, "collected")}
    folders = (settings.layers.raw / DEPARTMENT / TABLE).glob("*/*")
    dead = [folder for folder in folders if folder.name not in named]
    return {
        "dead_attempts": len(dead),
        "of_them_committed_after_the_kill": sum(
            any(_begun(path) < died < _committed(path) for died in storm.died_at)
            for path in dead
        ),
    }


def _begun(attempt: Path) -> float:
    name = f"{attempt.name[:15]}+0000"
    return datetime.strptime(name, "%Y%m%dT%H%M%S%z").timestamp()


def _committed(attempt: Path) -> float:
    commit = attempt / "_delta_log" / f"{0:020d}.json"
    return commit.stat().st_mtime if commit.exists() else 0.0


def _events(settings: Settings, kind: str) -> list[Event]:
    return [event for event in open_ledger(settings).events(kind) if event.body["ok"]]


def test_each_batch_has_one_receipt_and_one_version(
    server: Server, deliveries: Iterator[Delivery]
) -> None:
    """After everything above; and running all of it again changes nothing."""
    settings = server.settings
    published = _events(settings, "published")
    batches = Counter(event.subject for event in published)
    assert batches and set(batches.values()) == {1}
    shared = settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    assert DeltaTable(str(shared)).version() == len(batches) - 1
    assert verify(settings).ok
    newest = published[-1].body["date"]
    code, said = lake_command(settings, "run", DEPARTMENT, "--date", newest)
    assert code == 0 and "没有改动任何内容" in said


def test_every_file_in_the_shared_zone_passed_a_scan(server: Server) -> None:
    """What a version holds has the digest that both its receipts name."""
    settings = server.settings
    passed = {
        event.body["files_digest"]
        for event in _events(settings, "masked")
        if event.body["leak_scan"]["ok"]
    }
    table = settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    lying = set(table.glob("*.parquet"))
    for event in _events(settings, "published"):
        names = files_added(LOCAL, table, event.body["version"])
        digest = files_digest([facts_of(LOCAL, table / name) for name in names])
        assert digest == event.body["files_digest"] and digest in passed
        lying -= {table / name for name in names}
    assert not lying


def test_no_teacher_lies_outside_raw_and_the_department(
    server: Server, seen: Callable[[str], None]
) -> None:
    """security.md L15, L35: spills, scratch folders, logs and staging of all that died."""
    home = server.settings.home
    made = teachers(LARGEST + ROWS)
    none: frozenset[str] = frozenset()
    truth = Truth(
        frozenset(row[1] for row in made), none, none, frozenset(row[2] for row in made)
    )
    parts = [*home.iterdir(), *(home / "zones").iterdir()]
    names = {part.relative_to(home).as_posix() for part in parts}
    looked = sorted(names - {"zones", "zones/raw", "sources"})
    assert {"state", "logs", "ledger", "zones/shared"} <= set(looked)
    assert {name: found for name in looked if (found := scan(home / name, truth))} == {}
    assert {kind for kind, _ in scan(home / "zones/raw", truth)} >= {"identity_number"}
    seen(f"L15, L35: nothing in {len(looked)} places after the kills")


def test_retention_ends_what_the_dead_left(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of raw only attempts that a receipt names stay; in staging nothing, also where Spark
    went on writing for a dead one after its retry had cleared its folder."""
    monkeypatch.setattr(retention, "GRACE", -3600.0)
    settings = server.settings
    contract = contract_of(settings.contracts, DEPARTMENT)
    retain(settings, own(contract, contract.table(TABLE)), Delivery(settings, 0).day)
    attempts = (settings.layers.raw / DEPARTMENT / TABLE).glob("*/*")
    left = {path.name for path in attempts if any(LOCAL.files(path))}
    assert left == {event.body["attempt"] for event in _events(settings, "collected")}
    assert not any(LOCAL.files(settings.layers.staging))
    assert verify(settings).ok
