"""What is true of a table as a whole: its level, and whether it tells of children.

Law: take the higher level; what is derived is graded by what it is made of (GB/T 43697-2024).
Data of persons under 14 is sensitive and needs rules of its own (PIPL Art. 28, 31).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lake_config.contract import (
    CLASSIFICATIONS,
    PERSONAL_GENERAL,
    PERSONAL_NONE,
    PERSONAL_SENSITIVE,
    Table,
)

UNDER_14 = "under14"
PERSONAL = (PERSONAL_NONE, PERSONAL_GENERAL, PERSONAL_SENSITIVE, UNDER_14)
"""What a table says of persons, the least first."""

YEARS = 14


@dataclass(frozen=True, slots=True)
class Tags:
    """`level` of GB/T 43697, `personal` of PERSONAL."""

    level: str
    personal: str


def tags_of(table: Table, children: int = 0) -> Tags:
    """Those of a delivered table: the highest of its columns, and never below its own.

    `children` counts rows about persons under 14 in its latest batch.
    """
    levels = [table.classification, *(item.classification for item in table.columns)]
    personal = [item.personal for item in table.columns]
    tagged = [UNDER_14] if children or table.minors else []
    return Tags(
        _highest(CLASSIFICATIONS, levels), _highest(PERSONAL, personal + tagged)
    )


def inherited(inputs: Iterable[Tags], own: Tags | None = None) -> Tags:
    """Those of a derived table: the highest of all it is made of, whatever it says itself."""
    every = [*inputs, *([own] if own else [])]
    return Tags(
        _highest(CLASSIFICATIONS, [item.level for item in every]),
        _highest(PERSONAL, [item.personal for item in every]),
    )


def _highest(scale: tuple[str, ...], found: Iterable[str]) -> str:
    """A word that is not on the scale is above all of it."""
    known = [scale.index(word) if word in scale else len(scale) for word in found]
    place = max(known, default=0)
    return scale[min(place, len(scale) - 1)]


def fourteen_years_before(day: date) -> date:
    """Who was born later is under 14 on `day`; who has the 14th birthday is not."""
    try:
        return day.replace(year=day.year - YEARS)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - YEARS, day=28)
