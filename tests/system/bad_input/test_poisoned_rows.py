"""C12: docs/reference/poisoned_rows.md is true on every transport.

One delivery per transport holds all kinds. Good rows land and are published, bad ones are
quarantined under the rule that is named; rows in = accepted + quarantined, and no cell is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import find
from lake_config.layers import CURATED
from tests.lib.bad_sources import Source, run
from tests.lib.poison import (
    DEPARTMENT,
    GOOD,
    PAGE,
    TRANSPORTS,
    Poison,
    deliver_rows,
    poisoned,
    poisons,
)
from tests.lib.quality_cases import identity_number
from tests.lib.refusals import SHORTEST
from tests.system.bad_input.conftest import BadLake

KINDS = 40
ACCEPTED = "accepted"
PLAIN = 20
"""Rows without any fault in each delivery."""


@dataclass(frozen=True)
class Outcome:
    """By key: what landed, and which rules each row broke; and what the receipts count."""

    source: Source
    delivered: list[dict[str, str | None]]
    landed: pl.DataFrame
    broken: dict[int, list[str]]
    said: str


@pytest.fixture(scope="module")
def sources(bad_lake: BadLake) -> Iterator[dict[str, Source]]:
    with poisoned(bad_lake.settings) as found:
        yield found


def playable(on: str) -> list[Poison]:
    return [item for item in poisons() if on not in item.not_on]


def person(number: int) -> str:
    return identity_number(f"23120219900301{number:03d}")


def rows_for(on: str) -> list[dict[str, str | None]]:
    plain = [
        {"key": f"GOOD-{number}", **GOOD, "identity": person(number)}
        for number in range(PLAIN)
    ]
    bad = [item.row() for item in playable(on)]
    twice = [row for row in bad if row["key"] == "TWICE"]
    return [*plain, *bad, *twice]


def played(source: Source, on: str) -> Outcome:
    rows = rows_for(on)
    deliver_rows(source, rows)
    told = []
    for step in ("land", "gate", "release"):
        code, said = run(source, step)
        told.append(said)
        assert code == 0, said
    receipt = find(open_ledger(source.settings), "gated", source.batch)
    assert receipt is not None
    layers = source.settings.layers
    about = (DEPARTMENT, source.table.name, source.day, receipt.body["attempt"])
    attempt = layers.raw_attempt(*about)
    landed = pl.from_arrow(DeltaTable(str(attempt)).to_pyarrow_table())
    assert isinstance(landed, pl.DataFrame)
    broken = pl.read_parquet(layers.broken_rows(attempt))
    rules = {row: list(names) for row, names in broken.iter_rows()}
    return Outcome(source, rows, landed, rules, "".join(told))


@pytest.mark.parametrize(
    "on",
    [
        pytest.param(on, marks=pytest.mark.proves("C12", len(playable(on))))
        for on in TRANSPORTS
    ],
)
def test_each_kind_ends_as_the_page_says(sources: dict[str, Source], on: str) -> None:
    outcome = played(sources[on], on)
    wrong = [text for item in playable(on) if (text := _judged(item, outcome))]
    assert not wrong
    check_counts(outcome)
    check_no_cell(outcome)


def _judged(item: Poison, outcome: Outcome) -> str:
    """What is not as the page says; nothing when it is."""
    name, row = item.column, item.row()
    mine = pl.col("key") == row["key"]
    if name == "key":
        rest = set(outcome.landed["key"]) - {
            given["key"] for given in outcome.delivered
        }
        if rest:
            return f"{item.number}: keys that nobody delivered"
        mine = (
            pl.col("key").is_null() if item.cell is None else pl.col("key") == item.cell
        )
    found = outcome.landed.filter(mine)
    wanted = [] if item.outcome == ACCEPTED else [item.outcome]
    if not found.height:
        return f"{item.number} {item.kind}: not landed"
    for number, cell in found.select("_row", pl.col(name).cast(pl.String)).iter_rows():
        if outcome.broken.get(number, []) != wanted:
            return f"{item.number} {item.kind}: {outcome.broken.get(number)}"
        if not wanted and cell != item.cell:
            return f"{item.number} {item.kind}: landed as {cell!r}"
    return ""


def check_counts(outcome: Outcome) -> None:
    """No row more, no row less: in, accepted, quarantined, published."""
    source = outcome.source
    gated = find(open_ledger(source.settings), "gated", source.batch)
    released = find(open_ledger(source.settings), "published", source.batch)
    assert gated is not None and released is not None
    rows, body = len(outcome.delivered), gated.body
    assert (body["rows"], outcome.landed.height) == (rows, rows)
    assert body["accepted"] + body["quarantined"] == rows
    assert body["quarantined"] == len(outcome.broken)
    assert released.body["rows"] == body["accepted"]
    shared = source.settings.layers.shared_table(CURATED, DEPARTMENT, source.table.name)
    notes = DeltaTable(str(shared)).to_pyarrow_table()["note"].to_pylist()
    good = outcome.landed.filter(~pl.col("_row").is_in(list(outcome.broken)))
    assert sorted(map(str, notes)) == sorted(map(str, good["note"].to_list()))


def check_no_cell(outcome: Outcome) -> None:
    events = [
        json.dumps(event.body, ensure_ascii=False)
        for event in open_ledger(outcome.source.settings).events()
        if event.subject == outcome.source.batch
    ]
    told = outcome.said + "".join(events)
    cells = {
        cell
        for row in outcome.delivered
        for cell in row.values()
        if cell and SHORTEST <= len(cell) < 1_000
    }
    assert not [cell for cell in cells if cell in told]


def test_there_are_forty_kinds() -> None:
    numbers = [item.number for item in poisons()]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= KINDS
    assert all(len(item.not_on) < len(TRANSPORTS) for item in poisons())
    assert "test_poisoned_rows" in PAGE.read_text("utf-8")
