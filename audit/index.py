"""Where the entries about something stand: a projection of the ledger, never the truth.

It can be dropped at any time and is rebuilt from the ledger's file. What is found through it
is read from that file again, and its digest compared. Each process keeps one in memory and
reads only what was appended; a copy signed with the ledger's key spares the next process the
beginning (docs/adr/0008-ledger-projection.md).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import RLock
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.chain import START, BadPlace, Entry, Position, event_in, signed
from audit.events import Event, canonical
from audit.signed_head import Head
from lake_config.settings import write_private

FORM = b"ledger index 1"
SAVE_EVERY = 10_000
TABLE = """
create table entries (
    kind text, subject text, position integer, start integer, digest blob,
    primary key (kind, subject, position)
) without rowid
"""
INSERT = "insert into entries values (?, ?, ?, ?, ?)"
PLACES = """
select position, start, digest from entries
where kind = ? and subject between ? and ? order by position desc
"""


class Place(NamedTuple):
    """The number of an entry, the byte where its line begins, and its digest."""

    entry: int
    start: int
    digest: bytes


class Index:
    """One ledger's projection in this process; threads take turns."""

    def __init__(self, events: Path, saved: Path) -> None:
        self._events, self._saved = events, saved
        self._lock = RLock()
        self._forget()

    def catch_up(
        self, head: Callable[[], Head], key: Ed25519PrivateKey
    ) -> tuple[Head, Position]:
        """Read what was appended, up to what the head names; BadPlace if it is broken.

        The head is read after the lock is taken, so that it is never older than what
        is known already. A projection that contradicts the file is thrown away.
        """
        with self._lock:
            found = head()
            if self._end == START:
                self._load(key)
            try:
                self._read(found)
            except BadPlace:
                if self._end == START:
                    raise
                self._forget()
                self._read(found)
            self._save(key)
            return found, self._end

    def places(self, kind: str, low: str, high: str) -> list[Place]:
        """The entries of one kind about the subjects from `low` to `high`, latest first."""
        with self._lock:
            rows = self._rows.execute(PLACES, (kind, low, high))
            return [Place(*row) for row in rows]

    def _forget(self) -> None:
        self._rows = sqlite3.connect(":memory:", check_same_thread=False)
        self._rows.execute(TABLE)
        self._end, self._saved_size = START, 0

    def _read(self, head: Head) -> None:
        end = self._end
        with self._events.open("rb") as file, self._rows:
            for entry in signed(file, end, head):
                self._rows.execute(INSERT, _row(entry))
                end = entry.end
        self._end = end

    def _save(self, key: Ed25519PrivateKey) -> None:
        """Leave a signed copy now and then; a lake without room for it works as well."""
        if self._end.size < self._saved_size + SAVE_EVERY:
            return
        about = canonical(self._end._asdict())
        content = b"\n".join((FORM, about, self._rows.serialize()))
        signature = key.sign(content).hex().encode()
        with suppress(OSError):
            write_private(self._saved, signature + b"\n" + content)
        self._saved_size = self._end.size

    def _load(self, key: Ed25519PrivateKey) -> None:
        """The saved copy, when it is there and signed; otherwise begin at the beginning."""
        try:
            signature, content = self._saved.read_bytes().split(b"\n", 1)
            key.public_key().verify(bytes.fromhex(signature.decode()), content)
            form, about, rows = content.split(b"\n", 2)
        except (OSError, ValueError, InvalidSignature):
            return
        if form == FORM:
            self._rows.deserialize(rows)
            self._end = Position(**json.loads(about))
            self._saved_size = self._end.size


def _row(entry: Entry) -> tuple[str, str, int, int, bytes]:
    event, digest = entry.event, bytes.fromhex(entry.event.digest)
    return event.kind, event.subject, event.index, entry.start, digest


@lru_cache(maxsize=16)
def index_of(events: Path, saved: Path) -> Index:
    """The projection this process keeps of a ledger."""
    return Index(events, saved)


@lru_cache(maxsize=10_000)
def event_at(events: Path, place: Place) -> Event:
    """The event that stands there, read from the ledger's file; BadPlace if it does not."""
    with events.open("rb") as file:
        file.seek(place.start)
        event = event_in(file.readline().removesuffix(b"\n"))
    if event is None or event.digest != place.digest.hex():
        raise BadPlace(place.entry, place.start, "条目内容被改动。")
    return event
