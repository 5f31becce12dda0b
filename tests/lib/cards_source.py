"""A real front-end database with one small table, and a contract for it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg

from jobs.context import Job
from lake_config.contract import Server
from lake_config.settings import Settings, write_private
from ops.processes import stop
from ops.source_servers import servers_folder
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


def card_job(settings: Settings, spark: Any = None) -> Job:
    made = Job(settings, CONTRACT, CARDS, DAY)
    made.__dict__["spark"] = spark
    write_private(settings.layers.secrets / SECRET, admin_password(settings))
    return made


def card_server(port: int, **place: str) -> Server:
    address = {"host": "127.0.0.1", "port": port, **place}
    base = CONTRACT.servers[0]
    return replace(base, address=address, user=ADMIN, secret=SECRET)


@contextmanager
def served(settings: Settings, start: Any) -> Iterator[int]:
    service, port = start(settings, "invented")
    try:
        yield port
    finally:
        stop(service)
        shutil.rmtree(servers_folder(settings))


def postgres_owner(settings: Settings, port: int) -> psycopg.Connection:
    return psycopg.connect(
        host="127.0.0.1", port=port, user=ADMIN, dbname="postgres",
        password=admin_password(settings),
    )  # fmt: skip


def fill(cursor: Any, table: str, owner: str, count: int) -> None:
    """`count` cards of an owner, `no` from 1."""
    cursor.execute(f"create table {table} (no varchar(9), owner varchar(9))")
    for number in range(1, count + 1):
        cursor.execute(f"insert into {table} values ('{number}', '{owner} {number}')")
