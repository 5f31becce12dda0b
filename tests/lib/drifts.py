"""Ways in which a department's real source drifts from what was last seen of it.

For tests/lib/bad_sources.py. What a source cannot be made to change back to is changed in
the other direction: `last_seen` alters what the lake remembers.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from lake_config.source_schema import read_schemas, write_schemas
from tests.lib import bad_files as files
from tests.lib.bad_servers import administered
from tests.lib.bad_sources import Change, Source, Way, hand_over


def last_seen(way: Way, **columns: Mapping[str, Any]) -> Way:
    """As if the columns had looked like this when somebody last looked."""

    @contextmanager
    def remembered(source: Source) -> Iterator[Source]:
        department, table = source.contract.department, source.table.name
        schemas = read_schemas(source.settings, department)
        seen, day = schemas[table]
        changed = tuple(replace(item, **columns.get(item.name, {})) for item in seen)
        write_schemas(source.settings, department, {**schemas, table: (changed, day)})
        try:
            with way(source) as drifted:
                yield drifted
        finally:
            write_schemas(source.settings, department, schemas)

    return remembered


def typed(change: Change = pl.DataFrame.clone, **types: str) -> Way:
    """Delivered to a database whose columns have other types."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        hand_over(source, change(source.rows()), types=types)
        yield source

    return way


def reordered(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(rows.columns[::-1])


def upper(name: str) -> Change:
    return lambda rows: rows.rename({name: name.upper()})


def days_first(name: str) -> Change:
    """`2024-03-31` becomes `2024-31-03`: what is still a date is a wrong one."""
    return lambda rows: rows.with_columns(
        pl.col(name).str.replace(r"^(\d{4})-(\d\d)-(\d\d)", "$1-$3-$2")
    )


def whole(name: str) -> Change:
    """Codes as numbers: their leading zeros are gone, what is no number is null."""
    return lambda rows: rows.with_columns(pl.col(name).cast(pl.Int64, strict=False))


def suffixed(name: str, text: str) -> Change:
    return lambda rows: rows.with_columns(pl.format("{}" + text, name).alias(name))


def decimals(name: str, digits: int) -> Change:
    kind = pl.Decimal(digits, 2)
    return lambda rows: rows.with_columns(pl.col(name).cast(kind, strict=False))


def repeated_header(name: str) -> Way:
    """A CSV in which another column has this one's name too."""
    return files.sealed(lambda content: _header(content, name))


def _header(content: bytes, name: str) -> bytes:
    head, rest = content.split(b"\r\n", 1)
    names = head.split(b",")
    names[-1] = name.encode()
    return b",".join(names) + b"\r\n" + rest


def repeated_key(name: str) -> Callable[[bytes], bytes]:
    """JSON objects with a key twice."""
    key = f'"{name}"'.encode()
    return lambda content: content.replace(b'{"', b"{" + key + b': "1", "')


def unquoted(name: str) -> Callable[[bytes], bytes]:
    """JSON numbers where texts of digits were, without their leading zeros."""
    shape = re.compile(f'"{name}": "0*([0-9]+)"'.encode())
    return lambda content: shape.sub(f'"{name}": \\1'.encode(), content)


def number_cells(name: str) -> Way:
    """A sheet in which somebody typed digits without making the cells text."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        rows = source.rows()
        place = rows.columns.index(name)
        hand_over(source)
        path = files.file_of(source)
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet("data")
            sheet.write_row(0, 0, rows.columns)
            for number, row in enumerate(rows.iter_rows(), 1):
                for at, cell in enumerate(row):
                    digits = at == place and (cell or "").isdecimal()
                    write = sheet.write_number if digits else sheet.write_string
                    write(number, at, int(cell) if digits else cell or "")
        line = files.entry(path, source.table.name, rows.height)
        about = (source.contract.department, source.day)
        files.write_manifest(files.drop(source), *about, [line])
        yield source

    return way


def parquet(change: Callable[[pa.Table], pa.Table]) -> Way:
    def damage(content: bytes) -> bytes:
        made = io.BytesIO()
        pq.write_table(change(pq.read_table(io.BytesIO(content))), made)
        return made.getvalue()

    return files.sealed(damage)


def repeated_field(name: str) -> Way:
    return parquet(lambda rows: rows.rename_columns([*rows.column_names[:-1], name]))


def never_null(name: str) -> Way:
    return parquet(lambda rows: _field(rows, name, nullable=False))


def measured(name: str, unit: str) -> Way:
    return parquet(lambda rows: _field(rows, name, metadata={"unit": unit}))


def _field(rows: pa.Table, name: str, **facts: Any) -> pa.Table:
    place = rows.column_names.index(name)
    old = rows.schema.field(place)
    made = old.with_metadata(facts.get("metadata", {}))
    made = made.with_nullable(facts.get("nullable", old.nullable))
    return rows.set_column(place, made, rows.column(place))


def in_manifest(name: str, unit: str) -> Way:
    """The file's line says in which unit a column is."""

    def change(content: dict[str, Any]) -> str:
        content["files"][0]["units"] = {name: unit}
        return json.dumps(content, ensure_ascii=False)

    return files.manifest(change)


def altered(statement: str) -> Way:
    """`alter table` by the database's administrator."""
    return administered(f"alter table {{table}} {statement}")
