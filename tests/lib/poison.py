"""An invented department with the same table on every transport, and poisoned rows for it.

What is delivered, and what becomes of it, stands in docs/reference/poisoned_rows.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import psycopg.sql
import yaml

from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT, Settings, write_private
from ops.processes import stop
from ops.source_servers import start_rest
from privacy.approval import sign
from privacy.policy import POLICY_VERSION
from simulation.deliver import mariadb, postgres
from tests.lib import bad_files as files
from tests.lib.bad_sources import Source, hand_over
from tests.lib.quality_cases import identity_number
from tests.lib.small_lake import DAY, OFFICER

DEPARTMENT = "poison"
PAGE = ROOT / "docs" / "reference" / "poisoned_rows.md"
HALF = "半个字符"
"""Stands for a lone surrogate, which no data frame holds, until it is delivered."""

TRANSPORTS: dict[str, tuple[str, dict[str, str]]] = {
    "PostgreSQL": ("postgresql", {}),
    "MariaDB": ("mysql", {}),
    "CSV": ("drop_gb", {"file": "csv_rows.csv", "format": "csv"}),
    "XLSX": ("drop", {"file": "xlsx_rows.xlsx", "format": "xlsx"}),
    "JSON lines": ("drop", {"file": "jsonl_rows.jsonl", "format": "jsonl"}),
    "Parquet": ("drop", {"file": "parquet_rows.parquet", "format": "parquet"}),
    "REST": ("service", {"path": "/v1/rest_rows"}),
}
"""Server and place of the table on each."""

# Moments and birth dates are said to be nobody's: what the risk gate leaves out of so few
# rows is no matter of how they land and are judged.
COLUMNS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "key": ("string", "record_key", {"pattern": "[A-Z0-9-]{1,40}", "maxLength": 40}),
    "identity": ("string", "identity_number", {"maxLength": 18}),
    "mobile": ("string", "mobile", {"pattern": "1[3-9][0-9]{9}"}),
    "born": (
        "date",
        "not_personal",
        {"minimum": "1900-01-01", "maximum": "2030-12-31"},
    ),
    "seen": ("timestamp", "not_personal", {}),
    "amount": ("number", "amount", {"minimum": 0}),
    "times": ("integer", "amount", {}),
    "code": ("string", "not_personal", {}),
    "flag": ("boolean", "not_personal", {}),
    "note": ("string", "not_personal", {"maxLength": 200}),
}
TYPES = {
    "postgresql": ("text", "numeric(12,2)"),
    "mysql": ("longtext", "decimal(12,2)"),
}
"""Of texts and of numbers, where a database has types."""

CODES = [{"value": code, "label": code} for code in ("01", "02")]
GOOD = {
    "identity": identity_number("23120219900228123"),
    "mobile": "13945551234",
    "born": "1990-02-28",
    "seen": "2024-02-29 23:59:59",
    "amount": "120.50",
    "times": "2",
    "code": "01",
    "flag": "true",
    "note": "正常",
}


@dataclass(frozen=True)
class Poison:
    """One line of the page."""

    number: int
    kind: str
    column: str
    cell: str | None
    outcome: str
    not_on: tuple[str, ...]

    def row(self, copy: int = 0) -> dict[str, str | None]:
        key = f"P-{self.number}-{copy}" if copy else f"P-{self.number}"
        return {"key": key, **GOOD, self.column: self.cell}


def poisons() -> list[Poison]:
    block = PAGE.read_text("utf-8").split("| C12 |", 1)[1].strip()
    lines = block.splitlines()[2:]
    return [_poison(line) for line in lines if line.startswith("|")]


def _poison(line: str) -> Poison:
    parts = [cell.strip() for cell in line.replace("\\|", "\0").split("|")[1:-1]]
    number, kind, column, cell, outcome, not_on = parts
    text, _, times = cell.replace("\0", "|").partition(" ×")
    found = json.loads(text.strip("`").replace("\\ud83d", HALF))
    repeated = found * int(times) if times else found
    return Poison(int(number), kind, column, repeated, outcome, tuple(_names(not_on)))


def _names(text: str) -> Iterator[str]:
    return (name for name in TRANSPORTS if name in text)


def table_name(on: str) -> str:
    place = TRANSPORTS[on][1]
    stem = place.get("file", place.get("path", "")).rsplit("/")[-1].split(".")[0]
    return stem or f"{TRANSPORTS[on][0]}_rows"


def write_contract(folder: Path) -> None:
    """The education department's contract, with other servers and tables."""
    text = (ROOT / "tests" / "lib" / "contracts" / "education.yaml").read_text("utf-8")
    made = yaml.safe_load(text.replace("education", DEPARTMENT))
    [pattern] = made["schema"]
    made["servers"] = [
        {"server": name, "environment": environment, **facts}
        for name, facts in SERVERS.items()
        for environment in ("dev", "prod")
    ]
    made["schema"] = [
        _table(pattern, on, number) for number, on in enumerate(TRANSPORTS, 1)
    ]
    made["slaProperties"] = [
        {**item, "element": table["name"]}
        for table in made["schema"]
        for item in made["slaProperties"]
    ]
    path = folder / f"{DEPARTMENT}.yaml"
    path.write_text(yaml.safe_dump(made, allow_unicode=True), "utf-8")


def _properties(**facts: Any) -> list[dict[str, Any]]:
    return [{"property": name, "value": value} for name, value in facts.items()]


