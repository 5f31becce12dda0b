"""P4: the raw write with every row rule judged, against the same write without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from benchmarks.measure import compare
from benchmarks.stage import Stage
from jobs.collect import collect
from jobs.committed_rows import committed_rows
from jobs.landing import raw_rows, write_once
from jobs.steps import Collected
from quality.frames import collected
from quality.row_rules import row_violations
from quality.suite import rules_for

GOAL = "at most 1.25 times the wall time"


def run(stage: Stage) -> dict[str, Any]:
    """Both sides read landed rows and write them as the landing does; ours reads them back."""
    job = stage.job(0)
    collect(job)
    landed_at = Collected.load(job).raw(job)
    rules = rules_for(job.contract, job.table)

    def landed() -> DataFrame:
        return job.spark.read.format("delta").load(stage.address(landed_at))

    def plain() -> Path:
        path = stage.folder("landed")
        write_once(raw_rows(job, landed()), stage.address(path))
        return path

    def ours() -> None:
        collected(row_violations(job.table, rules, committed_rows(job.store, plain())))

    return compare("P4", GOAL, stage.rows, plain, ours, warm_ups=3)
