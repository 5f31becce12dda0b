"""How many people share what is told: the figures, from rows that are told as they will be.

A group is all rows that say the same in every quasi-identifier. People are counted, never
rows; cells without a person count as one person together, because they may be. Of two
persons in a row (a couple) the smaller count holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import polars as pl

from privacy.risk.ladder import Levels, Parts, live, told

ROWS, PEOPLE, WHOLE = "_rows", "_people", "_whole"
MOST_NAMED = 64
"""People of a group that are looked at for subsets of columns: of so many or more the
exact number does not matter, and memory then depends on groups, not on people."""

LARGEST_SUBSET = 3
SIZES = (1, 2, 5, 20, 100)
"""People of a group, from so many on: the classes of the officers' chart."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one way to tell a table. `smallest`: k; shares are of the rows, 0 to 1.

    `alone`: rows whose group is one person · `average_risk`: 1 / people of the group,
    averaged over the rows (prosecutor risk); the largest is 1 / `smallest` · `by_size`:
    rows in groups of each class of SIZES.
    """

    rows: int
    groups: int
    smallest: int
    small_rows: int
    alone: float
    average_risk: float
    by_size: tuple[int, ...] = ()

    @property
    def largest_risk(self) -> float:
        return 1 / self.smallest if self.smallest else 0.0

    def body(self) -> dict[str, Any]:
        """For a receipt."""
        return {
            "rows": self.rows,
            "groups": self.groups,
            "k": self.smallest,
            "small_rows": self.small_rows,
            "alone": round(self.alone, 6),
            "average_risk": round(self.average_risk, 6),
            "largest_risk": round(self.largest_risk, 6),
            "by_size": list(self.by_size),
        }


def keys(parts: Parts, levels: Levels) -> list[str]:
    """Columns that tell groups apart; one that tells nothing where none is left."""
    return live(parts, levels) or [WHOLE]


def with_keys(rows: pl.LazyFrame, parts: Parts, levels: Levels) -> pl.LazyFrame:
    whole = [] if live(parts, levels) else [pl.lit(0, pl.Int8).alias(WHOLE)]
    return rows.with_columns(*told(parts, levels), *whole)


def groups(
    rows: pl.LazyFrame, parts: Parts, levels: Levels, once: bool = False
) -> pl.LazyFrame:
    """One row a group: its keys, ROWS and PEOPLE.

    `rows` carry the person columns (anything that is the same for the same person).
    `once`: nobody has two rows, so that counting people is counting rows.
    """
    counted = pl.len() if once else people(parts)
    return (
        with_keys(rows, parts, levels)
        .group_by(keys(parts, levels))
        .agg(pl.len().alias(ROWS), counted.alias(PEOPLE))
    )


def each_once(rows: pl.DataFrame, parts: Parts) -> bool:
    """Has every person one row, in each of the person columns?"""
    names = [item.name for item in parts.persons]
    return bool(names) and all(rows[name].n_unique() == rows.height for name in names)


def people(parts: Parts) -> pl.Expr:
    """Different people of a group; without a column that tells them apart, one."""
    counts = [pl.col(item.name).n_unique() for item in parts.persons]
    return pl.min_horizontal(*counts) if counts else pl.lit(1, pl.UInt32)


def figures(found: pl.DataFrame, at_least: int) -> Figures:
    """From the groups of a table; `at_least`: people a group needs."""
    rows, size = pl.col(ROWS), pl.col(PEOPLE)
    ends = [*SIZES[1:], None]
    classes = [
        rows.filter((size >= start) & (size < end if end else True))
        .sum()
        .alias(f"{start}")
        for start, end in zip(SIZES, ends, strict=True)
    ]
    small, risk, *by_size = found.select(
        rows.filter(size < at_least).sum().alias("small"),
        (rows / size).sum().alias("risk"),
        *classes,
    ).row(0)
    total = sum(by_size)
    return Figures(
        total,
        found.height,
        int(found[PEOPLE].min() or 0),  # type: ignore[arg-type]
        int(small),
        by_size[0] / total if total else 0.0,
        risk / total if total else 0.0,
        tuple(by_size),
    )


def named_people(
    rows: pl.LazyFrame, parts: Parts, levels: Levels
) -> list[pl.LazyFrame]:
    """Per person column the keys and up to MOST_NAMED people of every group."""
    name = [item.name for item in parts.persons]
    grouped = with_keys(rows, parts, levels).group_by(keys(parts, levels))
    return [
        grouped.agg(pl.len().alias(ROWS), pl.col(one).unique().bottom_k(MOST_NAMED))
        .explode(one)
        .rename({one: PEOPLE})
        for one in name
    ]


def subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    """Every combination of up to three columns, the smaller ones first."""
    for size in range(1, min(LARGEST_SUBSET, len(names)) + 1):
        yield from combinations(names, size)


def smallest_by_subset(
    rows: pl.LazyFrame, found: pl.DataFrame, parts: Parts, levels: Levels, once: bool
) -> dict[tuple[str, ...], int]:
    """k of every subset of the told columns; MOST_NAMED stands for so many or more.

    Of the groups `found` in `rows`: where nobody has two rows their people add up.
    """
    names = live(parts, levels)
    if once:
        people, frames = pl.col(PEOPLE).sum(), [found]
    else:
        people = pl.col(PEOPLE).n_unique()
        frames = [one.collect() for one in named_people(rows, parts, levels)]
    return {
        chosen: min(_smallest(frame, chosen, people) for frame in frames)
        for chosen in subsets(names)
        if frames
    }


def _smallest(frame: pl.DataFrame, chosen: tuple[str, ...], people: pl.Expr) -> int:
    counts = frame.lazy().group_by(chosen).agg(people)
    found = counts.select(pl.col(PEOPLE).min()).collect().item()
    return min(MOST_NAMED, int(found or 0))
