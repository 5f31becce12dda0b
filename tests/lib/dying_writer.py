"""A ledger whose writer dies after so many steps, and a disk that forgets what was not synced.

A step is one byte written to the ledger's file, one sync, or one head put in its place.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from audit import ledger as module
from audit.index import event_at, index_of
from audit.ledger import EVENTS, Ledger, open_ledger
from lake_config.settings import Settings

EVENT = {"department": "d", "table": "t", "date": "2026-01-01", "what": "x"}
FOR_EVER = 1 << 30


class Killed(BaseException):
    """Not an OSError: nothing in the product may catch it and clean up."""


def die() -> None:
    raise Killed


@dataclass
class Writer:
    """Stands in for `os` inside audit.ledger, and counts."""

    steps: int = FOR_EVER
    durable: int = 0
    end: Callable[[], None] = die

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def write(self, handle: int, content: bytes) -> int:
        written = os.write(handle, content[: self.steps])
        self.steps -= written
        if written < len(content):
            self.end()
        return written

    def fsync(self, handle: int) -> None:
        self.step()
        self.durable = os.fstat(handle).st_size

    def step(self) -> None:
        if not self.steps:
            self.end()
        self.steps -= 1


class Disk:
    """One lake's ledger files, and the writer that works on them."""

    def __init__(self, settings: Settings, patch: pytest.MonkeyPatch) -> None:
        self.settings, self.writer = settings, Writer()
        self.file = settings.layers.ledger / EVENTS
        self.head = settings.layers.ledger_head
        write_head = module.write_head

        def counted(*arguments: Any) -> None:
            self.writer.step()
            write_head(*arguments)

        patch.setattr(module, "os", self.writer)
        patch.setattr(module, "write_head", counted)
        patch.setattr(os, "fsync", lambda handle: None)

    def kept(self) -> tuple[bytes, bytes]:
        return self.file.read_bytes(), self.head.read_bytes()

    def put_back(self, kept: tuple[bytes, bytes]) -> None:
        self.file.write_bytes(kept[0])
        self.head.write_bytes(kept[1])
        self.writer.durable = len(kept[0])

    def append(self, subject: str, steps: int = FOR_EVER) -> int | None:
        """In a new process; the steps it took, or None when it was killed."""
        self.writer.steps = steps
        try:
            self.ledger().append("alert", "tests", subject, EVENT)
        except Killed:
            return None
        return steps - self.writer.steps

    def power_cut(self, share: float) -> None:
        """Of the bytes that were not synced only the first part is left."""
        size = self.file.stat().st_size
        left = self.writer.durable + int((size - self.writer.durable) * share)
        os.truncate(self.file, min(size, left))

    def ledger(self) -> Ledger:
        """As a new process sees it."""
        forget()
        return open_ledger(self.settings)


def forget() -> None:
    """Nothing this process knew of any ledger is left."""
    index_of.cache_clear()
    event_at.cache_clear()
