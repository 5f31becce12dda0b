"""C8: no room left for Spark, staging, the ledger or the store, five times each.

A step then fails clean or finishes; nothing half written counts, and the same command goes
on once there is room again, without anybody's hand. Twenty cases take about 90 seconds.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import find
from audit.verify import verify
from lake_config.errors import LedgerUnwritable
from lake_config.layers import CURATED, Layers
from lake_config.settings import Settings
from ops.spark_service import running_spark
from tests.lib.dying_writer import EVENT
from tests.lib.forked_job import ended
from tests.lib.one_department import (
    BROKEN,
    DEPARTMENT,
    TABLE,
    hand_over,
    signed_lake,
    teachers,
)
from tests.lib.small_disk import PAGE, full, small_disk
from tests.lib.small_lake import DAY, OFFICER

ROOMS = (0, 4_096, 8_192, 16_384, 65_536)
TEACHERS = 60
FULL_CODES = (51, 70)
"""The ledger could not take it, or an engine or a store failed: both are tried again."""

PLACES: dict[str, Callable[[Layers], Path]] = {
    "Spark": lambda layers: layers.state / "spark" / "local",
    "staging": lambda layers: layers.staging,
    "ledger": lambda layers: layers.ledger,
    "raw": lambda layers: layers.raw,
    "shared": lambda layers: layers.shared,
}
STEPS = ("land", "gate", "release")


@dataclass(frozen=True)
class Case:
    """Where it is full, how much room there is, and which step meets it."""

    place: str
    room: int
    step: str
    day: date


WHERE = (
    *(("Spark", room, STEPS[number % 3]) for number, room in enumerate(ROOMS)),
    *(("staging", room, "release") for room in ROOMS),
    *(("ledger", 700 * number, STEPS[number % 3]) for number in range(5)),
    *(("raw", room, "land") for room in ROOMS[:3]),
    *(("shared", room, "release") for room in ROOMS[:2]),
)
CASES = [
    Case(*where, DAY + timedelta(days=number)) for number, where in enumerate(WHERE)
]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One department; each place lies on a small disk of its own."""
    home = tmp_path_factory.mktemp("full") / "lake"
    home.mkdir(mode=0o700)
    with ExitStack() as stack:
        for place in PLACES.values():
            stack.enter_context(small_disk(place(Layers(home))))
        settings = signed_lake(home, home.parent / "contracts", OFFICER)
        stack.enter_context(running_spark(settings, brief=True))
        yield settings


def run(settings: Settings, step: str, day: date) -> tuple[int, str]:
    which = ["--table", TABLE] if step != "gate" else []
    arguments = [step, "--department", DEPARTMENT, *which, "--date", f"{day}"]
    places = {**os.environ, **settings.environment}
    return ended(arguments, places, settings.layers.logs / f"{step}.{day}.log")


def published(settings: Settings) -> tuple[int, int]:
    """The version people read, and its rows; (-1, 0) before the first."""
    events = [e for e in open_ledger(settings).events("published") if e.body["ok"]]
    if not events:
        return -1, 0
    version = max(int(event.body["version"]) for event in events)
    table = settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    return version, DeltaTable(str(table), version).to_pyarrow_table().num_rows


@pytest.mark.proves("C8")
@pytest.mark.parametrize(
    "case", CASES, ids=[f"{case.place}-{case.room}-{case.step}" for case in CASES]
)
def test_it_goes_on_when_there_is_room_again(lake: Settings, case: Case) -> None:
    hand_over(lake, teachers(TEACHERS), case.day)
    before = published(lake)
    for step in STEPS[: STEPS.index(case.step)]:
        assert run(lake, step, case.day)[0] == 0
    with full(PLACES[case.place](lake.layers), case.room):
        if case.place == "ledger":
            leave(lake, case.room)
        code, said = run(lake, case.step, case.day)
    ENDED[case.place, code] += 1
    check_clean(lake, case, code, said)
    if code:
        assert published(lake) == before
        code, said = run(lake, case.step, case.day)
        assert code == 0, said
    check_whole(lake, case)


ENDED: Counter[tuple[str, int]] = Counter()


def leave(lake: Settings, room: int) -> None:
    """A full disk still has the rest of the ledger's last page, which entries fill."""
    ledger = open_ledger(lake)
    with suppress(LedgerUnwritable):
        while -ledger.file.stat().st_size % PAGE > room:
            ledger.append("alert", "tests", "filler", {**EVENT, "what": "filler"})


def check_clean(lake: Settings, case: Case, code: int, said: str) -> None:
    assert code in (0, *FULL_CODES), said
    assert "Traceback" not in said and "内部错误" not in said
    assert verify(lake).ok


def check_whole(lake: Settings, case: Case) -> None:
    """The step's receipt stands, about everything that was delivered."""
    kind = {"land": "reconciled", "gate": "gated", "release": "published"}[case.step]
    ledger = open_ledger(lake)
    receipt = find(ledger, kind, f"{DEPARTMENT}.{TABLE}.{case.day}")
    assert receipt is not None and receipt.ok
    rows = TEACHERS - 1 if kind == "published" else TEACHERS
    assert receipt.body["rows"] == rows and BROKEN < TEACHERS
    raw = lake.layers.raw_batch(DEPARTMENT, TABLE, case.day)
    dead = {path.name for path in raw.iterdir()} - {receipt.body["attempt"]}
    # Rows whose receipt could not be written are retention's to clear.
    assert (
        len(dead) <= (case.place == "ledger")
        and (raw / receipt.body["attempt"]).is_dir()
    )
    assert not [path for path in lake.layers.staging.rglob("*") if path.is_file()]
    if kind == "published":
        assert published(lake) == (receipt.body["version"], rows)


def test_the_disks_were_really_full(
    lake: Settings, seen: Callable[[str], None]
) -> None:
    """Last of all: where a step writes, it has met the end of the disk."""
    failed = {place for (place, code), _ in ENDED.items() if code}
    assert failed >= {"staging", "ledger", "raw", "shared"}
    for place in PLACES:
        codes = {code: n for (at, code), n in sorted(ENDED.items()) if at == place}
        seen(f"C8 {place}: exit codes {codes}")
