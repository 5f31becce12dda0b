"""Where an unexpected error happened, without what it said: messages may quote cells."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path


def write_report(logs: Path, error: Exception) -> Path:
    """Write error class, file, line and function of each frame; returns the file."""
    logs.mkdir(parents=True, exist_ok=True)
    path = logs / f"crash-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]
    path.write_text("\n".join([type(error).__name__, *lines]) + "\n", encoding="utf-8")
    return path
