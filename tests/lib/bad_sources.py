"""A department's real source in a small lake, and deliveries of other rows than it should.

A `Source` is one table where its department hands it over, on one delivery date. Inside
the context of a way it is bad; `hand_over` delivers good rows again. Ways of servers and
of files: tests/lib/bad_servers.py and tests/lib/bad_files.py.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

import polars as pl

from lake_config.contract import Column, Contract, Server, Table
from lake_config.layers import batch_id
from lake_config.settings import Settings
from ops.processes import Service
from simulation.city import rows_folder, rows_of
from simulation.deliver import BY_KIND
from tests.lib.forked_job import ended, kill_before_the_rows, nothing
from tests.lib.small_lake import DAY

POSTGRES, MARIADB, REST = ("PostgreSQL",), ("MariaDB",), ("REST",)
CSV, XLSX, JSONL, PARQUET = ("CSV",), ("XLSX",), ("JSON lines",), ("Parquet",)
DATABASES, FILES = POSTGRES + MARIADB, CSV + XLSX + JSONL + PARQUET
ALL = DATABASES + FILES + REST


@dataclass(frozen=True)
class Source:
    """`killing` names the server's process and how it dies between totals and rows.

    `started` are servers that were started again, to be stopped with the lake.
    """

    settings: Settings
    contract: Contract
    table: Table
    day: date
    started: list[Service] = field(default_factory=list)
    killing: tuple[int, int] | None = None

    @property
    def server(self) -> Server:
        return self.contract.server_for(self.table, "dev")

    @property
    def batch(self) -> str:
        return batch_id(self.contract.department, self.table.name, self.day)

    def rows(self, day: date = DAY) -> pl.DataFrame:
        """What was handed over on a day; the first day's rows are good."""
        layers = self.settings.layers
        return pl.concat(
            rows_of(layers, self.contract.department, self.table.name, day)
        )


Way = Callable[[Source], AbstractContextManager[Source]]
Change = Callable[[pl.DataFrame], pl.DataFrame]


def run(source: Source, step: str) -> tuple[int, str]:
    """One step as Airflow runs it: its exit code and what it says to people."""
    arguments = [step, "--department", source.contract.department]
    arguments += ["--table", source.table.name, "--date", source.day.isoformat()]
    places = {
        "LAKE_HOME": str(source.settings.home),
        "LAKE_CONTRACTS": str(source.settings.contracts),
    }
    log = source.settings.layers.logs / f"{source.batch}.log"
    killing = source.killing
    prepare = partial(kill_before_the_rows, *killing) if killing else nothing
    code, said = ended(arguments, {**os.environ, **places}, log, prepare)
    sys.stderr.write(said)
    return code, said


def hand_over(
    source: Source,
    rows: pl.DataFrame | None = None,
    encoding: str = "",
    types: Mapping[str, str] | None = None,
) -> None:
    """Deliver as the department does; good rows unless others are given."""
    rows = source.rows() if rows is None else rows
    department, name = source.contract.department, source.table.name
    folder = rows_folder(source.settings.layers, department, name, source.day)
    folder.mkdir(parents=True, exist_ok=True)
    rows.write_parquet(folder / "part-00000.parquet")
    columns = tuple(_column(source.table, item, types or {}) for item in rows.columns)
    table = replace(source.table, columns=columns)
    server = replace(source.server, encoding=encoding or source.server.encoding)
    deliver = BY_KIND[server.kind]
    deliver(source.settings, source.contract, server, [table], source.day)


def _column(table: Table, name: str, types: Mapping[str, str]) -> Column:
    known = {column.name: column for column in table.columns}
    any_text = replace(table.columns[0], name=name, physical_type="varchar(60)")
    column = known.get(name) or any_text
    return replace(column, physical_type=types.get(name, column.physical_type))


def delivered(change: Change, encoding: str = "") -> Way:
    """A way that only changes the rows, or the encoding they are written in."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        hand_over(source, change(source.rows()), encoding)
        yield source

    return way


def as_text(name: str, text: str) -> Way:
    """A column of numbers becomes one of text."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        rows = source.rows().with_columns(pl.format("{}" + text, name).alias(name))
        hand_over(source, rows, types={name: "varchar(60)"})
        yield source

    return way


def first_of(parts: int) -> Change:
    return lambda rows: rows.head(max(1, rows.height // parts))


def last_of(parts: int) -> Change:
    return lambda rows: rows.tail(max(1, rows.height // parts))


def renamed(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.rename({rows.columns[-1]: f"{rows.columns[-1]}_new"})


def added(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit("新的一列").alias("remarks_new"))


def dropped(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop(rows.columns[-1])


def headless(rows: pl.DataFrame) -> pl.DataFrame:
    """The first row stands where the names of columns belong."""
    names = [cell or "" for cell in rows.row(0)]
    return rows.tail(-1).rename(dict(zip(rows.columns, names, strict=True)))
