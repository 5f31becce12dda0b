"""C18: full loads one after the other, with rows and bytes per second while they run."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

from benchmarks.measure import cpu_seconds, facts, peak_memory, resident_mebibytes
from benchmarks.secured_path import secured
from benchmarks.stage import MEMORY, Stage

GOAL = f"10 million rows on two cores within {MEMORY} of heap, three times in a row"
LOADS = 3
EVERY_SECONDS = 10.0


def run(stage: Stage) -> dict[str, Any]:
    """Each from the source to the shared zone; a load that fails ends the benchmark."""
    found: dict[str, Any] = {"heap": MEMORY}
    with peak_memory() as peak:
        for number in range(LOADS):
            stage.land_parents(number)
            began, cpu = time.monotonic(), cpu_seconds()
            with _shown(stage, f"load {number + 1}"):
                secured(stage, number)
            took = time.monotonic() - began
            found[f"load {number + 1}"] = (
                f"{took:.0f} s, {cpu_seconds() - cpu:.0f} CPU-s, "
                f"{stage.rows / took:,.0f} rows/s"
            )
    found["peak MiB of all processes"] = round(peak[0])
    return facts("C18", GOAL, stage.rows, found)


@contextmanager
def _shown(stage: Stage, name: str) -> Iterator[None]:
    """A line on stderr every ten seconds: what Spark's running stages have moved."""
    over = Event()

    def show() -> None:
        before, began = (0, 0), time.monotonic()
        while not over.wait(EVERY_SECONDS):
            now = _moved(stage)
            rows, size = (
                max(0, new - old) / EVERY_SECONDS
                for new, old in zip(now, before, strict=True)
            )
            before = now
            print(
                f"{name} {time.monotonic() - began:6.0f} s: {rows:10,.0f} rows/s "
                f"{size / 1e6:7.1f} MB/s written, {resident_mebibytes():,.0f} MiB",
                file=sys.stderr,
                flush=True,
            )

    with ThreadPoolExecutor(1) as pool:
        showing = pool.submit(show)
        try:
            yield
        finally:
            over.set()
            showing.result()


def _moved(stage: Stage) -> tuple[int, int]:
    """Records read and bytes written by the stages that run now, as of Spark's last
    heartbeat; nothing while polars works."""
    context: Any = stage.job(0).spark.sparkContext
    stages = context._jsc.sc().statusStore().activeStages()
    running = [stages.apply(place) for place in range(stages.size())]
    return (
        sum(item.inputRecords() for item in running),
        sum(item.outputBytes() for item in running),
    )
