"""Two tables of one name: everything is about the one in the contract's schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pymysql
import pytest

from jobs.collect import write_once
from jobs.committed_totals import committed_totals
from jobs.context import Job
from jobs.readers.mysql import read_mysql
from jobs.readers.postgresql import read_postgresql
from lake_config.contract import Server
from lake_config.settings import Settings, write_private
from ops.processes import stop
from ops.source_servers import start_mariadb, start_postgres
from simulation.deliver.logins import ADMIN, admin_password
from tests.lib import quality_cases
from tests.lib.gated_batch import DAY

CARDS = quality_cases.table(
    "cards",
    [quality_cases.column(name) for name in ("no", "owner")],
    source={"table": "cards"},
    control_depth="columns",
)
CONTRACT = quality_cases.contract(CARDS)
SECRET = "cards_reader"


def job(settings: Settings, spark: Any) -> Job:
    made = Job(settings, CONTRACT, CARDS, DAY)
    made.__dict__["spark"] = spark
    write_private(settings.layers.secrets / SECRET, admin_password(settings))
    return made


@contextmanager
def served(settings: Settings, start: Any) -> Iterator[int]:
    service, port = start(settings, "invented")
    try:
        yield port
    finally:
        stop(service)


def server(port: int, **place: str) -> Server:
    address = {"host": "127.0.0.1", "port": port, **place}
    base = CONTRACT.servers[0]
    return replace(base, address=address, user=ADMIN, secret=SECRET)


def check(job: Job, reader: Any, server: Server) -> None:
    """Rows, totals of the source and totals of what was landed are all of the second."""
    with reader(job, server, job.settings.home / "delivered") as extract:
        rows = extract.frame.collect()
        assert sorted(row["owner"] for row in rows) == ["second 1", "second 2"]
        attempt = job.settings.home / "attempt"
        write_once(extract.frame, attempt)
        said = extract.totals()
        assert said == committed_totals(attempt, job.table, said.sums)


@pytest.mark.parametrize("count", [1, 3])
def test_postgresql(settings: Settings, spark: Any, count: int) -> None:
    """`public` comes first on the search path and has a table of that name too."""
    with served(settings, start_postgres) as port:
        about = job(settings, spark)
        with psycopg.connect(
            host="127.0.0.1", port=port, user=ADMIN, dbname="postgres",
            password=admin_password(settings),
        ) as owner:  # fmt: skip
            owner.execute("create schema second")
            _fill(owner, "public.cards", "first", count)
            _fill(owner, "second.cards", "second", 2)
        check(
            about, read_postgresql, server(port, database="postgres", schema="second")
        )


def test_mariadb(settings: Settings, spark: Any) -> None:
    with served(settings, start_mariadb) as port:
        about = job(settings, spark)
        with (
            pymysql.connect(
                host="127.0.0.1", port=port, user=ADMIN, autocommit=True,
                password=admin_password(settings),
            ) as owner,
            owner.cursor() as cursor,
        ):  # fmt: skip
            for name in ("first", "second"):
                cursor.execute(f"create database {name}")
                _fill(cursor, f"{name}.cards", name, 2)
        check(about, read_mysql, server(port, database="second"))


def _fill(cursor: Any, table: str, owner: str, count: int) -> None:
    cursor.execute(f"create table {table} (no varchar(9), owner varchar(9))")
    for number in range(1, count + 1):
        cursor.execute(f"insert into {table} values ('{number}', '{owner} {number}')")
