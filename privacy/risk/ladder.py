"""Which columns of a table matter for finding somebody again, and how less is told of them.

Every step of the ladder tells the same or less of each column, so that groups only grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from lake_config.contract import PERSONAL_NONE as NONE
from lake_config.contract import Column, Table
from privacy.column_treatment import treatment_of
from privacy.risk.rules import (
    DROPPED,
    EVENT,
    LADDER,
    PERSON,
    QUASI,
    ROLES,
    SCALES,
    SENSITIVE,
    Rung,
)
from privacy.treatments import (
    birth_decade,
    county_of,
    month,
    quarter,
    wider_band,
    year,
)

Levels = Mapping[str, str]
"""Name of a quasi-identifier to how it is told."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a table's published columns are to who tries to find somebody again.

    `persons`: the columns that tell people apart, published or not; `key`: names of those
    that together tell rows apart.
    """

    persons: tuple[Column, ...]
    quasi: tuple[Column, ...]
    sensitive: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def about_people(self) -> bool:
        """A firm alone is nobody's secret."""
        return bool(self.persons) or any(item.personal != NONE for item in self.quasi)

    @property
    def event(self) -> Column | None:
        """The column whose period a person's tokens may change with."""
        kinds = (item for item in self.quasi if item.semantic_type in EVENT)
        return next(kinds, None)


def parts_of(table: Table, purpose: str) -> Parts:
    """By semantic types alone; a contract has no say in it."""
    published = [
        item for item in table.columns if treatment_of(item, purpose).published
    ]

    def playing(part: str) -> tuple[Column, ...]:
        return tuple(item for item in published if _role(item) == part)

    return Parts(_persons(table), playing(QUASI), playing(SENSITIVE), table.primary_key)


def _role(column: Column) -> str:
    return ROLES[column.semantic_type].part


def _persons(table: Table) -> tuple[Column, ...]:
    """All columns of the surest kind: of a couple, both."""
    found = [item for item in table.columns if _role(item) == PERSON]
    ranks = [ROLES[item.semantic_type].rank for item in found]
    return tuple(
        item
        for item, rank in zip(found, ranks, strict=True)
        if rank == min(ranks)
        and item.semantic_type == found[ranks.index(rank)].semantic_type
    )


def first_levels(parts: Parts, purpose: str, floor: Levels | None = None) -> Levels:
    """As the policy treats the columns, and never finer than `floor` where it says."""
    found = {}
    for column in parts.quasi:
        decided = treatment_of(column, purpose)
        own = decided.how or decided.kind
        found[column.name] = _less(column, own, (floor or {}).get(column.name, own))
    return found


def _less(column: Column, one: str, other: str) -> str:
    """The one that tells less; a word that is not of the scale tells too much."""
    scale = SCALES[column.semantic_type]
    places = [scale.index(how) if how in scale else -1 for how in (one, other)]
    return scale[max(0, *places)]


def ladder(parts: Parts, first: Levels) -> list[Levels]:
    """All stages from `first` to nothing told, each telling less than the one before."""
    stages = [first]
    for rung in LADDER:
        for columns in _taken(rung, parts):
            now = stages[-1]
            less = {
                item.name: _less(item, now[item.name], rung.how) for item in columns
            }
            if (after := {**now, **less}) != now:
                stages.append(after)
    return stages


def _taken(rung: Rung, parts: Parts) -> Iterator[list[Column]]:
    """The columns that a rung takes at once."""
    columns = [item for item in parts.quasi if item.semantic_type in rung.kinds]
    if rung.each:
        yield from ([column] for column in reversed(columns))
    else:
        yield columns


def _nothing(cell: pl.Expr) -> pl.Expr:
    """Null, in the column's own type."""
    return pl.when(pl.lit(False)).then(cell)


COARSER: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "keep": lambda cell: cell,
    "township": lambda cell: cell,
    "county": county_of,
    "grid": lambda cell: cell,
    "age": lambda cell: cell,
    "age_band": wider_band,
    "age_decade": birth_decade,
    "day": lambda cell: cell,
    "birth_year": lambda cell: cell,
    "month": month,
    "quarter": quarter,
    "year": year,
    "birth_band": wider_band,
    "birth_decade": birth_decade,
    DROPPED: _nothing,
}
"""A cell that was treated by the policy, told with less; twice is the same as once."""


def month_told(event: pl.Expr, how: str) -> pl.Expr:
    """The month of a treated moment told in this way, or the longer time it is told as."""
    return month(COARSER[how](event))


def told(parts: Parts, levels: Levels) -> list[pl.Expr]:
    """The quasi-identifiers under their own names."""
    return [
        COARSER[levels[item.name]](pl.col(item.name)).alias(item.name)
        for item in parts.quasi
    ]


def live(parts: Parts, levels: Levels) -> list[str]:
    """Names of those that still tell something."""
    return [item.name for item in parts.quasi if levels[item.name] != DROPPED]
