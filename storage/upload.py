"""Files on their way into a store: made and checked in a private folder, then put there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Upload:
    """`put` brings one file into the store, `address` is what Spark calls it there."""

    folder: Path
    delivered: Path
    put: Callable[[Path, Path], None]
    address: Callable[[Path], str]
    _kept: set[Path] = field(default_factory=set)

    def given(self, path: Path) -> str:
        target = self.delivered / path.relative_to(self.folder)
        if path not in self._kept:
            self.put(path, target)
            self._kept.add(path)
        return self.address(target)

    def keep(self) -> None:
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                self.given(path)


def sweep(scratch: Path) -> None:
    """What killed processes left: plain rows must not outlive their job."""
    for folder in scratch.iterdir():
        process = folder.name.partition(".")[0]
        if not Path("/proc", process).exists():
            shutil.rmtree(folder, ignore_errors=True)
