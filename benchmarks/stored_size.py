"""P13: what the shared zone takes up, against Spark's snappy copy of the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.measure import facts
from benchmarks.secured_path import secured
from benchmarks.stage import DEPARTMENT, TABLE, Stage
from lake_config.layers import CURATED

GOAL = "shared zone at most 0.75 times Spark's snappy copy of the same rows"


def run(stage: Stage) -> dict[str, Any]:
    """Bytes of the Parquet files of one published batch, and of copies of its rows."""
    stage.land_parents(0)
    secured(stage, 0)
    shared = stage.settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    raw = stage.settings.layers.raw_batch(DEPARTMENT, TABLE, stage.job(0).date)
    attempt = next(path for path in raw.iterdir() if path.is_dir())
    sizes = {
        name: _bytes(path) for name, path in (("raw", attempt), ("shared", shared))
    }
    copies = {"raw": _snappy(stage, attempt), "shared": _snappy(stage, shared)}
    found = {
        "shared zone, bytes a row": round(sizes["shared"] / stage.rows, 1),
        "its rows in snappy, bytes a row": round(copies["shared"] / stage.rows, 1),
        "shared zone / snappy copy": round(sizes["shared"] / copies["shared"], 2),
        "raw zone / snappy copy of its rows": round(sizes["raw"] / copies["raw"], 2),
        "shared zone / snappy copy of the raw rows": round(
            sizes["shared"] / copies["raw"], 2
        ),
    }
    return facts("P13", GOAL, stage.rows, found)


def _snappy(stage: Stage, table: Path) -> int:
    target = stage.folder("snappy")
    rows = stage.job(0).spark.read.format("delta").load(stage.address(table))
    rows.write.option("compression", "snappy").parquet(stage.address(target))
    return _bytes(target)


def _bytes(folder: Path) -> int:
    """Parquet files alone; the benchmark runs on local folders."""
    return sum(path.stat().st_size for path in folder.glob("*.parquet"))
