"""Does a group tell a sensitive value of all its people? Then the value is left blank there.

Different values of a group are counted (l); where too much would be blank, the column is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from lake_config.contract import Column
from privacy.risk.ladder import Levels, Parts
from privacy.risk.measure import ROWS, keys
from privacy.risk.rules import ROLES, UNTOLD_AT_MOST

UNTOLD = "_untold_"


@dataclass(frozen=True, slots=True)
class Diversity:
    """Of a sensitive column: the fewest different values of a group (l), the largest share
    of one value in a group, the rows whose value is left blank, and whether all are."""

    needed: int
    fewest: int
    largest_share: float
    untold_rows: int
    dropped: bool

    def body(self) -> dict[str, Any]:
        return {
            "needed": self.needed,
            "l": self.fewest,
            "largest_share": round(self.largest_share, 6),
            "untold_rows": self.untold_rows,
            "dropped": self.dropped,
        }


def diversity_of(
    kept: pl.LazyFrame, parts: Parts, levels: Levels, floor: Mapping[str, Any]
) -> tuple[dict[str, Diversity], pl.DataFrame]:
    """Per sensitive column its figures; and the groups with a value to be left blank."""
    on = keys(parts, levels)
    columns = parts.sensitive
    found = (
        kept.group_by(on)
        .agg(
            pl.len().alias(ROWS), *(each for item in columns for each in _spread(item))
        )
        .collect()
    )
    known = kept.select(pl.col(item.name).n_unique() for item in columns).collect()
    diversity: dict[str, Diversity] = {}
    flags = []
    for column in columns:
        most = int(known[column.name].item())
        needed = min(ROLES[column.semantic_type].diversity, most)
        before = floor.get("diversity", {}).get(column.name, {})
        diversity[column.name] = _of(found, column, needed, bool(before.get("dropped")))
        flags.append(_flag(column, diversity[column.name]))
    untold = found.select(*on, *flags)
    names = [name for name in untold.columns if name.startswith(UNTOLD)]
    return diversity, untold.filter(pl.any_horizontal(names or [pl.lit(False)]))


def _spread(column: Column) -> tuple[pl.Expr, pl.Expr]:
    """Different values of a group, and the share of the most frequent one."""
    cell = pl.col(column.name)
    most = cell.unique_counts().max() / pl.len()
    return cell.n_unique().alias(column.name), most.alias(f"{column.name}:share")


def _of(found: pl.DataFrame, column: Column, needed: int, gone: bool) -> Diversity:
    rows = int(found[ROWS].sum())
    few = int(found.filter(pl.col(column.name) < needed)[ROWS].sum())
    fewest = int(found[column.name].min() or 0)  # type: ignore[arg-type]
    share = float(found[f"{column.name}:share"].max() or 0)  # type: ignore[arg-type]
    dropped = gone or few > UNTOLD_AT_MOST * rows
    return Diversity(needed, fewest, share, rows if dropped else few, dropped)


def _flag(column: Column, found: Diversity) -> pl.Expr:
    """Is the value left blank in a group? A column that goes needs no list of groups."""
    few = (pl.col(column.name) < found.needed) & (not found.dropped)
    return few.alias(f"{UNTOLD}{column.name}")
