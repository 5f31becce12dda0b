"""What each receiver has been sent: one cursor per receiver into the alert log.

A cursor moves on only after the receiver has taken the line, under a lock of its own, so
that two senders never send the same line and a slow receiver holds up no other. Who is
killed between the two sends that one line again: rather twice than never.
"""

from __future__ import annotations

import fcntl
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jobs.alert_log import Alert, Entry, entries
from lake_config.digests import sm3
from lake_config.settings import Settings, write_private

Send = Callable[[str, Alert | None], bool]
"""(address, alert, or None for a line nobody can read): has it been taken?"""

NEWCOMERS = timedelta(hours=24)
"""A receiver entered just now is sent the last day, not the years before."""

DONE, FAILING, BUSY, SLOW = "done", "failing", "busy", "slow"


@dataclass(slots=True)
class Delivery:
    """What one run did for one receiver; `outstanding` lines are left for the next."""

    sent: int = 0
    outstanding: int = 0
    state: str = SLOW


def deliver(
    settings: Settings, addresses: list[str], send: Send, seconds: float
) -> list[Delivery]:
    """Send every receiver what it lacks, all at once; give up after so many seconds.

    A receiver that has not answered by then counts as slow. Its thread ends with the
    process, or when the receiver answers at last.
    """
    found = [Delivery() for _ in addresses]
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(
            target=_serve, args=(settings, address, send, delivery, until), daemon=True
        )
        for address, delivery in zip(addresses, found, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    for address, delivery in zip(addresses, found, strict=True):
        delivery.outstanding = outstanding(settings, address)
    return found


def outstanding(settings: Settings, address: str) -> int:
    """How many lines this receiver has not taken yet."""
    cursor = _cursor(settings, address)
    return sum(1 for _ in _waiting(settings, cursor))


def _serve(
    settings: Settings, address: str, send: Send, delivery: Delivery, until: float
) -> None:
    cursor = _cursor(settings, address)
    with _alone(cursor) as alone:
        if not alone:
            delivery.state = BUSY
            return
        for entry in _waiting(settings, cursor):
            if time.monotonic() > until:
                return
            if not send(address, entry.alert):
                delivery.state = FAILING
                return
            write_private(cursor, json.dumps({"end": entry.end}))
            delivery.sent += 1
        delivery.state = DONE


def _waiting(settings: Settings, cursor: Path) -> Iterator[Entry]:
    """Lines after the cursor; for a newcomer, or a log begun anew, those of late."""
    log, end = settings.layers.alerts, _end(cursor)
    if end is not None and log.exists() and end <= log.stat().st_size:
        yield from entries(log, end)
        return
    since = (datetime.now(UTC) - NEWCOMERS).isoformat(timespec="seconds")
    for entry in entries(log):
        if entry.alert is None or entry.alert.time >= since:
            yield entry


def _end(cursor: Path) -> int | None:
    try:
        return int(json.loads(cursor.read_text("utf-8"))["end"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None


def _cursor(settings: Settings, address: str) -> Path:
    """Named by the address's digest: the address itself is a secret."""
    return settings.layers.state / "alerts_sent" / f"{sm3(address.encode())[:32]}.json"


@contextmanager
def _alone(cursor: Path) -> Iterator[bool]:
    """The receiver's lock; False when somebody else is sending to it."""
    cursor.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with cursor.with_suffix(".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
