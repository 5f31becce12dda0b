"""MariaDB and MySQL: connections cannot share a snapshot, so totals are taken twice.

The totals before the read must be those after it; else the source moved and the attempt
is thrown away. Spark must see `jdbc:mysql:`: under `jdbc:mariadb:` it quotes names as
string literals and cells silently hold column names (docs/adr/0006).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pymysql

from jobs.context import Job
from jobs.control_totals import (
    Totals,
    from_database,
    mariadb_totals,
    number_of_rows,
)
from jobs.drift import check_drift
from jobs.readers.extract import Extract, Since, address, limits, refuse_empty
from jobs.readers.patience import watched
from jobs.readers.seen_database import MARIADB, Rows, seen_table
from lake_config.contract import Server
from lake_config.contract_loads import native
from lake_config.errors import SourceRefusedLogin, SourceUnavailable
from lake_config.source_schema import Seen
from quality.drift import Drifts

DRIVER = "org.mariadb.jdbc.Driver"
FETCH_ROWS = 10_000
CONNECT_SECONDS = 15
READ_SECONDS = 3_600
WORKS = """select count(*) from information_schema.processlist
where id = %s and command <> 'Sleep'"""
REFUSALS = (1044, 1045, 1698, 1820, 1862, 4151)
"""Access denied, password expired, account locked."""


@contextmanager
def read_mysql(job: Job, server: Server, delivered: Path) -> Iterator[Extract]:
    """A frame over one connection, and totals that must hold before and after."""
    name = _name(job, address(job, server))
    yield _extract(job, server, [mariadb_totals(job.table, name)], "true")


@contextmanager
def changed_mysql(job: Job, server: Server, since: Since) -> Iterator[Extract]:
    """Rows that changed of late; their totals and the table's must hold as well."""
    name, condition = _name(job, address(job, server)), _changed(since)
    every = mariadb_totals(job.table, name) if since.whole else number_of_rows(name)
    part = mariadb_totals(job.table, f"{name} where {condition}")
    yield _extract(job, server, [every, part], condition)


def _changed(since: Since) -> str:
    """Texts are compared byte by byte."""
    name = f"`{since.column.name}`"
    value = name if native(since.column.physical_type) else f"binary {name}"
    return f"({value} >= {since.literal} or {name} is null)"


def _extract(
    job: Job, server: Server, statements: list[str], condition: str
) -> Extract:
    """The first statement is about the whole table, the last about what is read."""
    place = address(job, server)
    before = _looked(job, server, place, statements)
    drift, totals = before
    refuse_empty(job, totals[0].rows)

    def unmoved() -> Totals:
        if _looked(job, server, place, statements) != before:
            raise SourceUnavailable(
                f"{job.batch}：读取期间源表发生了变化，本次作废，稍后会自动重试。"
            )
        return totals[-1]

    frame = job.spark.read.jdbc(
        url=f"jdbc:mysql://{place['host']}:{place['port']}/{place['database']}"
        + limits(
            permitMysqlScheme="true",
            connectTimeout=int(_login_seconds(job) * 1_000),
            socketTimeout=int(job.settings.source_seconds * 1_000),
        ),
        table=_name(job, place),
        predicates=[condition],
        properties={
            "driver": DRIVER,
            "user": server.user,
            "password": job.settings.secret(server.secret),
            "fetchsize": str(FETCH_ROWS),
        },
    )
    return Extract(frame, unmoved, drift, totals[0])


def _name(job: Job, place: dict[str, Any]) -> str:
    """With its database, so that every statement is about the very same table."""
    database = str(place["database"]).replace("`", "``")
    return f"`{database}`.`{job.table.source['table']}`"


def _looked(
    job: Job, server: Server, place: dict[str, Any], statements: list[str]
) -> tuple[Drifts, list[Totals]]:
    """What has drifted, which comes first, and the totals."""
    with opened(job, server, place) as cursor:
        drift = check_drift(job, seen_mysql(job, cursor, place))
        return drift, [_asked(cursor, statement) for statement in statements]


def _asked(cursor: Any, statement: str) -> Totals:
    cursor.execute(statement)
    names = [item[0] for item in cursor.description]
    return from_database(names, cursor.fetchone())


def seen_mysql(job: Job, cursor: Any, place: dict[str, Any]) -> Seen:
    """The table's columns now."""

    def ask(statement: str, values: list[str]) -> Rows:
        cursor.execute(statement, values)
        found: Rows = cursor.fetchall()
        return found

    where = [place["database"], job.table.source["table"]]
    return seen_table(job, ask, MARIADB, where, _name(job, place), "`")


@contextmanager
def opened(job: Job, server: Server, place: dict[str, Any]) -> Iterator[Any]:
    """A cursor; the driver's own errors are not passed on."""
    try:
        # A short login first: the long patience also holds for a port that says nothing.
        _connection(job, server, place, _login_seconds(job)).close()
        with (
            _connection(job, server, place, READ_SECONDS) as connection,
            watched(
                connection._sock.fileno(),
                _working(job, server, place, connection.thread_id()),
                job.settings.source_seconds,
            ),
            connection.cursor() as cursor,
        ):
            yield cursor
    except Exception as error:
        if not isinstance(error, pymysql.MySQLError) and not _raised_in_driver(error):
            raise
        raise _refused(job, error) from None


def _raised_in_driver(error: Exception) -> bool:
    """It asserts what an answer looks like; one that a line has garbled does not."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    name = place.tb_frame.f_globals["__name__"] if place else ""
    return str(name).partition(".")[0] == "pymysql"


def _working(
    job: Job, server: Server, place: dict[str, Any], process: int
) -> Callable[[], bool]:
    """Asks, on a connection of its own, whether the server works at a statement of ours."""

    def look() -> bool:
        beside = _connection(job, server, place, _login_seconds(job) / 3)
        with beside, beside.cursor() as cursor:
            cursor.execute(WORKS, [process])
            return bool(cursor.fetchone()[0])

    return look


def _login_seconds(job: Job) -> float:
    return min(CONNECT_SECONDS, job.settings.source_seconds)


def _connection(
    job: Job, server: Server, place: dict[str, Any], patience: float
) -> Any:
    return pymysql.connect(
        host=place["host"],
        port=int(place["port"]),
        database=place["database"],
        user=server.user,
        password=job.settings.secret(server.secret),
        charset="utf8mb4",
        connect_timeout=_login_seconds(job),
        read_timeout=patience,
        write_timeout=patience,
    )


def _refused(job: Job, error: Exception) -> Exception:
    if error.args and error.args[0] in REFUSALS:
        return SourceRefusedLogin(
            f"{job.batch}：前置库拒绝了用户名或口令。请核对 secrets 中的口令文件。"
        )
    return SourceUnavailable(
        f"{job.batch}：前置库连接不上或中断。请与数源部门确认，稍后会自动重试。"
    )
