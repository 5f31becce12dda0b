"""How often one address, or one person, may ask; kept in memory alone."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Lock

PER_SECOND = 20
PER_MINUTE = 600
MANY = 10_000
"""Above so many keys those that were quiet for a minute are forgotten."""


class Throttle:
    """Lets each key through 20 times in any second and 600 times in any minute."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: dict[str, deque[float]] = {}
        self._lock = Lock()

    def allows(self, key: str) -> bool:
        """Whether this request may go on; if so it counts."""
        with self._lock:
            now = self._clock()
            if len(self._times) > MANY:
                self._forget_before(now - 60)
            times = self._times.setdefault(key, deque(maxlen=PER_MINUTE))
            if _full(times, PER_SECOND, now - 1) or _full(times, PER_MINUTE, now - 60):
                return False
            times.append(now)
            return True

    def _forget_before(self, moment: float) -> None:
        living = {
            key: times for key, times in self._times.items() if times[-1] > moment
        }
        self._times = living


def _full(times: deque[float], limit: int, since: float) -> bool:
    return len(times) >= limit and times[-limit] > since
