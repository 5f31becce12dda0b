"""PostgreSQL: extraction and totals in one exported snapshot.

The exporter's transaction stays open until the write is committed; every JDBC partition
joins its snapshot, so parallel reads and the totals see one state of the source.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import psycopg.sql

from jobs.context import Job
from jobs.control_totals import Totals, from_database, postgresql_totals
from jobs.drift import check_drift
from jobs.readers.extract import Extract, address, refuse_empty
from jobs.readers.patience import hang_up, hung_up_after, watched
from jobs.readers.seen_database import POSTGRESQL, Rows, seen_table
from lake_config.contract import Server
from lake_config.errors import SourceRefusedLogin, SourceUnavailable
from lake_config.source_schema import Seen

# What it cannot do on a dead connection is told in our own words.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)

DRIVER = "org.postgresql.Driver"
FETCH_ROWS = 3_000
PARTITIONS = 4
CONNECT_SECONDS = 15
DEAD_LINE: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
CANCELS, CANCEL_SECONDS = 3, 5
REFUSALS = (
    "authentication failed",
    "认证失败",
    "no password supplied",
    "pg_hba.conf",
    "not permitted to log in",
    "不允许角色",
)
"""The server gives no code before the login, only a text in its own language."""

STATEMENT_SECONDS = 3_600
PAGES = "select pg_relation_size(%s) / current_setting('block_size')::int"
WORKS = "select state = 'active' from pg_stat_activity where pid = %s"
FIRST_ROW = "select count(*) from (select from {} limit 1) first"


@contextmanager
def read_postgresql(job: Job, server: Server, delivered: Path) -> Iterator[Extract]:
    """A frame over parallel partitions, and totals, of one snapshot."""
    place = address(job, server)
    with exporter(job, server, place) as connection:
        with hung_up_after(connection.fileno(), job.settings.source_seconds):
            drift = check_drift(job, seen_postgresql(job, connection, place))
            snapshot = _one(connection, "select pg_export_snapshot()")
            name = table_name(job, place)
            pages = pages_of(connection, name)
            refuse_empty(job, _one(connection, FIRST_ROW.format(name)))
        frame = job.spark.read.jdbc(
            url=f"jdbc:postgresql://{place['host']}:{place['port']}/{place['database']}",
            table=name,
            predicates=page_ranges(pages),
            properties=_properties(job, server, snapshot),
        )
        with _asked(job, connection, name) as totals:
            yield Extract(frame, totals, drift)


def table_name(job: Job, place: dict[str, Any]) -> str:
    """With its schema: a bare name would be looked up along the reader's search path."""
    names = (place.get("schema", "public"), job.table.source["table"])
    return psycopg.sql.Identifier(*names).as_string(None)


@contextmanager
def exporter(
    job: Job, server: Server, place: dict[str, Any]
) -> Iterator[psycopg.Connection]:
    """The read-only transaction whose snapshot everybody shares."""
    try:
        connection = psycopg.connect(
            host=place["host"],
            port=place["port"],
            dbname=place["database"],
            user=server.user,
            password=job.settings.secret(server.secret),
            connect_timeout=_login_seconds(job),
            **DEAD_LINE,
            options=f"-c statement_timeout={STATEMENT_SECONDS}s",
        )
    except psycopg.OperationalError as error:
        raise _refused(job, str(error)) from None
    try:
        with connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield connection
    except psycopg.Error:
        raise _broken(job) from None


def _login_seconds(job: Job) -> int:
    """The driver takes whole seconds, at least two."""
    return max(2, int(min(CONNECT_SECONDS, job.settings.source_seconds)))


def _refused(job: Job, text: str) -> Exception:
    """Wrong password or no answer; the driver's text itself is not passed on."""
    if any(sign in text for sign in REFUSALS):
        return SourceRefusedLogin(
            f"{job.batch}：前置库拒绝了用户名或口令。请核对 secrets 中的口令文件。"
        )
    return SourceUnavailable(
        f"{job.batch}：前置库连接不上。请与数源部门确认服务和网络，稍后会自动重试。"
    )


