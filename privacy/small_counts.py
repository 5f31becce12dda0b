"""Counts that tell of a few people only are withheld, and so that nobody computes them.

A cell of fewer people than the policy asks for, or a sum that is mostly one person's, is
left blank. Whoever knows the totals, over any of the columns, could still subtract: so
further cells are left blank until what every total hides is two cells and enough people and
not mostly one person's, and, where there are not too many, until no blank cell follows from
all totals together. What is shown is rounded.

The same few people may stand in all cells that a total hides. Nobody is held to count them
out: at least as many people are hidden as its largest blank cell has, and of nobody is more
than the sum of the largest parts of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

PEOPLE, VALUE, LARGEST, WITHHELD = "_people", "_value", "_largest", "_withheld"
AMOUNTS, HELD = "_amounts", "_held"
DOMINANT = 0.5
"""A sum of which one person's part is larger than this is as good as theirs."""

ALMOST_NOTHING = 1e-6
"""Of amounts: halves of sums do not come out to the last digit."""

COUNT_STEP, SUM_STEP = 5, 100
"""Counts are told in fives, sums in hundreds."""

COMPUTED_UP_TO = 1_000
"""Blank cells up to which all totals together are solved; beyond it each total alone has
to hide two cells and enough people."""


@dataclass(frozen=True, slots=True)
class _Cells:
    """Of each cell: its people, all its amounts without their signs, and how much of them is
    the part of the one person with the most."""

    people: np.ndarray
    amounts: np.ndarray
    largest: np.ndarray

    @property
    def covers(self) -> np.ndarray:
        """How much of one person's own amount a cell hides beside what it hides already."""
        return DOMINANT * self.amounts - self.largest


def protected(cells: pl.DataFrame, by: list[str], at_least: int) -> pl.DataFrame:
    """`cells` with WITHHELD: one row a cell, with PEOPLE, AMOUNTS (their sum without signs),
    LARGEST (share of one person in it; both 0 where nothing is summed), and HELD where it is
    withheld whatever its size."""
    ordered = cells.sort(by, nulls_last=True)
    small = (pl.col(PEOPLE) < at_least) | (pl.col(LARGEST) > DOMINANT)
    blank = ordered.select(small | pl.col(HELD)).to_series().to_numpy().copy()
    amounts = ordered[AMOUNTS].to_numpy().astype(float)
    people = ordered[PEOPLE].to_numpy().astype(np.int64)
    measured = _Cells(people, amounts, amounts * ordered[LARGEST].to_numpy())
    totals = _totals(ordered, by)
    while (more := _more(totals, measured, blank, at_least)).size:
        blank[more] = True
    return ordered.with_columns(pl.Series(WITHHELD, blank))


def _totals(cells: pl.DataFrame, by: list[str]) -> list[np.ndarray]:
    """For every set of columns that is summed over: which total each cell is part of."""
    found = []
    for size in range(len(by) - 1, -1, -1):
        for kept in combinations(by, size):
            same = pl.struct(kept).rank("dense") if kept else pl.lit(1)
            numbers = cells.select(same.alias("total")).to_series().to_numpy()
            found.append(np.broadcast_to(numbers, cells.height).astype(np.int64))
    return found


def _more(
    totals: list[np.ndarray], cells: _Cells, blank: np.ndarray, at_least: int
) -> np.ndarray:
    """Places of cells to be left blank too, or none."""
    for total in totals:
        if (found := _partners(total, cells, blank, at_least)).size:
            return found
    if 0 < blank.sum() <= COMPUTED_UP_TO:
        return _against_solving(totals, cells.people, blank)
    return np.array([], np.int64)


def _partners(
    total: np.ndarray, cells: _Cells, blank: np.ndarray, at_least: int
) -> np.ndarray:
    """Of every total that hides too little: the shown cell of the fewest people that mends
    it; where none does alone, the one that hides most."""
    size = int(total.max(initial=0)) + 1
    number = np.bincount(total, blank, size)
    most_people = np.zeros(size, np.int64)
    np.maximum.at(most_people, total[blank], cells.people[blank])
    uncovered = -np.bincount(total, blank * cells.covers, size)
    weak = (number < 2) | (most_people < at_least) | (uncovered > ALMOST_NOTHING)
    shown = np.flatnonzero((weak & (number > 0))[total] & ~blank)
    alone = cells.covers[shown] >= uncovered[total[shown]] - ALMOST_NOTHING
    preferred = np.where(alone, cells.people[shown], -cells.covers[shown])
    best_first = shown[np.lexsort((shown, preferred, ~alone, total[shown]))]
    _, first = np.unique(total[best_first], return_index=True)
    return best_first[first]


def _against_solving(
    totals: list[np.ndarray], people: np.ndarray, blank: np.ndarray
) -> np.ndarray:
    """The smallest shown cell that shares a total with a cell that can be solved for."""
    places = np.flatnonzero(blank)
    for solved in places[solvable([total[places] for total in totals])]:
        for total in totals:
            beside = np.flatnonzero((total == total[solved]) & ~blank)
            if beside.size:
                return beside[[np.argmin(people[beside])]]
    return np.array([], np.int64)


def solvable(totals: list[np.ndarray]) -> np.ndarray:
    """Which unknowns follow from all totals: those that no solution moves."""
    rows = [
        (total == number).astype(float)
        for total in totals
        for number in np.unique(total)
    ]
    _, sizes, directions = np.linalg.svd(np.array(rows), full_matrices=True)
    rank = int((sizes > 1e-9).sum())
    return np.all(np.abs(directions[rank:]) < 1e-9, axis=0)


def shown(cells: pl.DataFrame, step: int) -> pl.DataFrame:
    """VALUE rounded to the next `step`, halves up; null where it is withheld."""
    rounded = ((pl.col(VALUE) / step + 0.5).floor() * step).cast(pl.Int64)
    told = pl.when(~pl.col(WITHHELD)).then(rounded)
    return cells.with_columns(told.alias(VALUE))
