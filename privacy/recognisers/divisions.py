"""The divisions of GB/T 2260 that there are or were: their codes and their names.

An identity number keeps the code of the place that gave it out, and people keep its name,
long after both have changed.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
RESIDENTS = frozenset({"810000", "820000", "830000"})
"""Hong Kong, Macao and Taiwan people with a residence permit."""


@lru_cache(maxsize=1)
def divisions() -> dict[str, str]:
    """Code to name; of a code that was given out again today's name."""
    found: dict[str, str] = {}
    for name in ("gbt2260_history.json", "gbt2260_current.json"):
        found |= json.loads((DATA / name).read_text("utf-8"))
    return found


@lru_cache(maxsize=1)
def region_codes() -> frozenset[str]:
    """Every code that may begin an identity number."""
    return frozenset(code for code in divisions() if code < "71") | RESIDENTS


@lru_cache(maxsize=1)
def province_codes() -> frozenset[str]:
    return frozenset(code[:2] for code in region_codes()) | {"71"}


@lru_cache(maxsize=1)
def _names() -> dict[str, list[str]]:
    """Names by their first two signs, the longest first; of provinces and cities short
    ones too (`绥化`)."""
    full = {name for name in divisions().values() if len(name) > 2} - {"市辖区"}
    cities = (name for code, name in divisions().items() if code.endswith("00"))
    short = {re.sub("(?:地区|省|市|盟)$", "", name) for name in cities}
    found: dict[str, list[str]] = {}
    for name in sorted(full | short, key=len, reverse=True):
        found.setdefault(name[:2], []).append(name)
    return found


def named(text: str) -> list[tuple[int, int]]:
    """Starts and ends of the divisions that a text names."""
    names, found, place = _names(), [], 0
    while place < len(text):
        fitting = names.get(text[place : place + 2], ())
        name = next((name for name in fitting if text.startswith(name, place)), "")
        if name:
            found.append((place, place + len(name)))
        place += len(name) or 1
    return found
