"""Counts that tell of a few people only are withheld, and so that nobody computes them.

A cell of fewer people than the policy asks for, or a sum that is mostly one person's, is
left blank. Whoever knows the totals, over any of the columns, could still subtract: so
further cells are left blank until every total hides at least two cells and enough people,
and until no blank cell follows from all totals together. What is shown is rounded.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import polars as pl

PEOPLE, VALUE, LARGEST, WITHHELD = "_people", "_value", "_largest", "_withheld"
DOMINANT = 0.5
"""A sum of which one person's part is larger than this is as good as theirs."""

COUNT_STEP, SUM_STEP = 5, 100
"""Counts are told in fives, sums in hundreds."""

COMPUTED_UP_TO = 1_000
"""Blank cells up to which all totals together are solved; beyond it each total alone has
to hide two cells and enough people."""


def protected(cells: pl.DataFrame, by: list[str], at_least: int) -> pl.DataFrame:
    """`cells` with WITHHELD: one row a cell, with PEOPLE, and LARGEST (share of one person
    in the cell's sum, 0 where nothing is summed)."""
    ordered = cells.sort(by, nulls_last=True)
    small = (pl.col(PEOPLE) < at_least) | (pl.col(LARGEST) > DOMINANT)
    blank = ordered.select(small).to_series().to_numpy().copy()
    people = ordered[PEOPLE].to_numpy().astype(np.int64)
    totals = _totals(ordered, by)
    while (more := _more(totals, people, blank, at_least)).size:
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
    totals: list[np.ndarray], people: np.ndarray, blank: np.ndarray, at_least: int
) -> np.ndarray:
    """Places of cells to be left blank too, or none."""
    for total in totals:
        if (found := _partners(total, people, blank, at_least)).size:
            return found
    if 0 < blank.sum() <= COMPUTED_UP_TO:
        return _against_solving(totals, people, blank)
    return np.array([], np.int64)


def _partners(
    total: np.ndarray, people: np.ndarray, blank: np.ndarray, at_least: int
) -> np.ndarray:
    """Of every total that hides too little: its shown cell of the fewest people."""
    size = int(total.max(initial=0)) + 1
    number = np.bincount(total, blank, size)
    hidden = np.bincount(total, blank * people, size)
    weak = (number > 0) & ((number < 2) | (hidden < at_least))
    shown = np.flatnonzero(weak[total] & ~blank)
    smallest_first = shown[np.lexsort((shown, people[shown], total[shown]))]
    _, first = np.unique(total[smallest_first], return_index=True)
    return smallest_first[first]


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
