"""Two tables of one name: everything is about the one in the contract's schema."""

from __future__ import annotations

from typing import Any

import pymysql
import pytest

from jobs.committed_totals import committed_totals
from jobs.context import Job
from jobs.landing import write_once
from jobs.readers.mysql import read_mysql
from jobs.readers.postgresql import read_postgresql
from lake_config.contract import Server
from lake_config.settings import Settings
from ops.source_servers import start_mariadb, start_postgres
from simulation.deliver.logins import ADMIN, admin_password
from tests.lib.cards_source import card_job, card_server, fill, postgres_owner, served
from tests.lib.local import LOCAL


def check(job: Job, reader: Any, server: Server) -> None:
    """Rows, totals of the source and totals of what was landed are all of the second."""
    with reader(job, server, job.settings.home / "delivered") as extract:
        rows = extract.frame.collect()
        assert sorted(row["owner"] for row in rows) == ["second 1", "second 2"]
        attempt = job.settings.home / "attempt"
        write_once(extract.frame, str(attempt))
        said = extract.totals()
        assert said == committed_totals(LOCAL, attempt, job.table, said.sums)


@pytest.mark.parametrize("count", [1, 3])
def test_postgresql(settings: Settings, spark: Any, count: int) -> None:
    """`public` comes first on the search path and has a table of that name too."""
    with served(settings, start_postgres) as port:
        about = card_job(settings, spark)
        with postgres_owner(settings, port) as owner:
            owner.execute("create schema second")
            fill(owner, "public.cards", "first", count)
            fill(owner, "second.cards", "second", 2)
        place = card_server(port, database="postgres", schema="second")
        check(about, read_postgresql, place)


def test_mariadb(settings: Settings, spark: Any) -> None:
    with served(settings, start_mariadb) as port:
        about = card_job(settings, spark)
        with (
            pymysql.connect(
                host="127.0.0.1", port=port, user=ADMIN, autocommit=True,
                password=admin_password(settings),
            ) as owner,
            owner.cursor() as cursor,
        ):  # fmt: skip
            for name in ("first", "second"):
                cursor.execute(f"create database {name}")
                fill(cursor, f"{name}.cards", name, 2)
        check(about, read_mysql, card_server(port, database="second"))
