"""The gate: how much is told of a table, so that enough people share what is told.

One step of the ladder after the other; then what stays in small groups is left out; then,
where too much would be left out, the table is refused. A sensitive value is left blank
where a group would tell it of all its people.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
import polars.selectors as cs

from lake_config.contract import Column, Contract
from privacy.risk.events import changes_with, event_risk
from privacy.risk.ladder import Levels, Parts, first_levels, ladder, month_told
from privacy.risk.measure import (
    PEOPLE,
    ROWS,
    Figures,
    each_once,
    figures,
    groups,
    keys,
    smallest_by_subset,
    with_keys,
)
from privacy.risk.rules import (
    PEOPLE_AT_LEAST,
    ROLES,
    SUPPRESSED_AT_MOST,
    TOKENS,
    UNTOLD_AT_MOST,
)

LEFT_OUT = "_left_out"
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


@dataclass(frozen=True, slots=True)
class Decision:
    """How a table is told. `before`: as the policy treats it; `reached`: after `steps` of
    the ladder; `after`: without the rows that are left out. `verdicts` has a row for
    every group of which rows are left out or values left blank, and no other."""

    parts: Parts
    at_least: int
    first: Levels
    levels: Levels
    steps: int
    before: Figures
    reached: Figures
    after: Figures
    verdicts: pl.DataFrame
    subsets: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    diversity: Mapping[str, Diversity] = field(default_factory=dict)
    tokens: str = TOKENS[0]
    events: Mapping[str, Any] = field(default_factory=dict)

    @property
    def left_out(self) -> int:
        return self.reached.small_rows

    @property
    def refused(self) -> bool:
        return too_many(self.reached)

    def changes(self, column: Column) -> bool:
        """Does the column hold tokens that tie a person's rows together no more?"""
        return changes_with(self.tokens, column)

    def period(self, event: pl.Expr) -> pl.Expr:
        """The month, or whatever longer time is told, as text; of a treated cell."""
        if self.parts.event is None:
            raise ValueError("a table without events has no months")
        return month_told(event, self.levels[self.parts.event.name]).cast(pl.String)

    def body(self) -> dict[str, Any]:
        """For the receipt: counts, shares and names of columns."""
        return {
            "at_least": self.at_least,
            "persons": [item.name for item in self.parts.persons],
            "first": dict(self.first),
            "levels": dict(self.levels),
            "steps": self.steps,
            "before": self.before.body(),
            "reached": self.reached.body(),
            "after": self.after.body(),
            "left_out": self.left_out,
            "refused": self.refused,
            "subsets": {"+".join(names): k for names, k in self.subsets.items()},
            "diversity": {name: one.body() for name, one in self.diversity.items()},
            "tokens": self.tokens,
            "events": dict(self.events),
        }


def people_at_least(contract: Contract) -> int:
    """k of the strictest network the department's data comes from."""
    zones = {server.network_zone for server in contract.servers}
    return max(PEOPLE_AT_LEAST[zone] for zone in zones)


def too_many(found: Figures) -> bool:
    """Would more rows be left out than may be?"""
    return found.small_rows > SUPPRESSED_AT_MOST * found.rows


def decide(
    rows: pl.DataFrame,
    parts: Parts,
    at_least: int,
    purpose: str,
    floor: Mapping[str, Any] | None = None,
) -> Decision:
    """`rows`: person columns, quasi-identifiers and sensitive columns, treated by the
    policy. `floor`: the body of an earlier decision; nothing is told finer than there."""
    first = first_levels(parts, purpose, (floor or {}).get("levels"))
    stages = ladder(parts, first)
    once = each_once(rows, parts)
    seen: dict[int, Figures] = {}

    def of(place: int) -> pl.DataFrame:
        return groups(rows.lazy(), parts, stages[place], once).collect()

    def good(place: int) -> bool:
        if place not in seen:
            # The groups themselves are let go: of the first stages there are very many.
            seen[place] = figures(of(place), at_least)
        return not too_many(seen[place])

    # Once enough people share what is told, they do on every later step too.
    place = 0 if good(0) else bisect_left(range(len(stages)), True, lo=1, key=good)
    place = min(place, len(stages) - 1)
    found, small = of(place), pl.col(PEOPLE) < at_least
    decision = Decision(
        parts,
        at_least,
        first,
        stages[place],
        place,
        seen[0],
        figures(found, at_least),
        figures(found.filter(~small), at_least),
        _verdicts(found.filter(small)),
    )
    if decision.refused:
        return decision
    large = found.filter(~small)
    return _completed(decision, rows, large, floor or {}, once)


