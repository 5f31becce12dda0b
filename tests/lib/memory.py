"""Resident memory of a service over time: the process and all it has started."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

Samples = list[tuple[float, int]]


def resident(process: int) -> int:
    """MB of a process and its descendants, now."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(process)
        for item in (top, *top.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += item.memory_info().rss
    return total >> 20


@contextmanager
def sampled(process: int, every: float) -> Iterator[Samples]:
    """(seconds since the start, MB), growing while the block runs."""
    samples: Samples = []
    over, began = threading.Event(), time.monotonic()

    def sample() -> None:
        while not over.wait(every):
            samples.append((round(time.monotonic() - began, 1), resident(process)))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        over.set()
        thread.join()
