"""P4: the row rules riding on the raw write, against the same write without them."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from benchmarks.measure import compare
from benchmarks.stage import Stage
from jobs.collect import collect, raw_rows, write_once
from jobs.steps import Collected
from quality.one_pass import VIOLATIONS

GOAL = "at most 1.25 times the wall time"


def run(stage: Stage) -> dict[str, Any]:
    """Both sides read the landed rows and write them as the landing does."""
    job = stage.job(0)
    collect(job)
    path = Collected.load(job).raw(job)
    names = [column.name for column in job.table.columns]

    def landed() -> DataFrame:
        return job.spark.read.format("delta").load(str(path)).select(*names)

    def ours() -> None:
        write_once(raw_rows(job, landed()), stage.folder("gated"))

    def plain() -> None:
        none = F.array().cast("array<string>").alias(VIOLATIONS)
        number = (F.monotonically_increasing_id() + 1).alias("_row")
        rows = landed().select("*", number, F.lit(job.batch).alias("_batch"), none)
        write_once(rows, stage.folder("plain"))

    return compare("P4", GOAL, stage.rows, plain, ours, warm_ups=2)
