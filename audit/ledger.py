"""The ledger: an append-only hash chain in one file, written under a lock.

`append` returns once the entry is durable, or raises LedgerUnwritable and nothing counts
as having happened. There is no function that changes or removes an entry.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from audit.events import ORIGIN, Event, Json, make, parse, sm3
from audit.signed_head import (
    Head,
    make_key,
    private_key,
    public_key,
    read_head,
    write_head,
)
from lake_config.errors import LedgerBroken, LedgerUnwritable
from lake_config.settings import Settings

EVENTS = "events.jsonl"
SIGNING_KEY = "ledger_signing.key"
PUBLIC_KEY = "ledger_public.pem"


class Ledger:
    """One open ledger. Several processes may append; each append takes the lock."""

    def __init__(
        self, folder: Path, head: Path, signing_key: Path, public: Path
    ) -> None:
        self.file = folder / EVENTS
        self._lock = folder / ".lock"
        self._head = head
        self._key = private_key(signing_key)
        self._public = public_key(public.read_bytes())

    def append(self, kind: str, actor: str, subject: str, body: Json) -> Event:
        """Make one event durable and return it."""
        try:
            with self._locked():
                head = self._settled()
                return self._write(head, kind, actor, subject, body)
        except OSError as error:
            raise LedgerUnwritable(
                f"审计账本写不进去（{error.strerror}），因此本次操作没有进行。"
                f"请检查 {self.file.parent} 的空间和权限。"
            ) from None

    def events(self) -> Iterator[Event]:
        """Every entry in order; torn lines that a recovery describes are passed over."""
        with self.file.open("rb") as file:
            for line in file:
                try:
                    yield parse(line.rstrip(b"\n"))
                except (ValueError, TypeError):
                    continue

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(
        self, head: Head, kind: str, actor: str, subject: str, body: Json
    ) -> Event:
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        event = make(head.size, now, kind, actor, subject, body, head.digest)
        ahead = Head(head.size, head.digest, head.size + 1, event.digest)
        write_head(self._head, ahead, self._key)
        self._put(event.line() + b"\n")
        done = Head(head.size + 1, event.digest, head.size + 1, event.digest)
        write_head(self._head, done, self._key)
        return event

    def _put(self, content: bytes) -> None:
        """Append and sync; what was half written is cut off again."""
        with self.file.open("ab") as file:
            before = file.seek(0, os.SEEK_END)
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), before)
                raise

    def _settled(self) -> Head:
        """The head after whatever a killed writer left behind was put in order."""
        try:
            head = read_head(self._head, self._public)
        except ValueError:
            raise LedgerBroken(
                "账本的签名头缺失或被改动，已停止写入。请执行 ./lake verify 查明。"
            ) from None
        tail = self._tail()
        if tail.torn:
            return self._recover(self._matching(head, tail.last), tail)
        return self._matching(head, tail.last)

    def _matching(self, head: Head, last: Event | None) -> Head:
        """Did the pending entry land? Anything but yes or no is a broken ledger."""
        size, digest = (0, ORIGIN) if last is None else (last.index + 1, last.digest)
        if (size, digest) == (head.size, head.digest):
            return Head(size, digest, size, digest)
        if (size, digest) == (head.pending_size, head.pending_digest):
            return Head(size, digest, size, digest)
        raise LedgerBroken(
            f"账本末尾（第 {size} 条）与签名头（第 {head.size} 条）不符，已停止写入。"
            "请执行 ./lake verify 查明。"
        )

    def _recover(self, head: Head, tail: Tail) -> Head:
        """Close a torn line and describe it, so that verification knows exactly it."""
        self._put(b"\n")
        body = {"offset": tail.offset, "length": len(tail.torn), "torn": sm3(tail.torn)}
        event = self._write(head, "recovered", "ledger", "ledger", body)
        return Head(event.index + 1, event.digest, event.index + 1, event.digest)

    def _tail(self) -> Tail:
        """The last whole entry and the torn bytes after it, read from the end."""
        content, start = _last_bytes(self.file)
        lines = content.split(b"\n")
        torn = lines.pop()
        last = next((event for event in map(_try, reversed(lines)) if event), None)
        return Tail(last, torn, start + len(content) - len(torn))


class Tail:
    """End of the file: last whole entry, torn bytes, and where those begin."""

    def __init__(self, last: Event | None, torn: bytes, offset: int) -> None:
        self.last = last
        self.torn = torn
        self.offset = offset


def _try(line: bytes) -> Event | None:
    try:
        return parse(line)
    except (ValueError, TypeError):
        return None


def _last_bytes(path: Path, size: int = 1 << 19) -> tuple[bytes, int]:
    with path.open("rb") as file:
        start = max(0, file.seek(0, os.SEEK_END) - size)
        file.seek(start)
        return file.read(), start


def init_ledger(settings: Settings) -> Ledger:
    """Make the ledger and its keys on first use; an existing one is just opened."""
    layers = settings.layers
    if not (layers.keys / SIGNING_KEY).exists():
        if layers.ledger.exists() and any(layers.ledger.iterdir()):
            raise LedgerBroken("账本还在，但签名密钥不见了。请从备份恢复密钥。")
        make_key(layers.keys / SIGNING_KEY, layers.state / PUBLIC_KEY)
        layers.ledger.mkdir(parents=True, exist_ok=True, mode=0o700)
        (layers.ledger / EVENTS).touch(mode=0o600)
        empty = Head(0, ORIGIN, 0, ORIGIN)
        write_head(layers.ledger_head, empty, private_key(layers.keys / SIGNING_KEY))
    return open_ledger(settings)


def open_ledger(settings: Settings) -> Ledger:
    """The existing ledger; LedgerBroken when there is none."""
    layers = settings.layers
    if not (layers.ledger / EVENTS).exists():
        raise LedgerBroken(
            f"{layers.ledger} 里没有审计账本。新建的数据湖请先执行 ./lake init。"
        )
    return Ledger(
        layers.ledger,
        layers.ledger_head,
        layers.keys / SIGNING_KEY,
        layers.state / PUBLIC_KEY,
    )
