"""The townships and streets of the city's counties, as the stored list names them.

A closed list of public names (README.md says whose), so that a place can be told down to
a township without copying a word of what somebody wrote.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path


@lru_cache(maxsize=1)
def townships() -> dict[str, list[str]]:
    """Names per county code, in the list's order."""
    found: dict[str, list[str]] = {}
    path = Path(__file__).with_name("streets.csv")
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["areaCode"], []).append(row["name"])
    return found
