"""P11: four times the rows through the whole secured path: time and peak memory.

Each size in a process of its own, so that neither inherits the other's memory.
"""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from benchmarks.measure import cpu_seconds, facts, peak_memory
from benchmarks.secured_path import secured
from benchmarks.stage import Stage, stage

GOAL = "4 times the rows: at most 4.4 times the time, 1.2 times the peak memory"
RUNS = 2


def run(rows: int) -> dict[str, Any]:
    """`rows` and a quarter of it."""
    small, large = (_alone(size) for size in (rows // 4, rows))
    found = {
        name: f"{small[name]} -> {large[name]} (x {large[name] / small[name]:.2f})"
        for name in small
    }
    return facts("P11", GOAL, int(large["rows"]), found)


def _alone(rows: int) -> dict[str, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, rows).result()


def _measured(rows: int) -> dict[str, float]:
    """Medians; the first run warms the JVM, off the clock."""
    with stage(rows) as made:
        _timed(made, 0)
        with peak_memory() as peak:
            runs = [_timed(made, number) for number in range(1, RUNS + 1)]
    walls, cpus = zip(*runs, strict=True)
    return {
        "rows": made.rows,
        "wall seconds": round(statistics.median(walls), 1),
        "CPU seconds": round(statistics.median(cpus), 1),
        "peak MiB of all processes": round(peak[0]),
    }


def _timed(made: Stage, number: int) -> tuple[float, float]:
    made.land_parents(number)
    wall, cpu = time.monotonic(), cpu_seconds()
    secured(made, number)
    return time.monotonic() - wall, cpu_seconds() - cpu
