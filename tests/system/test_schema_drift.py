"""C11: every kind of schema drift, on real sources, ends as quality/drift.py declares.

What is accepted lands whole, with as many nulls as were delivered; what is refused lands
not at all. A department hears of it once.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from tests.lib import bad_servers as servers
from tests.lib import bad_sources as bad
from tests.lib import drifts
from tests.lib.bad_files import sealed
from tests.lib.bad_sources import Source, Way, delivered, run
from tests.lib.drifts import altered, last_seen, typed
from tests.lib.refusals import cells_of
from tests.lib.small_lake import DAY, lake, lake_command

PLACES = {
    "PostgreSQL": ("medical_insurance", "credit_evaluations"),
    "MariaDB": ("human_resources", "pension_insurance"),
    "CSV": ("civil_affairs", "low_income_families"),
    "XLSX": ("transport", "vehicle_certificates"),
    "JSON lines": ("public_security", "incidents"),
    "Parquet": ("transport", "etc_passages"),
    "REST": ("transport", "coach_tickets"),
}
POSTGRES, MARIADB, REST = ("PostgreSQL",), ("MariaDB",), ("REST",)
CSV, XLSX, JSONL, PARQUET = ("CSV",), ("XLSX",), ("JSON lines",), ("Parquet",)
ALL = tuple(PLACES)
UNREADABLE, CHANGED = 25, 22


@dataclass(frozen=True)
class Case:
    """The kind of C11 by number, ours by name, how it comes about, and where."""

    number: int
    kind: str
    way: Way
    on: tuple[str, ...]

    @property
    def outcome(self) -> str:
        return RULES[self.kind].outcome

    @property
    def code(self) -> int:
        refused = UNREADABLE if self.kind == "unreadable" else CHANGED
        return refused if self.outcome == REFUSE else 0


DECIMAL = {"type": "decimal128", "precision": 12, "scale": 2}
CASES = (
    Case(1, "added", delivered(bad.added), ALL),
    Case(2, "dropped", delivered(bad.dropped), ALL),
    Case(3, "renamed", delivered(bad.renamed), ALL),
    Case(4, "reordered", delivered(drifts.reordered), ALL),
    Case(5, "widened", typed(evaluation_year="bigint", grade="text"), POSTGRES),
    Case(5, "widened", typed(paid_months="bigint"), MARIADB),
    Case(
        5,
        "widened",
        last_seen(delivered(drifts.decimals("discount", 14)), discount=DECIMAL),
        PARQUET,
    ),
    Case(5, "outgrown", typed(score="numeric(9,2)"), POSTGRES),
    Case(5, "outgrown", typed(pay_base="decimal(14,2)"), MARIADB),
    Case(
        6,
        "narrowed",
        last_seen(bad.delivered(pl.DataFrame.clone), grade={"length": 9}),
        POSTGRES,
    ),
    Case(6, "narrowed", typed(monthly_benefit="decimal(10,2)"), MARIADB),
    Case(
        6,
        "narrowed",
        last_seen(delivered(drifts.decimals("discount", 10)), discount=DECIMAL),
        PARQUET,
    ),
    Case(7, "number_to_text", bad.as_text("evaluation_year", "年度"), POSTGRES),
    Case(7, "number_to_text", bad.as_text("paid_months", "个月"), MARIADB),
    Case(7, "number_to_text", delivered(drifts.suffixed("member_count", "人")), CSV),
    Case(7, "number_to_text", delivered(drifts.suffixed("seats", "座")), XLSX),
    Case(7, "number_to_text", delivered(drifts.suffixed("loss_amount", "元")), JSONL),
    Case(7, "number_to_text", delivered(drifts.suffixed("discount", "元")), PARQUET),
    Case(7, "number_to_text", delivered(drifts.suffixed("fare", "元")), REST),
    Case(
        8,
        "text_to_number",
        typed(drifts.whole("evaluation_no"), evaluation_no="bigint"),
        POSTGRES,
    ),
    Case(
        8,
        "text_to_number",
        typed(drifts.whole("insurance_type"), insurance_type="int"),
        MARIADB,
    ),
    Case(8, "text_to_number", drifts.number_cells("business_scope"), XLSX),
    Case(8, "text_to_number", sealed(drifts.unquoted("incident_type")), JSONL),
    Case(8, "text_to_number", delivered(drifts.whole("vehicle_class")), PARQUET),
    Case(8, "text_to_number", servers.served(drifts.unquoted("ticket_status")), REST),
    Case(
        9,
        "unit",
        last_seen(
            servers.administered("comment on column {table}.score is '单位：人'"),
            score={"unit": "户"},
        ),
        POSTGRES,
    ),
    Case(
        9,
        "unit",
        last_seen(
            altered("modify pay_base decimal(12,2) comment '月缴费基数，单位:分'"),
            pay_base={"unit": "元"},
        ),
        MARIADB,
    ),
    Case(
        9,
        "unit",
        last_seen(
            drifts.in_manifest("wage_income", "万元"), wage_income={"unit": "元"}
        ),
        CSV,
    ),
    Case(
        9,
        "unit",
        last_seen(drifts.measured("discount", "分"), discount={"unit": "元"}),
        PARQUET,
    ),
    Case(10, "tightened", altered("alter column base_score set not null"), POSTGRES),
    Case(10, "tightened", altered("modify person_no varchar(16) not null"), MARIADB),
    Case(10, "tightened", drifts.never_null("plate"), PARQUET),
    Case(
        10,
        "loosened",
        last_seen(delivered(pl.DataFrame.clone), grade={"nullable": False}),
        POSTGRES,
    ),
    Case(
        10,
        "loosened",
        last_seen(delivered(pl.DataFrame.clone), plate={"nullable": False}),
        PARQUET,
    ),
    Case(11, "encoding", altered("convert to character set gbk"), MARIADB),
    Case(11, "unreadable", delivered(pl.DataFrame.clone, "utf-8"), CSV),
    Case(11, "unreadable", delivered(pl.DataFrame.clone, "gb18030"), JSONL),
    Case(12, "layout", delivered(drifts.days_first("evaluated_on")), POSTGRES),
    Case(12, "layout", delivered(drifts.days_first("started_on")), MARIADB),
    Case(12, "layout", delivered(drifts.days_first("approved_on")), CSV),
    Case(12, "layout", delivered(drifts.days_first("issued_on")), XLSX),
    Case(12, "layout", delivered(drifts.days_first("reported_at")), JSONL),
    Case(12, "layout", delivered(drifts.days_first("entered_at")), PARQUET),
    Case(12, "layout", delivered(drifts.days_first("departs_at")), REST),
    Case(13, "scale", typed(score="numeric(7,4)"), POSTGRES),
    Case(13, "scale", typed(pay_base="decimal(12,0)"), MARIADB),
    Case(13, "scale", delivered(drifts.suffixed("wage_income", "55")), CSV),
    Case(13, "scale", delivered(drifts.suffixed("discount", "55")), PARQUET),
    Case(13, "scale", delivered(drifts.suffixed("fare", "55")), REST),
    Case(14, "case", delivered(drifts.upper("grade")), POSTGRES),
    Case(14, "case", delivered(drifts.upper("paid_months")), MARIADB),
    Case(14, "case", delivered(drifts.upper("address")), CSV),
    Case(14, "case", delivered(drifts.upper("plate")), XLSX),
    Case(14, "case", delivered(drifts.upper("address")), JSONL),
    Case(14, "case", delivered(drifts.upper("plate")), PARQUET),
    Case(14, "case", delivered(drifts.upper("mobile")), REST),
    Case(15, "duplicate", altered('add column "GRADE" varchar(1)'), POSTGRES),
    Case(15, "duplicate", drifts.repeated_header("address"), CSV),
    Case(15, "duplicate", sealed(drifts.repeated_key("address")), JSONL),
    Case(15, "duplicate", drifts.repeated_field("plate"), PARQUET),
    Case(15, "duplicate", servers.misbehaving(double=9), REST),
)
PLAYED = [(case, on) for case in CASES for on in case.on]
C11 = set(range(1, 16))
ENDED: Counter[tuple[str, str]] = Counter()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Source]]:
    """A table per transport; what was last seen lies beside contracts of their own."""
    home = tmp_path_factory.mktemp("drift")
    with lake(home / "lake", 1_500, 3) as (settings, contracts):
        copies = home / "config" / "contracts"
        shutil.copytree(settings.contracts, copies)
        settings = replace(settings, contracts=copies)
        refresh_schemas(settings, None, DAY)
        known = {contract.department: contract for contract in contracts}
        yield {
            on: Source(settings, known[department], known[department].table(name), DAY)
            for on, (department, name) in PLACES.items()
        }


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
    source = replace(sources[on], day=DAY + timedelta(days=number))
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
    ENDED[case.kind, case.outcome] += 1


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
    source = replace(sources["CSV"], day=DAY + timedelta(days=201))
    with delivered(pl.DataFrame.clone, "gbk")(source):
        assert run(source, "land")[0] == 0
    receipt = find(open_ledger(source.settings), "collected", source.batch)
    assert receipt is not None and "drift" not in receipt.body


def test_a_ticket_is_not_repeated(sources: dict[str, Source]) -> None:
    """Tried again it is the same ticket; another drift of the batch is another one."""
    source = replace(sources["CSV"], day=DAY + timedelta(days=202))
    ways = delivered(bad.renamed), delivered(bad.renamed), delivered(bad.dropped)
    for way in ways:
        with way(source):
            assert run(source, "land")[0] == CHANGED
    tickets = open_ledger(source.settings).newest("ticket", source.batch)
    assert [event.body["kinds"] for event in tickets] == [["dropped"], ["renamed"]]


def test_people_see_drift_and_take_it_over(sources: dict[str, Source]) -> None:
    """Also where the header is missing no cell is told, nor kept in the file."""
    source = replace(sources["CSV"], day=DAY + timedelta(days=203))
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


def test_every_kind_was_played(capsys: pytest.CaptureFixture[str]) -> None:
    """Last of all: the count of what ended as declared."""
    assert {case.number for case in CASES} == C11
    assert {case.kind for case in CASES} >= set(RULES) - {"retyped"}
    lines = [f"\nC11: {sum(ENDED.values())} of {len(PLAYED)} cases as declared"]
    for (kind, outcome), count in sorted(ENDED.items()):
        lines.append(f"  {kind}: {outcome}, {count}")
    with capsys.disabled():
        sys.stderr.write("\n".join([*lines, ""]))
    assert sum(ENDED.values()) == len(PLAYED)
