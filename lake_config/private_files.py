"""Files that nobody but their owner may read: keys, passwords, signatures."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lake_config.errors import SettingsError

OTHERS = 0o077
"""Mode bits of group and others: nothing in a lake may have any."""


def is_private(path: Path) -> bool:
    return not stat.S_IMODE(path.stat().st_mode) & OTHERS


def read_private(path: Path) -> str:
    """Text of a file that nobody but its owner may read; refuses a wider mode."""
    if not path.is_file():
        raise SettingsError(
            f"缺少口令文件 {path.name}。请放到 {path.parent}，权限设为 0600；"
            "名字见契约或 docs/reference/settings.md。"
        )
    if not is_private(path):
        raise SettingsError(
            f"口令文件 {path.name} 他人也能读。请执行：chmod 600 {path}"
        )
    return path.read_text(encoding="utf-8")


def write_private(path: Path, content: str | bytes) -> None:
    """Write a file of mode 0600 in one step, so that it never exists wider or torn."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
