"""P1: the whole secured path of a table against the same two hops without protection."""

from __future__ import annotations

import itertools
from typing import Any

from benchmarks.measure import compare
from benchmarks.stage import Stage
from jobs.collect import collect
from jobs.gate import gate
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.reconcile import reconcile

GOAL = "at most 2.0 times the wall time"


def run(stage: Stage) -> dict[str, Any]:
    """Extract, rules, totals, raw write, gate, masks, leak scan, publication, receipts."""
    numbers = itertools.count()
    current = [0]

    def prepare() -> None:
        current[0] = next(numbers)
        stage.land_parents(current[0])

    def secured() -> None:
        job = stage.job(current[0])
        reconcile(job, collect(job))
        publish(job, mask_batch(job, gate(job)))

    def plain() -> None:
        raw, shared = stage.folder("raw"), stage.folder("shared")
        frame = stage.jdbc(tuned=True, predicates=stage.ranges())
        frame.write.format("delta").save(str(raw))
        copy = stage.job(0).spark.read.format("delta").load(str(raw))
        copy.write.format("delta").save(str(shared))

    return compare("P1", GOAL, stage.rows, plain, secured, prepare, warm_ups=3)
