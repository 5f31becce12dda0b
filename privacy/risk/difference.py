"""Two versions of a table for the same readers: who is told of by their difference alone.

Who holds both sees which people came and went between them, whatever k each version has:
their tokens, or those of their rows, are in one and not in the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

WHO, PEOPLE = "_who", "_people"


@dataclass(frozen=True, slots=True)
class Difference:
    """`came`, `went`: people (or rows, where people have no lasting token) that one version
    has and the other has not. `exposed`: those of them in a group of which fewer than k
    came, or fewer than k went."""

    came: int
    went: int
    exposed: int

    def small(self, at_least: int) -> bool:
        """Is all that differs about fewer people than a group must have?"""
        return 0 < self.came + self.went < at_least

    def body(self, at_least: int) -> dict[str, Any]:
        return {
            "came": self.came,
            "went": self.went,
            "exposed": self.exposed,
            "small": self.small(at_least),
        }


def difference(
    before: pl.LazyFrame, after: pl.LazyFrame, who: str, keys: list[str], at_least: int
) -> Difference:
    """`who`: a column of lasting tokens; `keys`: the quasi-identifiers that are told."""
    came, came_few = _only_in(after, before, who, keys, at_least)
    went, went_few = _only_in(before, after, who, keys, at_least)
    return Difference(came, went, came_few + went_few)


def _only_in(
    one: pl.LazyFrame, other: pl.LazyFrame, who: str, keys: list[str], at_least: int
) -> tuple[int, int]:
    """People of one version whom the other lacks, and how many of them in small groups."""
    number = pl.col(who).hash().alias(WHO)
    known = other.select(number).unique()
    new = one.select(*keys, number).join(known, on=WHO, how="anti").unique()
    groups = new.group_by(keys or [pl.lit(0)]).agg(pl.col(WHO).n_unique().alias(PEOPLE))
    people = new.select(pl.col(WHO).n_unique())
    few = groups.filter(pl.col(PEOPLE) < at_least).select(pl.col(PEOPLE).sum())
    return int(people.collect().item()), int(few.collect().item() or 0)
