"""P16: masking a batch while its columns' classes are checked, against masking alone."""

from __future__ import annotations

import itertools
from typing import Any
from unittest.mock import patch

from benchmarks.measure import compare
from benchmarks.stage import Stage
from jobs import mask
from jobs.collect import collect
from jobs.column_classes import Seen
from jobs.gate import gate
from jobs.reconcile import reconcile
from jobs.steps import Gated

GOAL = "at most 1.10 times the CPU"


def run(stage: Stage) -> dict[str, Any]:
    """Each side masks a delivery of its own that has passed the gate off the clock."""
    numbers = itertools.count()
    gated: list[tuple[int, Gated]] = []

    def prepare() -> None:
        number = next(numbers)
        stage.land_parents(number)
        land = stage.job(number)
        reconcile(land, collect(land))
        gated[:] = [(number, gate(land))]

    def ours() -> None:
        [(number, passed)] = gated
        mask.mask_batch(stage.job(number, "release"), passed)

    def alone() -> None:
        with patch.object(mask, "seen", lambda *_: Seen({}, 0, None)):
            ours()

    return compare("P16", GOAL, stage.rows, alone, ours, prepare)
