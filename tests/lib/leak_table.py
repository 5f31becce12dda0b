"""docs/reference/leak_paths.md as rows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lake_config.settings import ROOT

PAGE = ROOT / "docs" / "reference" / "leak_paths.md"
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class LeakPath:
    """One way out: the containers it is planted in, and what the page says of it."""

    name: str
    way: str
    planted: tuple[str, ...]
    watched: str

    @property
    def tests(self) -> list[str]:
        return re.findall(r"`(tests/[\w/]+\.py)`", self.watched)


def leak_paths() -> tuple[LeakPath, ...]:
    lines = re.findall(r"^\| (L\d+ .*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return tuple(_path(*line.split(" | ")) for line in lines)


def _path(name: str, way: str, planted: str, watched: str) -> LeakPath:
    sought = () if planted == NOTHING else tuple(planted.split(", "))
    return LeakPath(name, way, sought, watched)
