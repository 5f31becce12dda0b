"""Who may do what in which zone: one store account per duty, and nothing broader.

The one table from which accounts and their policies are made (storage/accounts.py), and
which tests hold against every pair of duty and zone.
"""

from __future__ import annotations

from enum import StrEnum


class Duty(StrEnum):
    """One account of the store each."""

    COLLECTOR = "collector"
    MASKER = "masker"
    PUBLISHER = "publisher"
    SHARING = "sharing"
    AUDITOR = "auditor"
    KEEPER = "keeper"
    RETENTION = "retention"


class Right(StrEnum):
    """Reading includes listing; writing never includes deleting."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"


RAW, STAGING, SHARED, LEDGER = "raw", "staging", "shared", "ledger"
ZONES = (RAW, STAGING, SHARED, LEDGER)
DEPARTMENT_ZONES = (RAW, STAGING, SHARED)
"""Each department has a bucket of its own there (law.md L65)."""

_READ, _WRITE = frozenset({Right.READ}), frozenset({Right.READ, Right.WRITE})
_ALL = frozenset(Right)

RIGHTS: dict[Duty, dict[str, frozenset[Right]]] = {
    # The gate keeps its list of broken rows beside the batch it judged.
    Duty.COLLECTOR: {RAW: _WRITE},
    # What the leak scan refuses must go at once; staging is its own scratch.
    Duty.MASKER: {RAW: _READ, STAGING: _ALL},
    Duty.PUBLISHER: {STAGING: _READ, SHARED: _WRITE},
    Duty.SHARING: {SHARED: _READ},
    Duty.AUDITOR: {LEDGER: _READ},
    # What it writes is locked at once: not even it can take a copy back.
    Duty.KEEPER: {LEDGER: _WRITE},
    Duty.RETENTION: {RAW: _ALL, STAGING: _ALL, SHARED: _ALL},
}


def may(duty: Duty, zone: str, right: Right) -> bool:
    return right in RIGHTS[duty].get(zone, frozenset())
