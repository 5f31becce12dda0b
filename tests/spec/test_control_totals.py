"""docs/reference/control_totals.md is one definition: the databases and the lake agree.

Real servers on one side, Parquet on the other, and no Spark between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pymysql

from jobs.committed_totals import committed_totals
from jobs.control_totals import (
    ROW_SUM,
    Totals,
    from_database,
    mariadb_totals,
    postgresql_totals,
)
from lake_config.contract import Table
from lake_config.settings import Settings
from ops.source_servers import start_mariadb, start_postgres
from simulation.deliver.logins import ADMIN, admin_password
from tests.lib.cards_source import served
from tests.lib.committed_files import as_arrow, commit
from tests.lib.local import LOCAL
from tests.lib.quality_cases import column, table

LANDED = {
    "name": "string",
    "times": "bigint",
    "paid": "decimal(12,2)",
    "rate": "decimal(38,10)",
    "born": "date",
    "alive": "boolean",
}
FACTS = table(
    "facts",
    [column(name, landed_type=kind) for name, kind in LANDED.items()],
    control_depth="columns",
)
"""Of a PostgreSQL server. MariaDB has no boolean: its `tinyint(1)` is 0 or 1 as text."""

PLAIN_FACTS = replace(FACTS, columns=FACTS.columns[:-1])
LARGE = f"{'9' * 28}.{'9' * 10}"
ROWS = [
    ("", -(2**63), Decimal("-9999999999.99"), Decimal(LARGE), date(1, 1, 1), True),
    ("绥化市", 2**63 - 1, Decimal("9999999999.99"), Decimal(f"-{LARGE}"), None, False),
    ("𠮷田👨‍👩‍👧", 0, Decimal("0"), Decimal("0"), date(9999, 12, 31), None),
    (
        "e\u0301 \ufffd ",
        -1,
        Decimal("-0.01"),
        Decimal("1E-10"),
        date(1582, 10, 10),
        True,
    ),
    ("N", 7, Decimal("1200"), Decimal("-1E-7"), date(2000, 2, 29), True),
    ("V1:'\"\\\n", 8, Decimal("0.10"), Decimal("12.5"), date(1990, 1, 2), True),
    (None,) * 6,
    (None,) * 6,
    *((f"R{number}", number, *(None,) * 4) for number in range(500)),
]


def asked(
    cursor: Any,
    table: Table,
    statement: Callable[[Table, str], str],
    types: dict[str, str],
) -> Totals:
    """What the database says of a table with the rows in it."""
    names = [column.name for column in table.columns]
    kinds = [types.get(LANDED[name], LANDED[name]) for name in names]
    columns = ", ".join(map(" ".join, zip(names, kinds, strict=True)))
    cursor.execute(f"create table facts ({columns})")
    places = ", ".join(["%s"] * len(names))
    rows = [row[: len(names)] for row in ROWS]
    cursor.executemany(f"insert into facts values ({places})", rows)
    cursor.execute(statement(table, "facts"))
    found = [item[0] for item in cursor.description]
    return from_database(found, cursor.fetchone())


def of_files(folder: Path, table: Table, sums: dict[str, int]) -> Totals:
    rows = [row[: len(table.columns)] for row in ROWS]
    commit(folder, [as_arrow(table, rows[:300]), as_arrow(table, rows[300:])], 100)
    return committed_totals(LOCAL, folder, table, sums)


def test_postgresql(settings: Settings, tmp_path: Path) -> None:
    with (
        served(settings, start_postgres) as port,
        psycopg.connect(
            host="127.0.0.1", port=port, user=ADMIN, dbname="postgres",
            password=admin_password(settings),
        ) as connection,
        connection.cursor() as cursor,
    ):  # fmt: skip
        said = asked(cursor, FACTS, postgresql_totals, {"string": "text"})
    assert said.sums.keys() == {ROW_SUM, *LANDED}
    assert of_files(tmp_path / "attempt", FACTS, said.sums) == said


def test_mariadb(settings: Settings, tmp_path: Path) -> None:
    with (
        served(settings, start_mariadb) as port,
        pymysql.connect(
            host="127.0.0.1", port=port, user=ADMIN, charset="utf8mb4",
            password=admin_password(settings),
        ) as connection,
        connection.cursor() as cursor,
    ):  # fmt: skip
        cursor.execute("create database front_end character set utf8mb4")
        cursor.execute("use front_end")
        said = asked(cursor, PLAIN_FACTS, mariadb_totals, {"string": "varchar(50)"})
    assert said.sums.keys() == {ROW_SUM, *LANDED} - {"alive"}
    assert of_files(tmp_path / "attempt", PLAIN_FACTS, said.sums) == said
