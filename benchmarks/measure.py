"""Two ways of doing the same, side by side in one process: A B A B A B, medians.

Wall time, and CPU seconds of the whole process tree as a second witness (performance.md).
A ratio counts; absolute seconds are those of one machine on one day.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Any

PAGE = os.sysconf("SC_PAGE_SIZE")
TICK = os.sysconf("SC_CLK_TCK")
PACKAGES = ("pyspark", "delta-spark", "deltalake", "pyarrow", "great-expectations")
HIGHEST_LOAD = 4.5
HIGHEST_DRIFT = 0.30

Side = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Run:
    wall: float
    cpu: float
    load: float


def compare(
    name: str,
    goal: str,
    rows: int,
    baseline: Side,
    ours: Side,
    prepare: Side = lambda: None,
    warm_ups: int = 1,
    tries: int = 3,
) -> dict[str, Any]:
    """Both sides' medians and runs; `prepare` comes before each run, off the clock."""
    for side in (baseline, ours) * warm_ups:
        _timed(side, prepare)
    runs: dict[str, list[Run]] = {"baseline": [], "ours": []}
    for _ in range(tries):
        runs["baseline"].append(_timed(baseline, prepare))
        runs["ours"].append(_timed(ours, prepare))
    return result(name, goal, rows, runs)


def result(
    name: str, goal: str, rows: int, runs: dict[str, list[Run]]
) -> dict[str, Any]:
    """What is printed and kept; `repeat` says that the machine was too busy to judge."""
    medians = {side: _medians(found) for side, found in runs.items()}
    walls = [run.wall for run in runs["baseline"]]
    drift = (max(walls) - min(walls)) / medians["baseline"]["wall_seconds"]
    load = max(run.load for found in runs.values() for run in found)
    return {
        "benchmark": name,
        "goal": goal,
        "rows": rows,
        "ratio_wall": _ratio(medians, "wall_seconds"),
        "ratio_cpu": _ratio(medians, "cpu_seconds"),
        **medians,
        "runs": {
            side: [[round(run.wall, 2), round(run.cpu, 2)] for run in found]
            for side, found in runs.items()
        },
        "highest_load": load,
        "baseline_drift": round(drift, 2),
        "repeat": load > HIGHEST_LOAD or drift > HIGHEST_DRIFT,
        "environment": environment(),
    }


def facts(name: str, goal: str, size: int, found: dict[str, Any]) -> dict[str, Any]:
    """The result of a benchmark that has no other side to be held against."""
    return {
        "benchmark": name,
        "goal": goal,
        "rows": size,
        "facts": found,
        "highest_load": os.getloadavg()[0],
        "environment": environment(),
    }


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Highest resident memory of the process tree in MiB, looked at twice a second."""
    peak, over = [0.0], Event()

    def look() -> None:
        while not over.wait(0.5):
            peak[0] = max(peak[0], resident_mebibytes())

    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(look)
        try:
            yield peak
        finally:
            over.set()
            looking.result()


def resident_mebibytes() -> float:
    """Of this process and all its living children; pages they share count once each
    for whoever maps them (PSS is dearer to read than what it would tell)."""
    pages = [_pages(pid) for pid in _tree(dict(_processes()))]
    return sum(pages) * PAGE / 2**20


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0


def environment() -> dict[str, Any]:
    return {
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


def _medians(runs: Iterable[Run]) -> dict[str, float]:
    runs = list(runs)
    return {
        "wall_seconds": round(statistics.median(run.wall for run in runs), 2),
        "cpu_seconds": round(statistics.median(run.cpu for run in runs), 2),
    }


def _ratio(medians: dict[str, dict[str, float]], clock: str) -> float:
    return round(medians["ours"][clock] / medians["baseline"][clock], 2)


def _timed(side: Side, prepare: Side) -> Run:
    prepare()
    cpu, wall = cpu_seconds(), time.monotonic()
    side()
    taken = time.monotonic() - wall
    return Run(taken, cpu_seconds() - cpu, os.getloadavg()[0])


def cpu_seconds() -> float:
    """User and system time of this process and all its living and ended children."""
    processes = dict(_processes())
    return sum(processes[pid][1] for pid in _tree(processes)) / TICK


def _tree(processes: dict[int, tuple[int, int]]) -> set[int]:
    mine: set[int] = set()
    found = {os.getpid()}
    while found:
        mine |= found
        found = {pid for pid, (parent, _) in processes.items() if parent in mine} - mine
    return mine & set(processes)


def _processes() -> Iterable[tuple[int, tuple[int, int]]]:
    """Process number to its parent's and its clock ticks."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        yield int(path.parent.name), (int(fields[1]), sum(map(int, fields[11:15])))
