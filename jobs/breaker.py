"""When is a source left alone? The rules of the circuit breaker, without a clock or a file.

Closed: everybody may try. After THRESHOLD failures in a row it is open: nobody asks until
`until`. Then it is half open: one probe may, while others wait. A probe that fails opens it
for longer; any answer of the source closes it. Times are seconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

THRESHOLD = 3
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 1_800.0
JITTER = 0.2
"""Up to this share of a pause is left out, so that departments do not come back at once."""


class Phase(Enum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Pass(Enum):
    """What somebody who wants to try is told."""

    GO = "go"
    PROBE = "probe"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row; `opened` times in a row, 0 while closed."""

    failures: int = 0
    opened: int = 0
    until: float = 0.0


def phase(breaker: Breaker, now: float) -> Phase:
    """A pause longer than the longest is no pause of ours: a clock was set back."""
    if not breaker.opened:
        return Phase.CLOSED
    waits = 0 < breaker.until - now <= LONGEST_PAUSE
    return Phase.OPEN if waits else Phase.HALF_OPEN


def may_try(breaker: Breaker, now: float, probing: bool) -> Pass:
    """`probing`: is somebody's probe under way?"""
    found = phase(breaker, now)
    if found is Phase.CLOSED:
        return Pass.GO
    return Pass.PROBE if found is Phase.HALF_OPEN and not probing else Pass.WAIT


def failed(breaker: Breaker, now: float, probe: bool, share: float) -> Breaker:
    """After a failure of the source's; `share` (0 to 1) of the jitter is left out.

    Somebody who set out before it opened, and fails now, tells nothing new.
    """
    if breaker.opened and not probe:
        return breaker
    counted = replace(breaker, failures=breaker.failures + 1)
    if counted.failures < THRESHOLD:
        return counted
    opened = breaker.opened + 1
    return replace(counted, opened=opened, until=now + pause(opened, share))


def pause(opened: int, share: float) -> float:
    """Doubles each time up to the longest; no jitter makes it shorter than the last."""
    doubled = FIRST_PAUSE * 2.0 ** min(opened - 1, 16)
    return min(LONGEST_PAUSE, doubled) * (1 - JITTER * share)


def tried_now(breaker: Breaker, now: float) -> Breaker:
    """Somebody who knows that the source is back waits no longer: one probe may try."""
    return replace(breaker, until=now) if breaker.opened else breaker


def answered(breaker: Breaker) -> Breaker:
    """The source answered, whatever it said."""
    return Breaker()
