"""A small disk (tmpfs) below one folder of a lake, and how to fill it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

FILLER = ".filler"
PAGE = 4096


@contextmanager
def small_disk(place: Path, megabytes: int = 8) -> Iterator[None]:
    """Mounted over what lies there, which is carried over; root may do so."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    assert not any(place.iterdir()), place
    size = f"size={megabytes}m,mode=700"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place])
    if mounted.returncode:
        pytest.skip("nothing may be mounted here, so no disk can be filled")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def free(place: Path) -> int:
    return os.statvfs(place).f_bavail * PAGE


@contextmanager
def full(place: Path, room: int) -> Iterator[None]:
    """So many bytes are left while it lasts."""
    filler = place / FILLER
    with filler.open("wb", buffering=0) as file:
        while (left := free(place) - room) > 0:
            file.write(bytes(min(left, 1 << 20)))
    try:
        yield
    finally:
        filler.unlink()