def _broken(job: Job) -> Exception:
    return SourceUnavailable(
        f"{job.batch}：读取前置库时中断。已发布的版本不受影响，稍后会自动重试。"
    )


def _one(
    connection: psycopg.Connection, statement: str, values: list[str] | None = None
) -> Any:
    row = connection.execute(statement, values).fetchone()
    return row[0] if row else None


def seen_postgresql(
    job: Job, connection: psycopg.Connection, place: dict[str, Any]
) -> Seen:
    """The table's columns in this transaction's state."""

    def ask(statement: str, values: list[str]) -> Rows:
        return connection.execute(statement, values or None).fetchall()

    where = [place.get("schema", "public"), job.table.source["table"]]
    return seen_table(job, ask, POSTGRESQL, where, table_name(job, place), '"')


def pages_of(connection: psycopg.Connection, name: str) -> int:
    """How many physical pages the table has now."""
    return int(_one(connection, PAGES, [name]))


@contextmanager
def _asked(
    job: Job, connection: psycopg.Connection, name: str
) -> Iterator[Callable[[], Totals]]:
    """The source counts while its rows are read; it stops when they cannot be."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(_totals, job, connection, name)
        try:
            yield answer.result
        finally:
            _stopped(connection, answer)


def _stopped(connection: psycopg.Connection, answer: Future[Totals]) -> None:
    """Without a word of its own: what went wrong before is what is told.

    A cancel can come before its statement does, and nobody hears it in a frozen server.
    """
    for _ in range(CANCELS):
        if wait([answer], timeout=0).done:
            return
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=CANCEL_SECONDS)
        wait([answer], timeout=1)
    if not answer.done():
        hang_up(connection.fileno())


def _totals(job: Job, connection: psycopg.Connection, name: str) -> Totals:
    line, patience = connection.fileno(), job.settings.source_seconds
    with (
        hung_up_after(line, STATEMENT_SECONDS + CANCEL_SECONDS),
        watched(line, _working(connection.info, patience), patience),
    ):
        cursor = connection.execute(postgresql_totals(job.table, name))
    names = [column.name for column in cursor.description or ()]
    return from_database(names, cursor.fetchone() or ())


def _working(about: psycopg.ConnectionInfo, patience: float) -> Callable[[], bool]:
    """Asks, on a connection of its own, whether the server works at a statement of ours."""
    process = about.backend_pid
    place: dict[str, Any] = {
        "host": about.host,
        "port": about.port,
        "dbname": about.dbname,
    }

    def look() -> bool:
        with (
            psycopg.connect(
                **place, user=about.user, password=about.password, connect_timeout=2
            ) as beside,
            hung_up_after(beside.fileno(), patience / 3),
        ):
            return bool(_one(beside, WORKS, [str(process)]))

    return look


def page_ranges(pages: int) -> list[str]:
    """Disjoint ranges of physical pages that cover the table, also past its end."""
    step = max(1, -(-pages // PARTITIONS))
    starts = list(range(0, max(pages, 1), step))
    upper = [f"ctid < '({start},0)'::tid" for start in starts[1:]] + ["true"]
    lower = [f"ctid >= '({start},0)'::tid" for start in starts]
    return [f"{low} and {high}" for low, high in zip(lower, upper, strict=True)]


def _properties(job: Job, server: Server, snapshot: str) -> dict[str, str]:
    return {
        "driver": DRIVER,
        "user": server.user,
        "password": job.settings.secret(server.secret),
        "fetchsize": str(FETCH_ROWS),
        "connectTimeout": str(_login_seconds(job)),
        "loginTimeout": str(_login_seconds(job)),
        "socketTimeout": str(int(job.settings.source_seconds)),
        "tcpKeepAlive": "true",
        "sessionInitStatement": "set transaction isolation level repeatable read "
        f"read only; set transaction snapshot '{snapshot}'",
    }
