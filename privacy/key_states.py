"""Versions of the keys of one scope: what the ledger says of each, and what may follow.

A scope is whose data is masked for whom, or a linkage group. The ledger is the only record
of versions; the secrets are files (keys.py), and a file that the ledger does not vouch for
opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from audit.events import Event
from audit.ledger import Ledger

CHANGED = "key_version"
PREPARING, CURRENT, RETIRED = "preparing", "current", "retired"
DESTROYING, DESTROYED = "destroying", "destroyed"
WORDS = {
    PREPARING: "准备中",
    CURRENT: "现行",
    RETIRED: "已轮换",
    DESTROYING: "销毁中",
    DESTROYED: "已销毁",
}
AFTER = {
    PREPARING: {CURRENT, DESTROYING},
    CURRENT: {RETIRED, DESTROYING},
    RETIRED: {DESTROYING},
    DESTROYING: {DESTROYED},
    DESTROYED: set(),
}
"""State to those that may follow it. `retired` has no event of its own: it is what a
current version becomes in the moment its successor is current."""
LIVE = (CURRENT, RETIRED)
"""Of these a key can be derived: masking takes the current one, nothing else does new
work under a retired one."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version; `check` tells its secret from any other, and tells nothing of it."""

    number: int
    algorithm: str
    state: str
    check: str = ""
    since: str = ""

    @property
    def live(self) -> bool:
        return self.state in LIVE


FIRST = Version(1, "sm3", CURRENT)


def versions(ledger: Ledger, scope: str) -> dict[int, Version]:
    """All versions of one scope that there ever were, by number."""
    return folded(reversed(list(ledger.newest(CHANGED, scope))))


def folded(events: Iterable[Event]) -> dict[int, Version]:
    """What a scope's events amount to, the earliest first."""
    found: dict[int, Version] = {}
    for event in events:
        body = event.body
        if body["state"] == CURRENT:
            found = {number: _retired(it, event) for number, it in found.items()}
        facts = (body["algorithm"], body["state"], body["check"], event.time)
        found[body["version"]] = Version(body["version"], *facts)
    return found


def _retired(version: Version, by: Event) -> Version:
    if version.state != CURRENT:
        return version
    return replace(version, state=RETIRED, since=by.time)


def current(ledger: Ledger, scope: str) -> Version | None:
    """The version that masking takes."""
    found = versions(ledger, scope).values()
    return next((it for it in found if it.state == CURRENT), None)


def scopes(ledger: Ledger) -> tuple[str, ...]:
    """Every scope that has or had keys."""
    return tuple(sorted({event.subject for event in ledger.events(CHANGED)}))