def _verdicts(small: pl.DataFrame) -> pl.DataFrame:
    return small.drop(ROWS, PEOPLE).with_columns(pl.lit(True).alias(LEFT_OUT))


def _completed(
    decision: Decision,
    rows: pl.DataFrame,
    large: pl.DataFrame,
    floor: Mapping[str, Any],
    once: bool,
) -> Decision:
    """With what is left blank, which tokens are kept, and k of all subsets; `large`: the
    groups that stay."""
    parts, levels = decision.parts, decision.levels
    kept = remaining(with_keys(rows.lazy(), parts, levels), decision).collect().lazy()
    diversity, untold = _diversity(kept, decision, floor)
    verdicts = decision.verdicts.join(
        untold, on=keys(parts, levels), how="full", nulls_equal=True, coalesce=True
    )
    tokens: str = floor.get("tokens", TOKENS[0])
    events: dict[str, Any] = {}
    if not once:
        tokens, events = event_risk(kept, parts, levels, tokens)
    # Texts come as numbers of distinct values, which no other frame shares.
    as_text = cs.categorical().cast(pl.String)
    return replace(
        decision,
        verdicts=verdicts.with_columns(pl.col(LEFT_OUT).fill_null(False), as_text),
        subsets=smallest_by_subset(kept, large, parts, levels, once),
        diversity=diversity,
        tokens=tokens,
        events=events,
    )


def remaining(rows: pl.LazyFrame, decision: Decision) -> pl.LazyFrame:
    """Without the rows of groups that stay too small; `rows` have their keys."""
    if not decision.left_out:
        return rows
    on = keys(decision.parts, decision.levels)
    small = decision.verdicts.filter(pl.col(LEFT_OUT)).select(on).lazy()
    return rows.join(small, on=on, how="anti", nulls_equal=True)


def _diversity(
    kept: pl.LazyFrame, decision: Decision, floor: Mapping[str, Any]
) -> tuple[dict[str, Diversity], pl.DataFrame]:
    """Per sensitive column its figures; and the groups with a value to be left blank."""
    on = keys(decision.parts, decision.levels)
    columns = decision.parts.sensitive
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


def applied(rows: pl.LazyFrame, decision: Decision) -> pl.LazyFrame:
    """Masked rows as the decision tells them, in their order; the same columns."""
    names = rows.collect_schema().names()
    parts, levels = decision.parts, decision.levels
    on = keys(parts, levels)
    found = with_keys(rows, parts, levels)
    if decision.verdicts.height:
        verdicts = decision.verdicts.lazy()
        found = found.join(
            verdicts, on=on, how="left", nulls_equal=True, maintain_order="left"
        ).filter(~pl.col(LEFT_OUT).fill_null(False))
    blank = [
        pl.when(~_untold(item.name, decision)).then(pl.col(item.name)).alias(item.name)
        for item in parts.sensitive
    ]
    return found.with_columns(*blank).select(names)


def _untold(name: str, decision: Decision) -> pl.Expr:
    if decision.diversity[name].dropped:
        return pl.lit(True)
    flag = f"{UNTOLD}{name}"
    if not decision.verdicts.height:
        return pl.lit(False)
    return pl.col(flag).fill_null(False)
