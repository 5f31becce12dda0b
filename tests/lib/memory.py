"""Resident memory of a service over time: the process and all it has started."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

Samples = list[tuple[float, int]]


def resident(process: int) -> int:
    """MB of a process and its descendants, now; what they share counts once (PSS).

    A server that forks would else be seen twice for a moment.
    """
    total = 0
    with suppress(psutil.NoSuchProcess):
        top = psutil.Process(process)
        for item in (top, *top.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += item.memory_full_info().pss
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


def drawn(samples: Samples, title: str) -> str:
    """The samples as a small SVG: minutes to the right, MB upwards from 0."""
    width, height, left, top = 640, 240, 60, 30
    end, most = samples[-1][0], max(mb for _, mb in samples)
    points = " ".join(
        f"{left + width * second / end:.1f},{top + height * (1 - mb / most):.1f}"
        for second, mb in samples
    )
    text = '<text x="{}" y="{}" font-family="sans-serif" font-size="13">{}</text>'
    words = (
        text.format(left, 20, title),
        text.format(4, top + 5, f"{most} MB"),
        text.format(4, top + height, "0 MB"),
        text.format(left + width - 50, top + height + 18, f"{end / 60:.0f} min"),
    )
    frame = f'<path d="M{left} {top}v{height}h{width}" fill="none" stroke="#888"/>'
    line = f'<polyline points="{points}" fill="none" stroke="#06c" stroke-width="1.5"/>'
    size = f'width="{left + width + 20}" height="{top + height + 30}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>\n'
        + "\n".join([frame, *words, line])
        + "\n</svg>\n"
    )
