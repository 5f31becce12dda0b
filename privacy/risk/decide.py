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
from privacy.risk.diversity import UNTOLD, Diversity, diversity_of
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
from privacy.risk.rules import PEOPLE_AT_LEAST, SUPPRESSED_AT_MOST, TOKENS

LEFT_OUT = "_left_out"


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
        return changes_with(self.tokens, column, self.parts.key)

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
    found = of(place)
    decision = _reached(parts, at_least, first, stages[place], found)
    decision = replace(decision, steps=place, before=seen[0])
    if decision.refused:
        return decision
    large = found.filter(pl.col(PEOPLE) >= at_least)
    return _completed(decision, rows, large, floor or {}, once)


def decided_again(
    rows: pl.DataFrame, parts: Parts, told: Mapping[str, Any]
) -> Decision:
    """The decision whose body is `told`, as far as it says which rows are left out and which
    values left blank; of the same rows nothing else comes out."""
    levels = told["levels"]
    found = groups(rows.lazy(), parts, levels).collect()
    decision = _reached(parts, told["at_least"], told["first"], levels, found)
    return _blanked(decision, _kept(rows, decision), told)


def _reached(
    parts: Parts, at_least: int, first: Levels, levels: Levels, found: pl.DataFrame
) -> Decision:
    """Which of the groups `found` stay too small, told at these levels."""
    small = pl.col(PEOPLE) < at_least
    reached = figures(found, at_least)
    left_out = found.filter(small).drop(ROWS, PEOPLE)
    return Decision(
        parts, at_least, first, levels, 0, reached, reached,
        figures(found.filter(~small), at_least),
        left_out.with_columns(pl.lit(True).alias(LEFT_OUT)),
    )  # fmt: skip


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
    kept = _kept(rows, decision)
    decision = _blanked(decision, kept, floor)
    tokens: str = floor.get("tokens", TOKENS[0])
    events: dict[str, Any] = {}
    if not once:
        tokens, events = event_risk(kept, parts, levels, tokens)
    return replace(
        decision,
        subsets=smallest_by_subset(kept, large, parts, levels, once),
        tokens=tokens,
        events=events,
    )


def _kept(rows: pl.DataFrame, decision: Decision) -> pl.LazyFrame:
    keyed = with_keys(rows.lazy(), decision.parts, decision.levels)
    return remaining(keyed, decision).collect().lazy()


def _blanked(
    decision: Decision, kept: pl.LazyFrame, floor: Mapping[str, Any]
) -> Decision:
    """With the groups of which values are left blank."""
    parts, levels = decision.parts, decision.levels
    diversity, blank = diversity_of(kept, parts, levels, floor)
    verdicts = decision.verdicts.join(
        blank, on=keys(parts, levels), how="full", nulls_equal=True, coalesce=True
    )
    # Texts come as numbers of distinct values, which no other frame shares.
    as_text = cs.categorical().cast(pl.String)
    return replace(
        decision,
        verdicts=verdicts.with_columns(pl.col(LEFT_OUT).fill_null(False), as_text),
        diversity=diversity,
    )


def remaining(rows: pl.LazyFrame, decision: Decision) -> pl.LazyFrame:
    """Without the rows of groups that stay too small; `rows` have their keys."""
    if not decision.left_out:
        return rows
    on = keys(decision.parts, decision.levels)
    small = decision.verdicts.filter(pl.col(LEFT_OUT)).select(on).lazy()
    return rows.join(small, on=on, how="anti", nulls_equal=True)


def applied(rows: pl.LazyFrame, decision: Decision) -> pl.LazyFrame:
    """Masked rows as the decision tells them, in their order; the same columns."""
    names = rows.collect_schema().names()
    blank = [
        pl.when(~untold(item.name, decision)).then(pl.col(item.name)).alias(item.name)
        for item in decision.parts.sensitive
    ]
    return judged(rows, decision).with_columns(*blank).select(names)


def judged(rows: pl.LazyFrame, decision: Decision) -> pl.LazyFrame:
    """The rows that are not left out, in their order, as groups are told; of each is known
    which of its values are `untold`."""
    parts, levels = decision.parts, decision.levels
    found = with_keys(rows, parts, levels)
    if not decision.verdicts.height:
        return found
    verdicts = decision.verdicts.lazy()
    return found.join(
        verdicts, on=keys(parts, levels), how="left", nulls_equal=True,
        maintain_order="left",
    ).filter(~pl.col(LEFT_OUT).fill_null(False))  # fmt: skip


def untold(name: str, decision: Decision) -> pl.Expr:
    """Is the value of this sensitive column left blank in a `judged` row?"""
    if decision.diversity[name].dropped:
        return pl.lit(True)
    flag = f"{UNTOLD}{name}"
    if not decision.verdicts.height:
        return pl.lit(False)
    return pl.col(flag).fill_null(False)
