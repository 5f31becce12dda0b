"""The lease on a shared table: one publisher at a time, and a stale one is refused.

A lease is a numbered object that only its first writer can create, so tokens rise and no
object is ever overwritten. Who comes after a dead or late holder creates the next number;
from then on the earlier holder is fenced: it is asked for its number again before its
commit, and, under the ledger's lock, before its receipt.
"""

from __future__ import annotations

import json
import os
import random
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lake_config.errors import LakeError, TableBusy
from storage.store import Store

LEASE_SECONDS = 60.0
POLL_SECONDS = 0.2
DIGITS = 12
FREED = ".freed"


@dataclass
class Lease:
    """The right to publish one table until somebody else takes the next number."""

    store: Store
    folder: Path
    seconds: float
    token: int = 0
    until: float = 0.0

    def take(self) -> bool:
        """Create the next number where the last holder is gone; False when it is not."""
        token, holder = self._newest()
        if holder is not None and not _gone(holder):
            return False
        return self._create(token + 1)

    def keep(self) -> None:
        """Go on holding it; TableBusy when the next number is somebody else's."""
        self.confirm()
        late = time.time() > self.until - self.seconds / 2
        if late and not self._create(self.token + 1):
            raise _fenced(self.folder.name)

    def confirm(self) -> None:
        """TableBusy when a later number was taken; time alone fences nobody."""
        newest, _ = self._newest()
        if newest != self.token:
            raise _fenced(self.folder.name)

    def free(self) -> None:
        self.store.create(self._path(self.token, FREED), b"")

    def _create(self, token: int) -> bool:
        until = time.time() + self.seconds
        content = json.dumps({**_myself(), "until": until}).encode()
        if not self.store.create(self._path(token), content):
            return False
        self.token, self.until = token, until
        return True

    def _path(self, token: int, end: str = "") -> Path:
        return self.folder / f"{token:0{DIGITS}d}{end}"

    def _newest(self) -> tuple[int, dict[str, Any] | None]:
        """The highest number and its holder; None when it was freed, or there is none."""
        names = {path.name for path in self.store.files(self.folder)}
        tokens = [int(name) for name in names if name.isdigit()]
        if not tokens:
            return 0, None
        token = max(tokens)
        path = self._path(token)
        if path.name + FREED in names:
            return token, None
        try:
            return token, json.loads(self.store.read(path))
        except ValueError:
            return token, None  # its writer died over it


@contextmanager
def lease(
    store: Store, folder: Path, seconds: float = LEASE_SECONDS
) -> Iterator[Lease]:
    """Hold the table; waits for a holder that lives, at most as long as a lease lasts."""
    held = Lease(store, folder, seconds)
    patience = time.monotonic() + seconds + 5
    while not held.take():
        if time.monotonic() > patience:
            raise TableBusy(
                f"{folder.name}：另一个发布作业正占用这张表，稍后会自动重试。"
            )
        time.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
    try:
        yield held
    finally:
        with suppress(LakeError, OSError):
            held.free()  # else it runs out by itself


def _fenced(name: str) -> TableBusy:
    return TableBusy(
        f"{name}：占用已过期并被接管，本次操作作废，已发布的版本不受影响，稍后会自动重试。"
    )


def _myself() -> dict[str, Any]:
    return {
        "host": _host(),
        "process": os.getpid(),
        "started": _started(os.getpid()),
    }


def _gone(holder: dict[str, Any]) -> bool:
    """Its time is over, or it ran on this machine and its process is dead."""
    if time.time() > holder["until"]:
        return True
    return (
        holder["host"] == _host() and _started(holder["process"]) != holder["started"]
    )


def _host() -> str:
    """This machine since it was started, and this view of its processes."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    if not boot.exists():
        return socket.gethostname()
    return f"{boot.read_text('utf-8').strip()} {os.readlink('/proc/self/ns/pid')}"


def _started(process: int) -> str | None:
    """When a process began, which tells it from a later one of the same number."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text("utf-8")
    except OSError:
        return None
    state, *facts = stat.rpartition(")")[2].split()
    return None if state == "Z" else facts[18]
