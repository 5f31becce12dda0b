"""C11: every kind of schema drift, on real sources, ends as quality/drift.py declares.

What is accepted lands whole, with as many nulls as were delivered; what is refused lands
not at all. A department hears of it once.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from deltalake import DeltaTable

from audit.events import Event
from audit.ledger import open_ledger
from audit.receipts import find
from lake_config.source_schema import schema_file
from ops.schema import refresh_schemas
from quality.drift import ACCEPT, REFUSE, RULES, WARN
from tests.lib import bad_sources as bad
from tests.lib.bad_sources import Source, Way, delivered, run
from tests.lib.drift_cases import CASES, CHANGED, PLACES, PLAYED, Case
from tests.lib.refusals import cells_of
from tests.lib.small_lake import DAY, lake_command
from tests.system.bad_input.conftest import BadLake

C11 = set(range(1, 16))


@pytest.fixture(scope="module")
def sources(bad_lake: BadLake) -> dict[str, Source]:
    """Tables whose columns somebody looked at on the first day."""
    refresh_schemas(bad_lake.settings, None, DAY)
    return {on: bad_lake.source(*place) for on, place in PLACES.items()}


@pytest.mark.proves("C11")
@pytest.mark.parametrize(
    ("case", "on", "number"),
    [
        pytest.param(case, on, number, id=f"{case.number} {case.kind}-{on}")
        for number, (case, on) in enumerate(PLAYED, 1)
    ],
)
def test_drift_ends_as_declared(
    sources: dict[str, Source], case: Case, on: str, number: int
) -> None:
    source = replace(sources[on], day=DAY - timedelta(days=number))
    before = sum(1 for _ in open_ledger(source.settings).events())
    with case.way(source) as drifted:
        code, said = run(drifted, "land")
    assert code == case.code, said
    new = list(open_ledger(source.settings).events())[before:]
    check_tickets(source, case, new)
    check_no_cell(source, said, new)
    if case.outcome == REFUSE:
        assert source.batch in said and not raw_attempts(source)
    else:
        check_landed(source, case)


def check_tickets(source: Source, case: Case, new: list[Event]) -> None:
    tickets = [event.body for event in new if event.kind == "ticket"]
    assert len(tickets) == (case.outcome != ACCEPT)
    names = {column.name for column in source.table.columns}
    for body in tickets:
        assert case.kind in body["kinds"]
        assert all(
            name in names or name.startswith("#") or name == "*"
            for name in body["columns"]
        )
    alerts = [event.body["what"] for event in new if event.kind == "alert"]
    assert bool(alerts) == bool(tickets)


def check_no_cell(source: Source, said: str, new: list[Event]) -> None:
    told = said + "".join(json.dumps(event.body, ensure_ascii=False) for event in new)
    told = told.replace(source.batch, "").replace(source.day.isoformat(), "")
    assert not [cell for cell in cells_of(source) if cell in told]


def raw_attempts(source: Source) -> list[str]:
    layers, department = source.settings.layers, source.contract.department
    raw = layers.raw_batch(department, source.table.name, source.day)
    return [path.name for path in raw.iterdir()] if raw.exists() else []


def check_landed(source: Source, case: Case) -> None:
    """The receipt notes it, and no null is in raw that was not delivered."""
    ledger = open_ledger(source.settings)
    receipt = find(ledger, "collected", source.batch)
    assert receipt is not None
    noted = {item["kind"] for item in receipt.body["drift"]}
    assert case.kind in noted
    assert {RULES[kind].outcome for kind in noted} <= {ACCEPT, WARN}
    about = (source.contract.department, source.table.name, source.day)
    raw = source.settings.layers.raw_attempt(*about, receipt.body["attempt"])
    rows = DeltaTable(str(raw)).to_pyarrow_table()
    given = source.rows(source.day)
    assert rows.num_rows == given.height
    nulls = {name: given[name].null_count() for name in given.columns}
    assert {name: rows[name].null_count for name in nulls} == nulls


def test_gbk_is_a_part_of_what_was_agreed(sources: dict[str, Source]) -> None:
    source = replace(sources["CSV"], day=DAY - timedelta(days=201))
    with delivered(pl.DataFrame.clone, "gbk")(source):
        assert run(source, "land")[0] == 0
    receipt = find(open_ledger(source.settings), "collected", source.batch)
    assert receipt is not None and "drift" not in receipt.body


def test_a_ticket_is_not_repeated(sources: dict[str, Source]) -> None:
    """Tried again, or on another day, it is the same ticket, until a delivery that can be
    collected settles it; another drift is another one."""
    days = [DAY + timedelta(days=200 + number) for number in range(4)]
    first, second, third, last = (replace(sources["CSV"], day=day) for day in days)
    ledger = open_ledger(first.settings)
    good = delivered(pl.DataFrame.clone)
    renamed, dropped = delivered(bad.renamed), delivered(bad.dropped)
    assert landed(first, good) == 0
    before = sum(1 for _ in ledger.events())
    for source, way in ((second, renamed), (second, renamed), (third, renamed)):
        assert landed(source, way) == CHANGED
    assert landed(third, dropped) == CHANGED
    assert landed(last, good) == 0
    new = list(ledger.events())[before:]
    opened = [event.body for event in new if event.kind == "ticket"]
    settled = [event.body["digest"] for event in new if event.kind == "ticket_settled"]
    assert [body["kinds"] for body in opened] == [["renamed"], ["dropped"]]
    assert settled == [body["digest"] for body in opened]


def landed(source: Source, way: Way) -> int:
    with way(source):
        return run(source, "land")[0]


def test_people_see_drift_and_take_it_over(sources: dict[str, Source]) -> None:
    """Also where the header is missing no cell is told, nor kept in the file."""
    source = replace(sources["CSV"], day=DAY - timedelta(days=203))
    about = (source.contract.department, "--date", source.day.isoformat())
    path = schema_file(source.settings, source.contract.department)
    before = path.read_text("utf-8")
    with delivered(bad.headless)(source):
        code, said = lake_command(source.settings, "schema", "diff", *about)
        lake_command(source.settings, "schema", "refresh", *about)
    kept = path.read_text("utf-8")
    assert code != 0 and "列改名" in said and "列 #1（名称不予显示）" in said
    assert "列 #1（名称不予显示）" in kept and source.day.isoformat() in kept
    told = (said + kept).replace(source.day.isoformat(), "")
    assert not [cell for cell in cells_of(source) if cell in told]
    path.write_text(before, "utf-8")


def test_every_kind_is_played() -> None:
    assert {case.number for case in CASES} == C11
    assert {case.kind for case in CASES} >= set(RULES) - {"retyped"}
