"""One name for exactly these bytes, as receipts carry it.

Over contents alone, whatever the files are called, so that whoever holds a published
version can work it out again.
"""

from __future__ import annotations

from typing import Any

from audit.events import canonical
from lake_config.digests import sm3

Files = list[dict[str, Any]]
CONTENT = ("rows", "sha256", "size")


def files_digest(files: Files) -> str:
    contents = ({name: file[name] for name in CONTENT} for file in files)
    return sm3(canonical({"files": sorted(contents, key=canonical)}))
