"""Incremental loads and change feeds on real sources: the lake has what the source has.

Costs about a minute: one PostgreSQL, one MariaDB, one Spark server, steps forked from a
warm process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import counting, find
from lake_config.contract import Contract
from lake_config.layers import CURATED, batch_id
from lake_config.settings import Settings
from tests.lib import changing_sources as made
from tests.lib.changing_sources import BENEFITS, DEPARTMENT, PAYMENTS, PERMITS, Source
from tests.lib.forked_job import die_at, ended, nothing

FIRST = date(2026, 3, 2)
INCOMPLETE = 26


@dataclass(frozen=True)
class Lake:
    settings: Settings
    contract: Contract
    log: Path

    def step(self, step: str, table: str, day: date, dying_at: str = "") -> int:
        about = ["--department", DEPARTMENT, "--date", f"{day}"]
        about += ["--table", table]
        given = {
            **os.environ,
            "LAKE_HOME": str(self.settings.home),
            "LAKE_CONTRACTS": str(self.settings.contracts),
            "LAKE_SPARK_MEMORY": "1g",
        }
        dying = partial(die_at, dying_at) if dying_at else nothing
        code, said = ended([step, *about], given, self.log, dying)
        sys.stderr.write(said)
        return code

    def load(self, table: str, day: date) -> dict[str, Any]:
        """Land; what the receipt says of the load."""
        assert self.step("land", table, day) == 0
        return self.told(table, day)

    def told(self, table: str, day: date) -> dict[str, Any]:
        receipt = counting(open_ledger(self.settings), batch_id(DEPARTMENT, table, day))
        assert receipt is not None
        found: dict[str, Any] = receipt.body["load"]
        return found

    def state(self, table: str, day: date) -> list[tuple[str, ...]]:
        """The rows of the attempt that counts, as texts."""
        batch = batch_id(DEPARTMENT, table, day)
        receipt = counting(open_ledger(self.settings), batch)
        assert receipt is not None
        layers, attempt = self.settings.layers, receipt.body["attempt"]
        folder = layers.raw_attempt(DEPARTMENT, table, day, attempt)
        columns = list(made.COLUMNS[table])
        rows = DeltaTable(str(folder)).to_pyarrow_table(columns=columns).to_pylist()
        return sorted(tuple(map(str, row.values())) for row in rows)

    def published(self, table: str, day: date) -> int:
        """Gate and release; the rows that people read then."""
        assert self.step("gate", table, day) == 0
        assert self.step("release", table, day) == 0
        shared = self.settings.layers.shared_table(CURATED, DEPARTMENT, table)
        return int(DeltaTable(str(shared)).to_pyarrow_table().num_rows)

    def alerts(self, table: str, day: date) -> list[str]:
        found = open_ledger(self.settings).newest(
            "alert", batch_id(DEPARTMENT, table, day)
        )
        return [event.body["what"] for event in found]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = tmp_path_factory.mktemp("changing")
    with made.served_lake(home) as (settings, contract):
        yield Lake(settings, contract, home / "step.log")


def day(number: int) -> date:
    return FIRST + timedelta(days=number - 1)


def row(table: str, number: int, changed: date, note: str = "好") -> tuple[Any, ...]:
    key = f"{number:06d}"
    if table == PAYMENTS:
        return (key, f"{number}.50", note, changed)
    return (key, note, f"{changed} 08:00:00")


PLACES = (
    "jobs.landing:write_once",
    "jobs.incremental:sound_keys",
    "jobs.incremental:totals_of",
    "jobs.incremental:write_composed",
    "jobs.incremental:tally",
    "jobs.collect:_keep_totals",
    "jobs.context:Job.record",
    "jobs.reconcile:compare",
)
FEED_PLACES = (
    "jobs.landing:write_once",
    "jobs.change_feed:resolved",
    "jobs.change_feed:write_composed",
    "jobs.collect:_keep_totals",
    "jobs.context:Job.record",
    "jobs.reconcile:compare",
)


def changed_once(lake: Lake, source: Source) -> dict[str, Any]:
    """New, changed and late within two days; the rest is not read. What is told of it."""
    table = source.table
    old = [row(table, number, day(1) - timedelta(days=30)) for number in range(40)]
    source.put(*old, row(table, 40, day(1)))
    assert lake.load(table, day(1)) == {"kind": "full", "unchecked": 0}
    source.put(row(table, 41, day(2)), row(table, 7, day(2), "改"))
    source.put(row(table, 42, day(1) - timedelta(days=1)))
    told = lake.load(table, day(2))
    assert lake.state(table, day(2)) == source.rows()
    assert (told["kind"], told["read"]) == ("changes", 4)
    assert (told["inserted"], told["updated"], told["deleted"]) == (2, 1, 0)
    assert f"{day(1) - timedelta(days=2)}" not in str(told), "made of a cell"
    assert not lake.alerts(table, day(2))
    return told


def test_mariadb_with_moments_as_text(lake: Lake) -> None:
    told = changed_once(lake, Source(lake.settings, lake.contract, BENEFITS))
    assert told["base"]["date"] == f"{day(1)}" and told["unchecked"] == 1


def test_incremental(lake: Lake, seen: Callable[[str], None]) -> None:
    table = PAYMENTS
    source = Source(lake.settings, lake.contract, table)
    changed_once(lake, source)
    assert lake.published(table, day(2)) == 43

    # Deleted at the source: the count tells at once, and the whole table is read.
    key = next(iter(made.COLUMNS[table]))
    source.run(f"delete from {table} where {key} = '000003'")  # noqa: S608
    third = lake.load(table, day(3))
    assert (third["kind"], third["why_whole"]) == ("full", "state_differs")
    assert (third["inserted"], third["updated"], third["deleted"]) == (0, 0, 1)
    assert lake.state(table, day(3)) == source.rows()
    assert lake.alerts(table, day(3)) == ["state_differs"]

    # Changed behind the window's back: found when the whole table is compared.
    source.run(f"update {table} set note = '晚' where {key} = '000005'")  # noqa: S608
    for number in (4, 5):
        assert lake.load(table, day(number))["unchecked"] == number - 3
        assert lake.state(table, day(number)) != source.rows()
    sixth = lake.load(table, day(6))
    assert (sixth["why_whole"], sixth["updated"]) == ("state_differs", 1)
    assert lake.state(table, day(6)) == source.rows()

    # Two rows of one key among the changes: nobody knows which one to replace.
    source.run(f"insert into {table} select * from {table} where {key} = '000041'")  # noqa: S608
    source.run(
        f"update {table} set changed_on = %s where {key} = '000041'",
        [row(table, 1, day(7))[-1]],
    )  # noqa: S608
    assert lake.load(table, day(7))["why_whole"] == "ambiguous_keys"
    assert lake.state(table, day(7)) == source.rows()

    # Killed on the way and run again: as if nothing had been.
    source.put(row(table, 41, day(8)), row(table, 50, day(8)))
    for place in PLACES:
        assert lake.step("land", table, day(8), place) == -9, place
    told = lake.load(table, day(8))
    assert (told["kind"], told["inserted"], told["updated"]) == ("changes", 1, 1)
    assert lake.state(table, day(8)) == source.rows()
    seen(f"incremental loads: killed at {len(PLACES)} places, each time as if never")


def test_change_feed(lake: Lake, seen: Callable[[str], None]) -> None:
    settings = lake.settings
    state = {f"{number:04d}": "好" for number in range(30)}
    made.hand_over(settings, day(1), [("U", 1, "0001", "改")], 1, after=30)
    assert lake.step("land", PERMITS, day(1)) == INCOMPLETE  # nothing to lay it over
    made.hand_over(settings, day(1), state.items(), 100)
    assert lake.load(PERMITS, day(1))["sequence"] == 100

    # Out of order, one number twice, one from before; a row that comes and goes.
    changes = [
        ("U", 104, "0002", "后"),
        ("I", 101, "0100", "新"),
        ("U", 102, "0002", "先"),
        ("D", 103, "0003", ""),
        ("U", 102, "0002", "先"),
        ("U", 99, "0004", "旧"),
        ("I", 105, "0101", "新"),
        ("D", 106, "0101", ""),
    ]
    state |= {"0100": "新", "0002": "后"}
    del state["0003"]
    made.hand_over(settings, day(2), changes, 106, after=30)
    for place in FEED_PLACES:
        assert lake.step("land", PERMITS, day(2), place) == -9, place
    told = lake.load(PERMITS, day(2))
    assert lake.state(PERMITS, day(2)) == sorted(state.items())
    assert (told["inserted"], told["updated"], told["deleted"]) == (1, 1, 1)
    assert (told["sequence"], told["read"], told["repeated"]) == (106, 8, 2)
    assert lake.published(PERMITS, day(2)) == 30

    for spoiled in (
        [("U", 108, "0005", "x")],
        [("U", 107, "0005", "x"), ("U", 107, "0005", "y")],
        [("U", "一", "0005", "x")],
        [("U", 107, "0005", "x"), ("U", 108, "0005", "x")],
    ):
        made.hand_over(settings, day(3), spoiled, 107, after=30)
        assert lake.step("land", PERMITS, day(3)) == INCOMPLETE, spoiled
    made.hand_over(settings, day(3), [("U", 107, "0005", "x")], 107, after=31)
    assert lake.step("land", PERMITS, day(3)) == 24  # not as many rows as it says
    made.hand_over(settings, day(3), [], 106, after=30)
    assert lake.load(PERMITS, day(3))["unchecked"] == 2
    made.hand_over(settings, day(4), [("D", 107, "0005", "")], 107, after=29)
    assert lake.load(PERMITS, day(4))["unchecked"] == 3
    made.hand_over(settings, day(5), [], 107, after=29)
    assert lake.step("land", PERMITS, day(5)) == INCOMPLETE  # the whole table is due
    del state["0005"], state["0006"]
    made.hand_over(settings, day(5), state.items(), 107)
    whole = lake.load(PERMITS, day(5))
    assert (whole["kind"], whole["deleted"]) == ("full", 1)
    assert lake.alerts(PERMITS, day(5))[0] == "state_differs"
    assert find(
        open_ledger(settings), "reconciled", batch_id(DEPARTMENT, PERMITS, day(5))
    )
    seen(f"change feeds: killed at {len(FEED_PLACES)} places, each time as if never")
