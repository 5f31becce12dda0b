"""Who knows every total of a table and subtracts: in plain Python, with exact fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations

Cell = tuple[object, ...]


def totals_of(cells: Sequence[Cell]) -> list[set[Cell]]:
    """For every set of columns that is summed over, the cells of each total."""
    found = []
    width = len(cells[0]) if cells else 0
    for size in range(width):
        for kept in combinations(range(width), size):
            groups: dict[Cell, set[Cell]] = {}
            for cell in cells:
                groups.setdefault(tuple(cell[place] for place in kept), set()).add(cell)
            found += groups.values()
    return found


def computed(counts: Mapping[Cell, int], blank: Sequence[Cell]) -> dict[Cell, Fraction]:
    """The blank cells that follow from all totals and the cells that are shown."""
    rows = []
    for total in totals_of(list(counts)):
        known = sum(counts[cell] for cell in total) - sum(
            counts[cell] for cell in total if cell not in blank
        )
        rows.append([Fraction(cell in total) for cell in blank] + [Fraction(known)])
    reduced = _reduced(rows, len(blank))
    found = {}
    for row in reduced:
        places = [place for place, factor in enumerate(row[:-1]) if factor]
        if len(places) == 1:
            found[blank[places[0]]] = row[-1]
    return found


def _reduced(rows: list[list[Fraction]], width: int) -> list[list[Fraction]]:
    """Gauss and Jordan: every unknown that is fixed has a row of its own in the end."""
    rows, done = [row[:] for row in rows], 0
    for place in range(width):
        pivot = next((at for at in range(done, len(rows)) if rows[at][place]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        factor = rows[done][place]
        rows[done] = [value / factor for value in rows[done]]
        for at, row in enumerate(rows):
            if at != done and row[place]:
                times = row[place]
                rows[at] = [
                    one - times * other
                    for one, other in zip(row, rows[done], strict=True)
                ]
        done += 1
    return rows[:done]
