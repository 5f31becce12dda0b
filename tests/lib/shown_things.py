"""A table whose columns show what they hold, or do not."""

from __future__ import annotations

import polars as pl

from tests.lib.quality_cases import column, table

THINGS = table(
    "things",
    [
        column("no", semantic_type="record_key", primary_key=True),
        column("office"),
        column("home", semantic_type="address"),
        column("who", semantic_type="identity_number"),
        column("kind", codes=("1", "2")),
        column("done_on", "date"),
        column("note", semantic_type="free_text"),
        column("paid", "number", physical_type="decimal(12,2)"),
    ],
    classification="一般",
)
TYPES: dict[str, pl.DataType] = {
    **dict.fromkeys(("no", "office", "home", "who", "kind", "note"), pl.String()),
    "done_on": pl.Date(),
    "paid": pl.Decimal(12, 2),
}
