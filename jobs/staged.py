"""Masked rows as the files of a Delta table in staging, a piece at a time.

What a piece takes in memory does not depend on how many there are.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import polars as pl
import polars.selectors as cs
import pyarrow.parquet as pq
from deltalake import Field, Schema
from deltalake.schema import PrimitiveType

from lake_config.calendar import CITY_TIME
from lake_config.contract import Column
from quality.frames import collected
from storage.store import Store

AT_ONCE = 2
"""Half of the work is hashing, which holds Python's lock: a third one would only wait."""

LEVEL = 3
NAME_LENGTH = 16
USUAL_OFFSET = timedelta(hours=8)
TYPES = {
    pl.String: "string",
    pl.Int32: "integer",
    pl.Int64: "long",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "timestamp",
}


def write_pieces(
    store: Store, pieces: Iterable[pl.LazyFrame], folder: Path
) -> list[dict[str, Any]]:
    """Name, size and rows of a durable file for each piece that has rows."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(partial(_written, store, folder), pieces))
    return [facts for facts in found if facts]


def _written(store: Store, folder: Path, piece: pl.LazyFrame) -> dict[str, Any]:
    rows = collected(piece.with_columns(_instants()))
    if not rows.height:
        return {}
    content = BytesIO()
    pq.write_table(
        rows.to_arrow(compat_level=pl.CompatLevel.oldest()),
        content,
        compression="zstd",
        compression_level=LEVEL,
        store_schema=False,
    )
    file = folder / f"{_letters()}.parquet"
    store.write(file, content.getvalue())
    return {"path": file.name, "size": content.tell(), "rows": rows.height}


def _letters() -> str:
    """A name of its own, in which no number can be read: the leak scan reads names."""
    return "".join(secrets.choice(ascii_lowercase) for _ in range(NAME_LENGTH))


def _instants() -> list[pl.Expr]:
    """Moments of the city's clock as instants; Delta has no others.

    An hour that a change of the clock left out is taken as if it had not been changed.
    """
    zone = str(CITY_TIME)
    moment = cs.datetime(time_zone=None)
    told = moment.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    unchanged = (moment - USUAL_OFFSET).dt.replace_time_zone("UTC")
    return [told.dt.convert_time_zone("UTC").fill_null(unchanged)]


def schema_of(columns: Iterable[Column], pieces: list[pl.LazyFrame]) -> Schema:
    """What the catalogue and every client see: types, and the Chinese names."""
    types = pieces[0].collect_schema()
    return Schema(
        [
            Field(
                item.name,
                PrimitiveType(_type_name(types[item.name])),
                metadata={"comment": item.business_name},
            )
            for item in columns
        ]
    )


def _type_name(type_: pl.DataType) -> str:
    if isinstance(type_, pl.Decimal):
        return f"decimal({type_.precision},{type_.scale})"
    return TYPES[type_.base_type()]
