"""PostgreSQL: extraction and totals in one exported snapshot.

The exporter's transaction stays open until the write is committed; every JDBC partition
joins its snapshot, so parallel reads and the totals see one state of the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from typing import Any

import psycopg
import psycopg.sql
from pyspark.sql import DataFrame

from jobs.context import Job
from jobs.control_totals import (
    Totals,
    from_database,
    number_of_rows,
    postgresql_part_totals,
    postgresql_totals,
)
from jobs.drift import check_drift
from jobs.readers.extract import (
    Extract,
    Parts,
    Since,
    address,
    limits,
    refuse_empty,
)
from jobs.readers.patience import CANCEL_SECONDS, asked, hung_up_after, watched
from jobs.readers.postgresql_login import STATEMENT_SECONDS, exporter, login_seconds
from jobs.readers.seen_database import POSTGRESQL, Rows, seen_table
from lake_config.contract import Server
from lake_config.contract_loads import native
from lake_config.source_schema import Seen
from quality.drift import Drifts

DRIVER = "org.postgresql.Driver"
FETCH_ROWS = 3_000
PARTITIONS = 4
PAGES = "select pg_relation_size(%s) / current_setting('block_size')::int"
WORKS = "select state = 'active' from pg_stat_activity where pid = %s"
FIRST_ROW = "select count(*) from (select from {} limit 1) first"


@dataclass(frozen=True, slots=True)
class Held:
    """The table in one state that everybody shares, and what has drifted in it."""

    connection: psycopg.Connection
    name: str
    drift: Drifts
    read: Callable[[list[str]], DataFrame]
    """Rows that fulfil one of the conditions; each is a partition."""
    patience: float
    """Seconds in which it shows that it works."""


@contextmanager
def read_postgresql(job: Job, server: Server, delivered: Path) -> Iterator[Extract]:
    """A frame over parallel partitions, and totals, of one snapshot."""
    with held(job, server) as source:
        with hung_up_after(source.connection.fileno(), source.patience):
            pages = pages_of(source.connection, source.name)
        if pages > job.settings.part_pages:
            with _in_parts(job, source, pages) as extract:
                yield extract
            return
        frame = source.read(page_ranges(pages))
        ask = partial(_totals, job, source, source.name)
        with asked(source.connection, ask) as totals:
            yield Extract(frame, totals, source.drift)


@contextmanager
def _in_parts(job: Job, source: Held, pages: int) -> Iterator[Extract]:
    """Of a fixed size, so that the next attempt finds the same ones."""
    step = -(-job.settings.part_pages // PARTITIONS)
    ranges = page_ranges(pages, step)
    groups = list(batched(ranges, PARTITIONS))
    statement = postgresql_part_totals(
        job.table, source.name, step * PARTITIONS, len(groups)
    )
    ask = partial(_part_totals, source, statement)
    with asked(source.connection, ask) as of_parts:
        parts = Parts(len(groups), lambda number: source.read(groups[number]), of_parts)

        def totals() -> Totals:
            return reduce(Totals.__add__, of_parts().values())

        yield Extract(source.read(ranges), totals, source.drift, parts=parts)


def batched(ranges: list[str], size: int) -> Iterator[list[str]]:
    return (ranges[at : at + size] for at in range(0, len(ranges), size))


@contextmanager
def changed_postgresql(job: Job, server: Server, since: Since) -> Iterator[Extract]:
    """Rows that changed of late, their totals, and the table's, of one snapshot."""
    with held(job, server) as source:
        condition = _changed(since)
        part = _totals(job, source, f"{source.name} where {condition}")
        if since.whole:
            whole = _totals(job, source, source.name)
        else:
            whole = _answered(source, number_of_rows(source.name))
        yield Extract(source.read([condition]), lambda: part, source.drift, whole)


def _changed(since: Since) -> str:
    """Texts are compared byte by byte."""
    name = f'"{since.column.name}"'
    value = name if native(since.column.physical_type) else f'{name} collate "C"'
    return f"({value} >= {since.literal} or {name} is null)"


@contextmanager
def held(job: Job, server: Server) -> Iterator[Held]:
    """Open until the block ends; refuses a table that has drifted, or is empty."""
    place = address(job, server)
    with exporter(job, server, place) as connection:
        with hung_up_after(connection.fileno(), job.settings.source_seconds):
            drift = check_drift(job, seen_postgresql(job, connection, place))
            snapshot = _one(connection, "select pg_export_snapshot()")
            name = table_name(job, place)
            refuse_empty(job, _one(connection, FIRST_ROW.format(name)))
        read = partial(
            job.spark.read.jdbc,
            f"jdbc:postgresql://{place['host']}:{place['port']}/{place['database']}"
            + limits(
                connectTimeout=login_seconds(job),
                loginTimeout=login_seconds(job),
                socketTimeout=int(job.settings.source_seconds),
                tcpKeepAlive="true",
            ),
            name,
            properties=_properties(job, server, snapshot),
        )
        patience = job.settings.source_seconds
        yield Held(
            connection, name, drift, lambda parts: read(predicates=parts), patience
        )


def table_name(job: Job, place: dict[str, Any]) -> str:
    """With its schema: a bare name would be looked up along the reader's search path."""
    names = (place.get("schema", "public"), job.table.source["table"])
    return psycopg.sql.Identifier(*names).as_string(None)


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


def _totals(job: Job, source: Held, name: str) -> Totals:
    return _answered(source, postgresql_totals(job.table, name))


def _answered(source: Held, statement: str) -> Totals:
    names, [row] = _rows(source, statement)
    return from_database(names, row)


def _part_totals(source: Held, statement: str) -> dict[int, Totals]:
    names, rows = _rows(source, statement)
    return {int(row[0]): from_database(names[1:], row[1:]) for row in rows}


def _rows(source: Held, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    line, patience = source.connection.fileno(), source.patience
    with (
        hung_up_after(line, STATEMENT_SECONDS + CANCEL_SECONDS),
        watched(line, _working(source.connection.info, patience), patience),
    ):
        cursor = source.connection.execute(statement)
        return [column.name for column in cursor.description or ()], cursor.fetchall()


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


def page_ranges(pages: int, step: int = 0) -> list[str]:
    """Disjoint ranges of so many physical pages (else a few) that cover the table, also
    past its end."""
    step = step or max(1, -(-pages // PARTITIONS))
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
        "sessionInitStatement": "set transaction isolation level repeatable read "
        f"read only; set transaction snapshot '{snapshot}'",
    }
