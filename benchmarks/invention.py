"""The simulation by itself: all departments' rows, time and peak memory."""

from __future__ import annotations

import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.measure import facts
from benchmarks.stage import FIRST_DAY
from lake_config.contract_loader import load_contracts
from lake_config.settings import load
from simulation.city import simulate

CITY = 3_760_000
"""People of all Suihua."""
GOAL = f"{CITY:,} persons in under 3 GiB and an hour"


def run(persons: int) -> dict[str, Any]:
    """A quarter of the persons and all of them, each in a process of its own."""
    small, large = _alone(persons // 4), _alone(persons)
    found = {
        name: f"{small[name]:,} -> {large[name]:,} (x {large[name] / small[name]:.2f})"
        for name in large
    }
    minutes = large["CPU seconds"] / persons * CITY / 60
    if persons < CITY:
        found[f"on paper for {CITY:,} persons"] = f"{minutes:.0f} CPU minutes"
    return facts("simulation", GOAL, persons, found)


def _alone(persons: int) -> dict[str, float]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, persons).result()


def _measured(persons: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="lake-people-") as home:
        settings = load({"LAKE_HOME": home})
        contracts = load_contracts(settings.contracts)
        wall, cpu = time.monotonic(), time.process_time()
        simulate(settings.layers, contracts, persons, 1, FIRST_DAY, lambda _: None)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        size = sum(path.stat().st_size for path in Path(home).rglob("*.parquet"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "persons": persons,
        "wall seconds": round(wall, 1),
        "CPU seconds": round(cpu, 1),
        "peak MiB": round(peak),
        "MB written": round(size / 1e6),
    }
