"""P4: landing with every row rule judged, against the same landing without."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.measure import compare
from benchmarks.stage import Stage
from jobs.collect import raw_rows, write_once
from jobs.committed_rows import committed_rows
from jobs.readers.postgresql import read_postgresql
from quality.frames import collected
from quality.row_rules import row_violations
from quality.suite import rules_for

GOAL = "at most 1.25 times the wall time"


def run(stage: Stage) -> dict[str, Any]:
    """Both sides write rows of the source; ours reads back what it committed."""
    job = stage.job(0)
    server = stage.contract.server_for(job.table, "dev")
    rules = rules_for(job.contract, job.table)
    with ExitStack() as stack:
        extract = stack.enter_context(read_postgresql(job, server, Path()))

        def plain() -> Path:
            path = stage.folder("landed")
            write_once(raw_rows(job, extract.frame), path)
            return path

        def ours() -> None:
            collected(row_violations(job.table, rules, committed_rows(plain())))

        return compare("P4", GOAL, stage.rows, plain, ours, warm_ups=3)
