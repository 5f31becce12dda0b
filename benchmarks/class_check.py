"""P16: masking a batch while its columns' classes are checked, against masking alone."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from benchmarks.measure import compare
from benchmarks.stage import Stage
from jobs import mask
from jobs.collect import collect
from jobs.column_classes import Seen
from jobs.gate import gate
from jobs.reconcile import reconcile

GOAL = "at most 1.10 times the CPU"


def run(stage: Stage) -> dict[str, Any]:
    """Both sides mask the same delivery again and again."""
    stage.land_parents(0)
    land = stage.job(0)
    reconcile(land, collect(land))
    passed = gate(land)

    def ours() -> None:
        with patch.object(mask, "_refuse_if_done"):
            mask.mask_batch(stage.job(0, "release"), passed)

    def alone() -> None:
        with patch.object(mask, "seen", lambda *_: Seen({}, 0, None)):
            ours()

    return compare("P16", GOAL, stage.rows, alone, ours, tries=5)