LOGIN = {
    "networkZone": "government",
    "user": "poison_reader",
    "secret": "poison_reader",
}
DROP = {"type": "local", "path": f"sources/{DEPARTMENT}/drop", "format": "mixed"}
MANIFEST = _properties(networkZone="government", manifest="manifest.json")
DATABASE = {
    "host": "127.0.0.1",
    "port": 1,
    "database": DEPARTMENT,
    "customProperties": _properties(**LOGIN),
}
SERVERS: dict[str, dict[str, Any]] = {
    "postgresql": {"type": "postgresql", "schema": "public", **DATABASE},
    "mysql": {"type": "mysql", **DATABASE},
    "drop": {**DROP, "encoding": "UTF-8", "customProperties": MANIFEST},
    "drop_gb": {
        **DROP,
        "path": f"sources/{DEPARTMENT}/drop_gb",
        "encoding": "GB18030",
        "customProperties": MANIFEST,
    },
    "service": {
        "type": "api",
        "location": "http://127.0.0.1:1",
        "customProperties": _properties(**LOGIN, pageSize=20),
    },
}


def _table(pattern: dict[str, Any], on: str, number: int) -> dict[str, Any]:
    server, place = TRANSPORTS[on]
    kept = ("shareType", "shareCondition", "shareMode", "openType", "classification")
    kept += ("updateCycle",)
    own = [item for item in pattern["customProperties"] if item["property"] in kept]
    depth = "columns" if not place else "rows"
    band = {"rowsDown": 0.5, "rowsUp": 9, "quarantined": 0.9, "minimumRows": 1}
    more = {"resourceCode": f"3061400001/{number:06d}", "controlDepth": depth}
    physical = {"file": "file", "path": "resource"}
    return {
        **pattern,
        "name": table_name(on),
        "businessName": f"毒数据 {on}",
        "physicalType": next(
            (physical[key] for key in place if key in physical), "table"
        ),
        "customProperties": own
        + _properties(server=server, **place, **more, band=band),
        "properties": [_column(name, server) for name in COLUMNS],
    }


def _column(name: str, kind: str) -> dict[str, Any]:
    logical, semantic, options = COLUMNS[name]
    text, number = TYPES.get(kind, ("text", "text(12,2)"))
    made = {
        "name": name,
        "businessName": name,
        "logicalType": logical,
        "physicalType": number if logical == "number" else text,
        "logicalTypeOptions": options,
        **({"enum": CODES} if name == "code" else {}),
        "customProperties": _properties(semanticType=semantic),
        "classification": "重要" if semantic == "identity_number" else "一般",
    }
    if name == "key":
        made |= {"primaryKey": True, "primaryKeyPosition": 1, "required": True}
    return made


@contextmanager
def poisoned(settings: Settings) -> Iterator[dict[str, Source]]:
    """A lake's settings, and the department's source per transport, served and signed."""
    write_contract(settings.contracts)
    [contract] = (
        item
        for item in load_contracts(settings.contracts)
        if item.department == DEPARTMENT
    )
    sign(settings, OFFICER, contract, POLICY_VERSION)
    service, port = start_rest(settings, DEPARTMENT)
    path = settings.layers.state / "endpoints.json"
    before = path.read_text("utf-8")
    known = json.loads(before)
    known[DEPARTMENT] = {
        "postgresql": known["medical_insurance"]["front_end"],
        "mysql": known["human_resources"]["front_end"],
        "service": {"location": f"http://127.0.0.1:{port}"},
    }
    write_private(path, json.dumps(known))
    try:
        yield {
            on: Source(settings, contract, contract.table(table_name(on)), DAY)
            for on in TRANSPORTS
        }
    finally:
        stop(service)
        write_private(path, before)
        (settings.contracts / f"{DEPARTMENT}.yaml").unlink()


def deliver_rows(source: Source, rows: list[dict[str, str | None]]) -> None:
    """As the department does; databases get theirs by insert, since a copy would not
    take every cell."""
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String))
    kind = source.server.kind
    if kind in INSERTS:
        hand_over(source, frame.clear())
        INSERTS[kind](source, rows)
        return
    hand_over(source, frame)
    if source.table.source.get("format") == "jsonl":
        half = HALF.encode(), b"\\ud83d"
        path = files.file_of(source)
        path.write_bytes(path.read_bytes().replace(*half))
        line = files.entry(path, source.table.name, len(rows))
        about = (files.drop(source), DEPARTMENT, source.day)
        files.write_manifest(*about, [line])


def _into_postgresql(source: Source, rows: list[dict[str, str | None]]) -> None:
    about = (source.settings, source.contract, source.server)
    name = psycopg.sql.Identifier(source.table.source["table"])
    places = psycopg.sql.SQL(", ").join([psycopg.sql.Placeholder()] * len(COLUMNS))
    into = psycopg.sql.SQL("insert into {} values ({})").format(name, places)
    with postgres.connect(*about, DEPARTMENT) as owner, owner.cursor() as cursor:
        cursor.executemany(into, [list(row.values()) for row in rows])


def _into_mariadb(source: Source, rows: list[dict[str, str | None]]) -> None:
    about = (source.settings, source.contract, source.server)
    places = ", ".join(["%s"] * len(COLUMNS))
    into = f"insert into `{source.table.source['table']}` values ({places})"
    with mariadb.connect(*about) as owner, owner.cursor() as cursor:
        cursor.execute(f"use `{DEPARTMENT}`")
        for row in rows:
            cursor.execute(into, list(row.values()))


INSERTS = {"postgresql": _into_postgresql, "mysql": _into_mariadb}
