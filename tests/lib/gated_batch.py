"""A batch that has passed the gate, made without any source: for tests of mask and publish.

Raw rows and the three receipts before are written as `collect`, `reconcile` and `gate`
leave them; what follows is the real thing.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from audit.ledger import init_ledger, open_ledger
from audit.receipts import find
from jobs.accepted import KEPT, keep_broken_rows
from jobs.context import Job
from jobs.steps import Gated
from jobs.turn import place_of, published_now
from lake_config.contract import Contract, Table
from lake_config.settings import Settings
from privacy.approval import sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from tests.lib import quality_cases

DAY = date(2026, 3, 2)
LANDED = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", "UTC"),
}
OFFICER = "甲"


def new_lake(settings: Settings, contract: Contract) -> None:
    """Keys, ledger and an officer's signature under the contract."""
    init_keys(settings)
    init_ledger(settings)
    enrol_officer(settings, OFFICER)
    sign(settings, OFFICER, contract, POLICY_VERSION)


def gated(
    settings: Settings,
    contract: Contract,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    broken: Iterable[int] = (),
    day: date = DAY,
    doubled: Iterable[int] = (),
) -> tuple[Job, Gated]:
    """The batch with `rows` landed; rows numbered (from 1) in `broken` are quarantined for
    a row rule, those in `doubled` for a set rule."""
    job = Job(settings, contract, contract.table(name), day, "release")
    attempt, bad = f"{day:%Y%m%d}T000000-{secrets.token_hex(4)}", set(broken)
    raw = job.layers.raw_attempt(contract.department, name, day, attempt)
    twice = set(doubled)
    _land(job.table, rows, str(raw))
    names = {row: _rules(row, bad, twice) for row in sorted(bad | twice)}
    kept = {"_row": list(names), "rules": list(names.values())}
    keep_broken_rows(job, raw, pa.table(kept, KEPT))
    job.record(
        "collected", attempt, True, source_rows=len(rows), collected_rows=len(rows),
        control="rows", server="s", digests={},
    )  # fmt: skip
    job.record("reconciled", attempt, True, rows=len(rows), checks=[])
    quarantined = len(bad | twice)
    body = job.record(
        "gated", attempt, True, rows=len(rows), accepted=len(rows) - quarantined,
        keys=len(rows), quarantined=quarantined, findings=[], verdict="pass",
        reasons=[], suite="s", compared_with=place_of(published_now(job)),
    )  # fmt: skip
    return job, Gated(attempt, body)


def _land(table: Table, rows: Sequence[Mapping[str, Any]], to: str) -> None:
    cells = {
        item.name: pa.array([row[item.name] for row in rows], landed(item.landed_type))
        for item in table.columns
    }
    numbers = pa.array(range(1, len(rows) + 1), pa.int64())
    batch = pa.array(["b"] * len(rows))
    write_deltalake(to, pa.table({**cells, "_row": numbers, "_batch": batch}))


def landed(type_: str) -> pa.DataType:
    """As Spark writes this type of its own to Parquet."""
    if digits := re.fullmatch(r"decimal\((\d+),(\d+)\)", type_):
        return pa.decimal128(int(digits[1]), int(digits[2]))
    return LANDED[type_]


def _rules(place: int, bad: set[int], twice: set[int]) -> list[str]:
    own = ["required.record_no"] if place in bad else []
    return [*own, "unique.record_no"] if place in twice else own


def last(settings: Settings, kind: str, batch: str) -> Any:
    """The latest event of a kind about a batch."""
    return find(open_ledger(settings), kind, batch)


column = quality_cases.column
PEOPLE = quality_cases.table(
    "people",
    [
        column(
            "record_no", semantic_type="record_key", primary_key=True, required=True
        ),
        column("identity_no", semantic_type="identity_number"),
        column("name", semantic_type="person_name"),
        column("mobile", semantic_type="mobile"),
        column("card", semantic_type="bank_card"),
        column("home", semantic_type="address"),
        column("born", "date", semantic_type="birth_date"),
        column("sex", semantic_type="sex", codes=("1", "2")),
        column("ethnicity", semantic_type="ethnicity"),
        column("illness", semantic_type="diagnosis_code"),
        column("seen_at", "timestamp", semantic_type="event_time"),
        column("paid", "number", semantic_type="amount", physical_type="decimal(12,2)"),
        column("times", "integer", semantic_type="amount", landed_type="bigint"),
        column("remark", semantic_type="free_text"),
        column("office"),
    ],
)
INVENTED = quality_cases.contract(PEOPLE)
HIDDEN = ("name", "ethnicity", "remark")


def people(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Invented people, each with values of their own in every column."""
    return [_person(number) for number in range(start, start + count)]


def _person(number: int) -> dict[str, Any]:
    identity = quality_cases.identity_number(
        f"231202199002{number % 28 + 1:02d}{number:03d}"
    )
    towns = ("北林区中兴路", "海伦市望奎路", "安达市牛街")
    return {
        "record_no": f"R{number:06d}",
        "identity_no": identity,
        "name": f"赵钱{chr(0x4E00 + number)}",
        "mobile": f"139{number:08d}",
        "card": _luhn(f"62284800{number:010d}"),
        "home": f"绥化市{towns[number % 3]}{number}号",
        "born": f"1990-02-{number % 28 + 1:02d}",
        "sex": str(number % 2 + 1),
        "ethnicity": "满族",
        "illness": f"J{number % 100:02d}.1",
        "seen_at": f"2026-01-02 03:04:{number % 60:02d}",
        "paid": f"{number}.50",
        "times": number,
        "remark": f"联系人赵钱{chr(0x4E00 + number)}",
        "office": "民政局",
    }


def _luhn(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


def renamed(contract: Contract, digest: str) -> Contract:
    """The same facts in a file with other bytes."""
    return replace(contract, digest=digest)
