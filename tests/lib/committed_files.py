"""An attempt's files as Spark leaves them, made without Spark, and their totals told plainly."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.control_totals import ROW_SUM, Totals
from lake_config.contract import Table
from simulation.row_digest import row_digest

Row = Sequence[Any]
ARROW = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}


def arrow_type(landed_type: str) -> pa.DataType:
    """What Spark writes for a landed type."""
    size = re.fullmatch(r"decimal\((\d+),(\d+)\)", landed_type)
    return pa.decimal128(int(size[1]), int(size[2])) if size else ARROW[landed_type]


def as_arrow(table: Table, rows: Iterable[Row]) -> pa.Table:
    columns = table.columns
    schema = pa.schema([(item.name, arrow_type(item.landed_type)) for item in columns])
    names = schema.names
    return pa.Table.from_pylist(
        [dict(zip(names, row, strict=True)) for row in rows], schema
    )


def commit(
    attempt: Path, files: Iterable[pa.Table], rows_in_a_group: int = 1_000
) -> None:
    """Version 0 of a Delta table; decimals as integers and no Arrow schema, as Spark writes them."""
    attempt.mkdir(parents=True, exist_ok=True)
    names = []
    for number, content in enumerate(files):
        names.append(f"part-{number:05d}.parquet")
        pq.write_table(
            content, attempt / names[-1], row_group_size=rows_in_a_group,
            compression="zstd", store_schema=False, store_decimal_as_integer=True,
        )  # fmt: skip
    log = attempt / "_delta_log"
    log.mkdir()
    lines = [json.dumps({"add": {"path": name}}) for name in names]
    (log / f"{0:020d}.json").write_text("\n".join(lines), "utf-8")


def plain_totals(table: Table, rows: Sequence[Row], sums: Collection[str]) -> Totals:
    """Cell by cell, with the simulation's own digest of a row."""
    names = [column.name for column in table.columns]
    texts = {name: [[row[place]] for row in rows] for place, name in enumerate(names)}
    found = {name: _sum(cells) for name, cells in texts.items() if name in sums}
    if ROW_SUM in sums:
        found[ROW_SUM] = _sum(rows)
    return Totals(len(rows), found)


def _sum(rows: Iterable[Row]) -> int:
    return sum(int(row_digest(row)[:15], 16) for row in rows)
