"""How polars looks at real rows: in pieces, in memory, and nowhere else.

Whoever takes polars to rows of a delivery takes it from here (tests/lib/house_rules.py).
"""

from __future__ import annotations

import json

import polars as pl

NO_SPILL = {
    "POLARS_OOC_MEMORY_BUDGET_FRACTION": "1e9",
    "POLARS_OOC_DISK_BUDGET_MB": "0",
}
pl.Config.load(json.dumps({"environment": NO_SPILL}))
"""Short of memory polars would write plain cells under /var/tmp; it shall fail instead."""


def collected(rows: pl.LazyFrame) -> pl.DataFrame:
    """The result alone is held; what it is made of passes by in pieces."""
    return rows.collect(engine="streaming")


def count(rows: pl.LazyFrame) -> int:
    return int(collected(rows.select(pl.len())).item())
