"""What a lake must do, as plain dictionaries: which rows may be read, after any order of steps.

Knows deliveries by day and number; no file, no ledger, no clock. Each method says how the
step ends (`done`, `nothing` or `refused`) and changes what is remembered.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

DONE, NOTHING, REFUSED = "done", "nothing", "refused"
Content = tuple[str, ...]
KEPT = 2
"""Newest publications, and newest collected days, that retention never ends."""


@dataclass(eq=False)
class Attempt:
    """A delivery as it was taken from the source, and how far it came."""

    day: int
    content: Content
    reconciled: bool = False
    gone: bool = False
    """Retention has ended it."""
    name: str = ""
    """What the lake calls it."""


@dataclass(frozen=True)
class Verdict:
    attempt: Attempt
    good: bool
    against: int
    """How many publications there were."""


@dataclass
class Model:
    """Of one table."""

    down: float
    up: float
    kept_days: int
    source: dict[int, Content] = field(default_factory=dict)
    landed: dict[int, Attempt] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    published: list[Attempt] = field(default_factory=list)
    redelivered: Counter[int] = field(default_factory=Counter)
    leases: int = 0

    def collect(self, day: int, read: Content | None = None) -> str:
        """`read` is what was taken from the source, unless it is taken now."""
        if day in self.landed:
            return NOTHING
        if day not in self.source:
            return REFUSED
        self.landed[day] = Attempt(day, read or self.source[day])
        self.attempts.append(self.landed[day])
        return DONE

    def land(self, day: int, read: Content | None = None) -> str:
        if self.collect(day, read) == REFUSED:
            return REFUSED
        attempt = self.landed[day]
        if attempt.reconciled:
            return NOTHING
        if attempt.gone:
            del self.landed[day]
            return REFUSED
        attempt.reconciled = True
        return DONE

    def redeliver(self, day: int) -> str:
        if self.landed.pop(day, None) is None:
            return NOTHING
        self.redelivered[day] += 1
        return DONE

    def gate(self, day: int) -> str:
        attempt = self.landed.get(day)
        if attempt is None or not attempt.reconciled:
            return REFUSED
        before = self.verdicts.get(day)
        said = before and before.good and before.attempt is attempt
        now = before and before.against == len(self.published) and not attempt.gone
        if said and (now or self.is_published(attempt)):
            return NOTHING
        if attempt.gone:
            return REFUSED
        good = self._in_band(attempt.content)
        self.verdicts[day] = Verdict(attempt, good, len(self.published))
        return DONE if good else REFUSED

    def release(self, day: int) -> str:
        attempt = self.landed.get(day)
        if attempt and self._last_of(day) is attempt and self._judged(day):
            return NOTHING
        if not self.may_publish(day):
            return REFUSED
        assert attempt is not None
        self.leases += 1
        self.published.append(attempt)
        return DONE

    def may_publish(self, day: int) -> bool:
        """Judged good against what is read now, and nothing newer is read."""
        attempt = self.landed.get(day)
        if attempt is None or attempt.gone or not self._judged(day):
            return False
        newest = self.published[-1].day if self.published else day
        against = self.verdicts[day].against == len(self.published)
        return newest <= day and against

    def retain(self, today: int) -> str:
        for attempt in self.due(today):
            attempt.gone = True
        self.leases += 1
        return DONE

    def due(self, today: int) -> list[Attempt]:
        """Old ones, but for those of the newest days, and the one people read."""
        here = [attempt for attempt in self.attempts if not attempt.gone]
        newest = sorted({attempt.day for attempt in here})[-KEPT:]
        return [
            attempt
            for attempt in here
            if today - attempt.day > self.kept_days
            and attempt.day not in newest
            and attempt not in self.published[-1:]
        ]

    def is_published(self, attempt: Attempt) -> bool:
        return attempt in self.published

    def _judged(self, day: int) -> bool:
        verdict = self.verdicts.get(day)
        return bool(
            verdict and verdict.good and verdict.attempt is self.landed.get(day)
        )

    def _last_of(self, day: int) -> Attempt | None:
        return next((each for each in self.published[::-1] if each.day == day), None)

    def _in_band(self, content: Content) -> bool:
        """One more row of each delivery lies in quarantine."""
        if not self.published:
            return True
        rows, before = len(content) + 1, len(self.published[-1].content) + 1
        return before * (1 - self.down) <= rows <= before * (1 + self.up)
