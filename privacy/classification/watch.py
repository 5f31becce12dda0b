"""What each piece of a batch shows of a column; pieces add up to the whole.

Every distinct cell is looked at, whole and for the numbers inside it, so that a kind of
number that begins to appear in one of a thousand cells is counted and not guessed. The sample
beside the counts is what the column is classified by.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from privacy.classification.forms import CELL, FORMS, PLACEHOLDER, folded
from privacy.classification.measures import lower_bound, sampled
from privacy.leak_patterns import PROVINCES, WIDE

NUMBERS = (
    "identity_number",
    "bank_card",
    "vin",
    "plate",
    "mobile",
    "landline",
    "online_account",
)
"""Classes of which one value tells something; names and places need a whole column."""

APPEARS = 0.001
"""Share of cells above which a kind of number has come into a column."""

SURE = 4.0
"""Standard deviations beyond chance: one false alarm in thirty thousand columns."""

SOME = 2_000
"""Cells by which a column is judged to repeat itself or not."""

_CELL = pl.col(CELL)
SUSPECT = rf"{WIDE}|(?:^|[^0-9０-９])[0０][1-9１-９]"
RUN = rf"[{PROVINCES}]?[0-9A-Z]+(?:[\-·.@_+%][0-9A-Z]+)*[挂学警港澳]?"


@dataclass(frozen=True, slots=True)
class Watched:
    """`cells` that are not null, a sample of the distinct ones, and per kind of number the
    cells with a candidate and with one whose check passes."""

    cells: int
    values: pl.Series
    numbers: dict[str, tuple[int, int]]


def watched(cells: pl.Series) -> Watched:
    """One piece of a column."""
    counted = _counted(cells.drop_nulls())
    suspects = counted.filter(_CELL.str.contains(SUSPECT))
    values = sampled(counted[CELL])
    return Watched(len(cells) - cells.null_count(), values, _numbers(suspects))


def _counted(cells: pl.Series) -> pl.DataFrame:
    """Cells as text and how often each occurs; where hardly one comes twice, to find that
    out would cost more than it spares."""
    first = cells.head(SOME)
    if 2 * first.n_unique() > len(first) == SOME:
        return pl.DataFrame({CELL: cells.cast(pl.String)}).with_columns(cells=1)
    found = cells.alias(CELL).value_counts(name="cells")
    return found.with_columns(_CELL.cast(pl.String))


def together(first: Watched, second: Watched) -> Watched:
    """Two pieces as one."""
    numbers = {
        name: (ours[0] + theirs[0], ours[1] + theirs[1])
        for name in NUMBERS
        if (ours := first.numbers[name]) and (theirs := second.numbers[name])
    }
    values = sampled(pl.concat([first.values, second.values]))
    return Watched(first.cells + second.cells, values, numbers)


def appearing(found: Watched) -> dict[str, int]:
    """Kinds of numbers in more cells than may be, and in how many cells at least."""
    sure = {name: _beyond_chance(name, *pair) for name, pair in found.numbers.items()}
    return {name: hits for name, hits in sure.items() if hits > APPEARS * found.cells}


def _beyond_chance(name: str, candidates: int, passed: int) -> int:
    """Cells that are surely of a class: all candidates where there is no check, else what
    is left of those that pass when chance has had its share."""
    form = FORMS[name]
    if form.passes is None:
        return candidates
    rate = lower_bound(passed, candidates, SURE)
    return max(0, round(candidates * (rate - form.chance) / (1 - form.chance)))


def _numbers(suspects: pl.DataFrame) -> dict[str, tuple[int, int]]:
    """Of distinct cells and how often each occurs."""
    if suspects.is_empty():
        return dict.fromkeys(NUMBERS, (0, 0))
    texts = suspects.select(
        pl.col("cells"), whole=folded(suspects[CELL]), place=pl.int_range(pl.len())
    ).filter(~pl.col("whole").str.contains(PLACEHOLDER))
    runs = texts.select("cells", "place", run=pl.col("whole").str.extract_all(RUN))
    parts = pl.concat(
        [
            texts.select("cells", "place", pl.col("whole").alias(CELL)),
            runs.explode("run")
            .drop_nulls()
            .select("cells", "place", pl.col("run").alias(CELL)),
        ]
    )
    return {name: _of_class(parts, name) for name in NUMBERS}


def _of_class(parts: pl.DataFrame, name: str) -> tuple[int, int]:
    form = FORMS[name]
    texts = parts.select("cells", "place", form.text.alias(CELL)).filter(form.candidate)
    if texts.is_empty():
        return 0, 0
    good = (
        form.passes(texts[CELL])
        if form.passes
        else pl.repeat(True, len(texts), eager=True)
    )
    by_cell = (
        texts.with_columns(good=good)
        .group_by("place")
        .agg(pl.col("cells").first(), pl.col("good").any())
    )
    hits = by_cell.select(
        pl.col("cells").sum(), good=pl.col("cells").filter("good").sum()
    )
    candidates, passed = hits.row(0)
    return int(candidates), int(passed)
