"""MariaDB and MySQL: connections cannot share a snapshot, so totals are taken twice.

The totals before the read must be those after it; else the source moved and the attempt
is thrown away. Spark must see `jdbc:mysql:`: under `jdbc:mariadb:` it quotes names as
string literals and cells silently hold column names (docs/adr/0006).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql

from jobs.context import Job
from jobs.control_totals import Totals, from_database, mariadb_totals
from jobs.readers.extract import Extract, address, check_columns, refuse_empty
from lake_config.contract import Server
from lake_config.errors import SchemaChanged, SourceRefusedLogin, SourceUnavailable

DRIVER = "org.mariadb.jdbc.Driver"
FETCH_ROWS = 10_000
CONNECT_SECONDS = 15
READ_SECONDS = 3_600
REFUSALS = (1044, 1045, 1698, 1820, 1862, 4151)
"""Access denied, password expired, account locked."""

COLUMNS = (
    "select column_name from information_schema.columns "
    "where table_schema = %s and table_name = %s order by ordinal_position"
)


@contextmanager
def read_mysql(job: Job, server: Server, delivered: Path) -> Iterator[Extract]:
    """A frame over one connection, and totals that must hold before and after."""
    place = address(job, server)
    before = _totals(job, server, place)
    refuse_empty(job, before.rows)

    def unmoved() -> Totals:
        if _totals(job, server, place) != before:
            raise SourceUnavailable(
                f"{job.batch}：读取期间源表发生了变化，本次作废，稍后会自动重试。"
            )
        return before

    frame = job.spark.read.jdbc(
        url=f"jdbc:mysql://{place['host']}:{place['port']}/{place['database']}"
        "?permitMysqlScheme",
        table=_name(job, place),
        properties={
            "driver": DRIVER,
            "user": server.user,
            "password": job.settings.secret(server.secret),
            "fetchsize": str(FETCH_ROWS),
        },
    )
    yield Extract(frame, unmoved)


def _name(job: Job, place: dict[str, Any]) -> str:
    """With its database, so that every statement is about the very same table."""
    database = str(place["database"]).replace("`", "``")
    return f"`{database}`.`{job.table.source['table']}`"


def _totals(job: Job, server: Server, place: dict[str, Any]) -> Totals:
    try:
        # A short login first: the long patience also holds for a port that says nothing.
        _connection(job, server, place, CONNECT_SECONDS).close()
        with _connection(job, server, place, READ_SECONDS) as connection:
            with connection.cursor() as cursor:
                cursor.execute(COLUMNS, [place["database"], job.table.source["table"]])
                found = [row[0] for row in cursor.fetchall()]
                if not found:
                    raise SchemaChanged(
                        f"{job.batch}：前置库里没有这张表，或没有权限。"
                    )
                check_columns(job, found)
                cursor.execute(mariadb_totals(job.table, _name(job, place)))
                names = [item[0] for item in cursor.description]
                return from_database(names, cursor.fetchone())
    except pymysql.MySQLError as error:
        raise _refused(job, error) from None


def _connection(job: Job, server: Server, place: dict[str, Any], patience: int) -> Any:
    return pymysql.connect(
        host=place["host"],
        port=int(place["port"]),
        database=place["database"],
        user=server.user,
        password=job.settings.secret(server.secret),
        charset="utf8mb4",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=patience,
    )


def _refused(job: Job, error: pymysql.MySQLError) -> Exception:
    if error.args and error.args[0] in REFUSALS:
        return SourceRefusedLogin(
            f"{job.batch}：前置库拒绝了用户名或口令。请核对 secrets 中的口令文件。"
        )
    return SourceUnavailable(
        f"{job.batch}：前置库连接不上或中断。请与数源部门确认，稍后会自动重试。"
    )
