"""A new file in a folder that somebody else controls: no link in there is followed.

The file has a fresh name, and it gets that name only when it is whole and durable.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from lake_config.errors import AccessDenied

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


@contextmanager
def new_file(root: Path, folder: Path, name: str) -> Iterator[IO[str]]:
    """`folder`/`name` below `root`, our own, for writing; a torn one leaves nothing."""
    torn = f".{secrets.token_hex(8)}.part"
    place = _opened(root, folder)
    try:
        handle = os.open(torn, NEW_FILE, 0o600, dir_fd=place)
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(torn, name, src_dir_fd=place, dst_dir_fd=place)
        os.fsync(place)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(torn, dir_fd=place)
        raise
    finally:
        os.close(place)


def _opened(root: Path, folder: Path) -> int:
    """The folder, entered step by step from `root`; steps that are missing are made."""
    place = os.open(root, FOLDER)
    for step in folder.relative_to(root).parts:
        above = place
        try:
            place = _entered(above, step)
        except OSError:
            raise AccessDenied(
                f"{folder} 不是普通目录（或其上级是链接），不往里写。"
                "请改回真正的目录后重新执行。"
            ) from None
        finally:
            os.close(above)
    return place


def _entered(above: int, step: str) -> int:
    with suppress(FileExistsError):
        os.mkdir(step, 0o700, dir_fd=above)
    return os.open(step, FOLDER, dir_fd=above)
