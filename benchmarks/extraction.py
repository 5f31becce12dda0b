"""P9: parallel extraction in one snapshot against Spark's JDBC reader as it comes."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from benchmarks.measure import compare
from benchmarks.stage import Stage
from jobs.readers.postgresql import read_postgresql

GOAL = "baseline takes at least 2.8 times the wall time (ratio at most 0.36)"


def run(stage: Stage) -> dict[str, Any]:
    """Rows are read and thrown away; totals at the source belong to reconciliation."""
    job = stage.job(0)
    server = stage.contract.server_for(job.table, "dev")
    with ExitStack() as stack:
        extract = stack.enter_context(read_postgresql(job, server, Path()))

        def ours() -> None:
            _thrown_away(extract.frame)

        def plain() -> None:
            _thrown_away(stage.jdbc())

        return compare("P9", GOAL, stage.rows, plain, ours, warm_ups=6)


def _thrown_away(frame: DataFrame) -> None:
    frame.write.format("noop").mode("overwrite").save()
