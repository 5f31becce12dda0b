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

GOAL = "at most 1.6 times the wall time"


def run(stage: Stage) -> dict[str, Any]:
    """Extract, rules, totals, raw write, gate, masks, leak scan, publication, receipts."""
    numbers = itertools.count()
    current = [0]

    def prepare() -> None:
        current[0] = next(numbers)
        stage.land_parents(current[0])

    return compare(
        "P1",
        GOAL,
        stage.rows,
        lambda: unprotected(stage),
        lambda: secured(stage, current[0]),
        prepare,
        warm_ups=3,
    )


def secured(stage: Stage, number: int) -> None:
    """One delivery of the big table from its source to the shared zone."""
    land, release = stage.job(number), stage.job(number, "release")
    reconcile(land, collect(land))
    publish(release, mask_batch(release, gate(land)))


def unprotected(stage: Stage) -> None:
    """The same two hops as a careful engineer writes them."""
    raw, shared = (stage.address(stage.folder(name)) for name in ("raw", "shared"))
    frame = stage.jdbc(tuned=True, predicates=stage.ranges())
    frame.write.format("delta").save(raw)
    copy = stage.job(0).spark.read.format("delta").load(raw)
    copy.write.format("delta").save(shared)
