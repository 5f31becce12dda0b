"""A department's front-end database in MariaDB."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import pymysql

from lake_config.contract import Contract, Server, Table, dated_address
from lake_config.settings import Settings
from simulation.city import rows_of
from simulation.deliver.logins import ADMIN, admin_password, reader_password

Connection = Any


def connect(settings: Settings, contract: Contract, server: Server) -> Connection:
    """The simulated department's own administrator."""
    endpoint = settings.endpoint(contract.department, server.name)
    return pymysql.connect(
        host=endpoint["host"],
        port=endpoint["port"],
        user=ADMIN,
        password=admin_password(settings),
        charset="utf8mb4",
        local_infile=True,
        autocommit=True,
    )


def deliver(
    settings: Settings,
    contract: Contract,
    server: Server,
    tables: list[Table],
    day: date,
) -> None:
    """Replace the database's tables by the rows of `day`."""
    database = dated_address(server.address, day)["database"]
    with connect(settings, contract, server) as owner, owner.cursor() as cursor:
        cursor.execute(
            f"create database if not exists `{database}` character set utf8mb4 "
            "collate utf8mb4_bin"
        )
        _admit_reader(cursor, server.user, reader_password(settings, server), database)
        cursor.execute(f"use `{database}`")
        for table in tables:
            _create(cursor, table)
            _load(settings, cursor, contract, table, day)


def _admit_reader(cursor: Any, user: str, password: str, database: str) -> None:
    """A fresh login, whatever became of the one before; it keeps what it could read."""
    cursor.execute("select db from mysql.db where user = %s", [user])
    readable = {name for (name,) in cursor.fetchall()} | {database}
    reader = f"'{user}'@'127.0.0.1'"
    cursor.execute(f"create or replace user {reader} identified by %s", [password])
    for name in sorted(readable):
        cursor.execute(f"grant select on `{name}`.* to {reader}")


def _create(cursor: Any, table: Table) -> None:
    name = table.source["table"]
    columns = ", ".join(f"`{item.name}` {item.physical_type}" for item in table.columns)
    cursor.execute(f"drop table if exists `{name}`")
    cursor.execute(f"create table `{name}` ({columns})")


def _load(
    settings: Settings, cursor: Any, contract: Contract, table: Table, day: date
) -> None:
    """Tab-separated text; the invented values hold neither tabs nor backslashes."""
    for rows in rows_of(settings.layers, contract.department, table.name, day):
        with tempfile.TemporaryDirectory(prefix="lake-load-") as folder:
            path = Path(folder) / "rows.tsv"
            rows.write_csv(
                path,
                separator="\t",
                include_header=False,
                null_value="\\N",
                quote_style="never",
            )
            cursor.execute(
                f"load data local infile %s into table `{table.source['table']}` "
                "character set utf8mb4",
                [str(path)],
            )
