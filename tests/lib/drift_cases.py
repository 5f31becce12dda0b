"""C11: the kinds of schema drift, how each comes about, and on which real sources."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from quality.drift import REFUSE, RULES
from tests.lib import bad_servers as servers
from tests.lib import bad_sources as bad
from tests.lib import drifts
from tests.lib.bad_files import sealed
from tests.lib.bad_sources import (
    ALL,
    CSV,
    JSONL,
    MARIADB,
    PARQUET,
    POSTGRES,
    REST,
    XLSX,
    Way,
    delivered,
)
from tests.lib.drifts import altered, last_seen, typed

PLACES = {
    "PostgreSQL": ("medical_insurance", "credit_evaluations"),
    "MariaDB": ("human_resources", "pension_insurance"),
    "CSV": ("civil_affairs", "low_income_families"),
    "XLSX": ("transport", "vehicle_certificates"),
    "JSON lines": ("public_security", "incidents"),
    "Parquet": ("transport", "etc_passages"),
    "REST": ("transport", "coach_tickets"),
}
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
