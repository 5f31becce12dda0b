"""What a property is, and what was found when it was tried. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SHOWN = 3


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"


class DoesNotApply(Exception):
    """This store has no such thing, or this deployment does not use it; says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """So many attempts, so many as they must be; what was wrong, in a few words."""

    tried: int
    held: int
    note: str = ""

    @property
    def outcome(self) -> Outcome:
        good = self.tried > 0 and self.held == self.tried
        return Outcome.PASSED if good else Outcome.FAILED


def finding(attempts: Iterable[tuple[str, bool]], note: str = "") -> Finding:
    """From (what was tried, was it as it must be)."""
    seen = list(attempts)
    wrong = [what for what, good in seen if not good]
    more = f" 等 {len(wrong)} 项" if len(wrong) > SHOWN else ""
    told = "；".join(wrong[:SHOWN]) + more
    return Finding(len(seen), len(seen) - len(wrong), told or note)


@dataclass(frozen=True, slots=True)
class Property:
    """Something the lake relies on; `check` tries it on a place."""

    name: str
    title: str
    sentence: str
    check: Callable[[Any], Finding]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One property on one store."""

    property: Property
    outcome: Outcome
    tried: int
    held: int
    seconds: float
    note: str
