"""The ledger: an append-only hash chain in one file, written under a lock.

`append` returns once the entry is durable, or raises LedgerUnwritable and nothing counts
as having happened. There is no function that changes or removes an entry. Readers need no
lock: the signed head tells how far the file is to be believed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.chain import (
    START,
    BadPlace,
    Position,
    lacks_line_end,
    only_torn,
    recovery,
    signed,
)
from audit.events import ORIGIN, Event, Json, make
from audit.index import Place, event_at, index_of
from audit.signed_head import (
    Head,
    names_entries,
    private_key,
    read_head,
    sync_folder,
    write_head,
    write_key,
    write_public,
)
from lake_config.errors import LedgerBroken, LedgerUnwritable
from lake_config.layers import Layers
from lake_config.settings import Settings

EVENTS = "events.jsonl"
LOCK = ".lock"
SIGNING_KEY = "ledger_signing.key"
PUBLIC_KEY = "ledger_public.pem"
KEY_LOST = "账本还在，但签名密钥不见了。请从备份恢复密钥。"
BEYOND = "\U0010ffff"
"""No subject goes on with this character."""


class Ledger:
    """One open ledger. Several processes may append; each append takes the lock."""

    def __init__(self, layers: Layers) -> None:
        self.file = layers.ledger / EVENTS
        self._lock = layers.ledger / LOCK
        self._head = layers.ledger_head
        self._key = private_key(layers.keys / SIGNING_KEY)
        self._index = index_of(self.file, layers.ledger_index)

    def append(
        self,
        kind: str,
        actor: str,
        subject: str,
        body: Json,
        unless: Callable[[], None] | None = None,
    ) -> Event:
        """Make one event durable and return it.

        `unless` is asked under the lock, when no other event can come in between: where
        it raises, nothing is written.
        """
        try:
            with _locked(self._lock):
                end = self._settled()
                refusal = _raised_by(unless)
                if refusal is None:
                    return self._write(end, kind, actor, subject, body)
        except OSError as error:
            raise LedgerUnwritable(
                f"审计账本写不进去（{error.strerror}），因此本次操作没有进行。"
                f"请检查 {self.file.parent} 的空间和权限。"
            ) from None
        raise refusal

    def events(self, *kinds: str) -> Iterator[Event]:
        """Entries in order: those of some kinds, by the index, or else every one.

        BadPlace as soon as one does not fit the chain; trust what was read only when
        the iteration came to its end.
        """
        if not kinds:
            return self._all()
        self._caught_up()
        found = (self._index.places(kind, "", BEYOND) for kind in kinds)
        return self._read(sorted(place for places in found for place in places))

    def newest(self, kind: str, subject: str) -> Iterator[Event]:
        """Entries of one kind about exactly this subject, the latest first."""
        self._caught_up()
        return self._read(self._index.places(kind, subject, subject))

    def newest_under(self, kind: str, prefix: str) -> Iterator[Event]:
        """Entries of one kind whose subject begins with `prefix`, the latest first."""
        self._caught_up()
        return self._read(self._index.places(kind, prefix, prefix + BEYOND))

    def settled_bytes(self) -> int:
        """So far the file is durable and will never change."""
        with _locked(self._lock):
            return self._settled().offset

    def _all(self) -> Iterator[Event]:
        head = self._signed_head()
        with self.file.open("rb") as file:
            for entry in signed(file, START, head):
                yield entry.event

    def _read(self, places: list[Place]) -> Iterator[Event]:
        return (event_at(self.file, place) for place in places)

    def _caught_up(self) -> tuple[Head, Position]:
        return self._index.catch_up(self._signed_head, self._key)

    def _signed_head(self) -> Head:
        try:
            return read_head(self._head, self._key.public_key())
        except ValueError:
            raise LedgerBroken(
                "账本的签名头缺失或被改动，已停止。请执行 ./lake verify 查明。"
            ) from None

    def _write(
        self,
        end: Position,
        kind: str,
        actor: str,
        subject: str,
        body: Json,
        before: bytes = b"",
    ) -> Event:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        event = make(end.size, now, kind, actor, subject, body, end.digest)
        size, digest = end.size + 1, event.digest
        write_head(self._head, Head(end.size, end.digest, size, digest), self._key)
        self._put(before + event.line() + b"\n")
        write_head(self._head, Head(size, digest, size, digest), self._key)
        return event

    def _put(self, content: bytes) -> None:
        """Append and sync; what was half written is cut off again where that can be."""
        handle = os.open(self.file, os.O_WRONLY | os.O_APPEND)
        try:
            size = os.fstat(handle).st_size
            try:
                while content:
                    content = content[os.write(handle, content) :]
                os.fsync(handle)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(handle, size)
                raise
        finally:
            os.close(handle)

    def _settled(self) -> Position:
        """The end of the chain, after what a killed writer left was put in order."""
        head, end = self._caught_up()
        rest = self._after(end)
        if rest or end.size > head.size:
            # Nothing may be signed for that a power cut could still take away.
            self._put(b"")
        if not rest:
            return end
        return self._mended(head, end, rest)

    def _mended(self, head: Head, end: Position, rest: bytes) -> Position:
        """A pending entry that lacks its line end gets it; torn bytes are described."""
        writing = end.size < head.pending_size
        if writing and lacks_line_end(rest, head):
            self._put(b"\n")
        elif writing and only_torn(rest):
            body = recovery(end.offset, rest)
            self._write(end, "recovered", "ledger", "ledger", body, before=b"\n")
        else:
            raise BadPlace(end.size, end.offset, "末尾被添加。")
        return self._settled()

    def _after(self, end: Position) -> bytes:
        with self.file.open("rb") as file:
            file.seek(end.offset)
            return file.read()


def _raised_by(question: Callable[[], None] | None) -> Exception | None:
    """An error of the question's own must not pass for one of the ledger's."""
    try:
        if question:
            question()
    except Exception as refusal:
        return refusal
    return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def init_ledger(settings: Settings) -> Ledger:
    """Make the ledger and its keys on first use; an existing one is just opened.

    The signing key comes last: without it nothing can ever have been recorded, so that
    a beginning cut short may be begun again, and a lost ledger never is.
    """
    layers = settings.layers
    layers.ledger.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(layers.ledger / LOCK):
        if not _has_key(layers):
            _begin(layers)
    return open_ledger(settings)


def _begin(layers: Layers) -> None:
    if _recorded(layers):
        raise LedgerBroken(KEY_LOST)
    key = Ed25519PrivateKey.generate()
    (layers.ledger / EVENTS).touch(mode=0o600)
    write_public(layers.state / PUBLIC_KEY, key)
    write_head(layers.ledger_head, Head(0, ORIGIN, 0, ORIGIN), key)
    for folder in (layers.ledger, layers.home):
        sync_folder(folder)
    write_key(layers.keys / SIGNING_KEY, key)
    sync_folder(layers.home)


def open_ledger(settings: Settings) -> Ledger:
    """The existing ledger; LedgerBroken when there is none."""
    layers = settings.layers
    if not has_begun(layers):
        raise LedgerBroken(
            f"{layers.ledger} 里没有审计账本。新建的数据湖请先执行 ./lake init。"
        )
    if not _has_key(layers):
        raise LedgerBroken(KEY_LOST)
    if not (layers.ledger / EVENTS).exists():
        raise LedgerBroken("签名密钥还在，但账本不见了。请从备份恢复账本，不要新建。")
    return Ledger(layers)


def has_begun(layers: Layers) -> bool:
    """Is there, or was there, a ledger? Not where its very first making was cut short."""
    return _has_key(layers) or _recorded(layers)


def _has_key(layers: Layers) -> bool:
    return (layers.keys / SIGNING_KEY).exists()


def _recorded(layers: Layers) -> bool:
    """Is there an entry, or the head's word that there was one?"""
    events = layers.ledger / EVENTS
    held = events.exists() and events.stat().st_size > 0
    return held or names_entries(layers.ledger_head)
