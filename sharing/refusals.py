"""Refused requests in the ledger: the first at once, those that follow by their number.

Whoever asks for nothing but refusals must not make the ledger grow with every request.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from threading import Lock

from audit.ledger import open_ledger
from lake_config.errors import LakeError
from lake_config.settings import Settings

NOBODY = "?"
SECONDS = 60
Kind = tuple[str, str, str]


class Refusals:
    """Counts refusals by person, reason and source address."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._further: dict[Kind, int] = {}
        self._lock = Lock()

    def note(self, person: str, reason: str, source: str) -> None:
        """Durable before the answer when it is the first of its kind in this minute."""
        kind = (person, reason, source)
        with self._lock:
            if kind in self._further:
                self._further[kind] += 1
            else:
                self._write(kind, 1)
                self._further[kind] = 0

    def write_counts(self) -> None:
        """One event per kind that was repeated; from here on a new minute counts."""
        with self._lock:
            for kind, count in list(self._further.items()):
                if count:
                    self._write(kind, count)
                del self._further[kind]

    async def write_every_minute(self) -> None:
        """Until cancelled; what the ledger does not take now is kept for the next time."""
        while True:
            await asyncio.sleep(SECONDS)
            with suppress(LakeError):
                await asyncio.to_thread(self.write_counts)

    def _write(self, kind: Kind, count: int) -> None:
        person, reason, source = kind
        body = {
            "person": person,
            "table": NOBODY,
            "reason": reason,
            "request": secrets.token_hex(8),
            "source": source,
            "count": count,
        }
        ledger = open_ledger(self._settings)
        ledger.append("read_refused", person, NOBODY, body)
