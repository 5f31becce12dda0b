"""The alert log: one JSON line per alert, what everybody who is told anything is told.

A line is appended in one write and synced; one that a killed writer tore is closed by the
next. Receivers are served from it by `./lake alerts send`, which keeps its own cursors.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Alert:
    """Names, dates and closed words; `time` is UTC in ISO form."""

    time: str
    department: str
    table: str
    date: str
    what: str
    why: str = ""
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A whole line: where it ends, and its alert, or None when it cannot be read."""

    end: int
    alert: Alert | None


def append(path: Path, alert: Alert) -> None:
    """One whole line at the end of the log."""
    line = json.dumps(asdict(alert), ensure_ascii=False).encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
        file.write(b"\n" * torn + line)
        os.fsync(file.fileno())


def entries(path: Path, start: int = 0) -> Iterator[Entry]:
    """Whole lines from a byte on; what is still being written is left for later."""
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(start)
        end = start
        for line in file:
            if not line.endswith(b"\n"):
                return
            end += len(line)
            yield Entry(end, _alert(line))


def _alert(line: bytes) -> Alert | None:
    try:
        found = json.loads(line)
        return Alert(**{str(name): str(value) for name, value in found.items()})
    except (ValueError, TypeError, AttributeError):
        return None
