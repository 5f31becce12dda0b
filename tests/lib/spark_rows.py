"""Rows as Spark lands them, and as whoever judges them gets them."""

from __future__ import annotations

import polars as pl


def landed(spark, made, rows):
    """Rows as they lie in raw: landed types and `_row`."""
    schema = ", ".join(f"`{item.name}` {item.landed_type}" for item in made.columns)
    values = [
        (*(row[item.name] for item in made.columns), number)
        for number, row in enumerate(rows)
    ]
    return spark.createDataFrame(values, f"{schema}, _row long").coalesce(2)


def written_and_scanned(frame, folder):
    """As the gate gets it: files of the engine that moved the rows."""
    frame.write.mode("overwrite").parquet(str(folder))
    return pl.scan_parquet(sorted(folder.glob("*.parquet")), glob=False)
