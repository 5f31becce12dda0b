"""A department whose tables change from day to day: two databases and a feed of files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import yaml

from audit.ledger import init_ledger
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.contract_loads import OPERATION, SEQUENCE
from lake_config.settings import Settings, load
from ops.source_servers import running_sources
from ops.spark_service import running_spark
from privacy.approval import sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from simulation.deliver.gatekeeper import entry, write_manifest
from simulation.deliver.logins import ADMIN, admin_password, reader_password
from tests.lib.small_lake import quiet

DEPARTMENT = "subsidies"
PAYMENTS, BENEFITS, PERMITS = "payments", "benefits", "permits"
FILE = "permits.csv"
COLUMNS = {
    PAYMENTS: {
        "payment_no": "varchar(12)",
        "amount": "numeric(10,2)",
        "note": "varchar(20)",
        "changed_on": "date",
    },
    BENEFITS: {
        "benefit_no": "varchar(12)",
        "note": "varchar(20)",
        "changed_on": "varchar(19)",
    },
    PERMITS: {"permit_no": "text", "note": "text"},
}
LOGICAL = {"amount": "number"}
LOADS = {
    PAYMENTS: {
        "kind": "incremental",
        "changeColumn": "changed_on",
        "lateness": 2,
        "reconcileEvery": 3,
    },
    PERMITS: {"kind": "change_feed", "reconcileEvery": 4},
}
LOADS[BENEFITS] = LOADS[PAYMENTS]
SERVERS: dict[str, dict[str, Any]] = {
    PAYMENTS: {
        "server": "payments_database",
        "type": "postgresql",
        "port": 5432,
        "schema": "public",
    },
    BENEFITS: {"server": "benefits_database", "type": "mysql", "port": 3306},
    PERMITS: {
        "server": "gatekeeper",
        "type": "local",
        "path": "sources/subsidies/drop",
        "format": "mixed",
        "encoding": "GB18030",
    },
}
Rows = Iterable[Sequence[Any]]


def _own(**facts: Any) -> list[dict[str, Any]]:
    return [{"property": name, "value": value} for name, value in facts.items()]


def _server(table: str, environment: str) -> dict[str, Any]:
    server = SERVERS[table]
    own = {"networkZone": "government"}
    if server["type"] != "local":
        server = {**server, "host": "127.0.0.1", "database": DEPARTMENT}
        own |= {"user": f"{table}_reader", "secret": f"{table}_reader"}
    return {**server, "environment": environment, "customProperties": _own(**own)}


def _column(table: str, place: int, name: str, physical: str) -> dict[str, Any]:
    logical = "timestamp" if physical == "varchar(19)" else LOGICAL.get(name, "string")
    made = {
        "name": name,
        "businessName": name,
        "logicalType": "date" if physical == "date" else logical,
        "physicalType": physical,
        "classification": "一般",
        "customProperties": _own(semanticType="not_personal"),
    }
    key = {"primaryKey": True, "primaryKeyPosition": 1, "required": True}
    return made if place else {**made, **key}


def _table(name: str, number: int) -> dict[str, Any]:
    files = {"file": FILE, "format": "csv", "controlDepth": "rows"}
    band = {"rowsDown": 0.5, "rowsUp": 9, "quarantined": 0.2, "minimumRows": 1}
    facts = {
        "server": SERVERS[name]["server"],
        "resourceCode": f"3061400009/00000{number}",
        "shareType": "有条件共享",
        "shareCondition": "须经数源部门审核",
        "shareMode": "库表",
        "openType": "不予开放",
        "classification": "一般",
        "updateCycle": "日",
        "controlDepth": "columns",
        "load": LOADS[name],
        "band": band,
        **(files if name == PERMITS else {}),
    }
    return {
        "name": name,
        "businessName": name,
        "description": name,
        "customProperties": _own(**facts),
        "properties": [
            _column(name, place, *item)
            for place, item in enumerate(COLUMNS[name].items())
        ],
    }


def contract_text() -> str:
    units = {"frequency": (1, "d"), "latency": (24, "h"), "retention": (30, "d")}
    data = {
        "apiVersion": "v3.2.0",
        "kind": "DataContract",
        "id": f"suihua-{DEPARTMENT}",
        "name": DEPARTMENT,
        "version": "1.0.0",
        "status": "active",
        "description": {"purpose": "测试"},
        "servers": [_server(name, env) for name in COLUMNS for env in ("dev", "prod")],
        "slaProperties": [
            {"property": key, "value": value, "unit": unit, "element": name}
            for name in COLUMNS
            for key, (value, unit) in units.items()
        ],
        "team": {
            "name": "补贴局",
            "members": [
                {"username": item, "role": item} for item in ("owner", "steward")
            ],
        },
        "roles": [{"role": "analyst", "firstLevelApprovers": "steward"}],
        "support": [{"channel": "duty"}],
        "customProperties": _own(
            sourceDepartment="补贴局", schedule="0 4 * * *", origin="own"
        ),
        "schema": [_table(name, number) for number, name in enumerate(COLUMNS, 1)],
    }
    return yaml.safe_dump(data, allow_unicode=True, sort_keys=False)


def signed_lake(home: Path) -> tuple[Settings, Contract]:
    """Keys, ledger, and the one contract, signed."""
    folder = home / "contracts"
    folder.mkdir(parents=True)
    (folder / f"{DEPARTMENT}.yaml").write_text(contract_text(), "utf-8")
    given = {"LAKE_HOME": str(home), "LAKE_CONTRACTS": str(folder)}
    settings = load({**given, "LAKE_SPARK_MEMORY": "1g"})
    init_keys(settings)
    init_ledger(settings)
    enrol_officer(settings, "丁")
    [contract] = load_contracts(folder)
    sign(settings, "丁", contract, POLICY_VERSION)
    return settings, contract


@contextmanager
def served_lake(home: Path) -> Iterator[tuple[Settings, Contract]]:
    """Its databases and a Spark server run until the block ends."""
    settings, contract = signed_lake(home)
    with running_sources(settings, [contract], quiet):
        with running_spark(settings, brief=True):
            yield settings, contract


class Source:
    """The department's own administrator of one database."""

    def __init__(self, settings: Settings, contract: Contract, table: str) -> None:
        server = contract.server_for(contract.table(table), "dev")
        place = settings.endpoint(DEPARTMENT, server.name)
        facts: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": int(place["port"]),
            "user": ADMIN,
            "password": admin_password(settings),
            "autocommit": True,
        }
        self.table, self.postgresql = table, server.kind == "postgresql"
        secret = reader_password(settings, server)
        connect: Any = psycopg.connect if self.postgresql else pymysql.connect
        first = {"dbname": "postgres"} if self.postgresql else {}
        with connect(**facts, **first) as admin:
            words = "" if self.postgresql else " character set utf8mb4"
            admin.cursor().execute(f"create database {DEPARTMENT}{words}")
        name = "dbname" if self.postgresql else "database"
        self.connection = connect(**facts, **{name: DEPARTMENT})
        columns = ", ".join(f"{k} {v}" for k, v in COLUMNS[table].items())
        self.run(f"create table {table} ({columns})")
        if self.postgresql:
            self.run(f"create role {server.user} login password '{secret}'")
        else:
            self.run(f"create user {server.user} identified by '{secret}'")
        self.run(f"grant select on {table} to {server.user}")

    def run(self, statement: str, values: Sequence[Any] | None = None) -> list[Any]:
        cursor = self.connection.cursor()
        cursor.execute(statement, values)
        return list(cursor.fetchall()) if cursor.description else []

    def put(self, *rows: Sequence[Any]) -> None:
        """Insert, or replace the row of that key."""
        key = next(iter(COLUMNS[self.table]))
        for row in rows:
            self.run(f"delete from {self.table} where {key} = %s", [row[0]])  # noqa: S608
            places = ", ".join(["%s"] * len(row))
            self.run(f"insert into {self.table} values ({places})", row)  # noqa: S608

    def rows(self) -> list[tuple[str, ...]]:
        found = self.run(f"select * from {self.table}")  # noqa: S608
        return sorted(tuple(map(str, row)) for row in found)


def hand_over(
    settings: Settings, day: date, rows: Rows, last: int, after: int | None = None
) -> None:
    """A drop: all rows, or, with `after` rows then in the table, changes (op, number, …)."""
    drop = settings.home / "sources" / DEPARTMENT / "drop" / day.isoformat()
    drop.mkdir(parents=True, exist_ok=True)
    path, found = drop / FILE, list(rows)
    extra = [] if after is None else [OPERATION, SEQUENCE]
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([[*extra, *COLUMNS[PERMITS]], *found])
    said: dict[str, object] = {"load": "full", "sequence": last}
    if after is not None:
        said = {"load": "changes", "sequence": last, "rows_after": after}
    line = entry(path, PERMITS, len(found))
    write_manifest(drop, DEPARTMENT, day, [{**line, **said}])
