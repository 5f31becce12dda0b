"""Folders in which services still write: what goes away while it is looked for is gone.

`Path.rglob` fails over a folder that is removed before it is listed.
"""

from __future__ import annotations

import os
from pathlib import Path


def below(folder: Path) -> list[Path]:
    """Every folder and file under it, sorted; links to folders are not followed."""
    found = [
        Path(place) / name
        for place, folders, files in os.walk(folder)
        for name in (*folders, *files)
    ]
    return sorted(found)


def content_of(path: Path) -> bytes | None:
    """What a file holds; None for a folder, and for what is gone by now."""
    try:
        return path.read_bytes() if path.is_file() else None
    except FileNotFoundError:
        return None
