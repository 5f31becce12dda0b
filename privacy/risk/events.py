"""Are a few events of a person, known to somebody, enough to find all of them?

In a table with several rows a person, tokens tie the rows together: who knows two to four
of them may find the token, and with it everything else (uniqueness of points, privacy.md
6.3). Looked at for a sample of people, always the same of the same rows.
"""

from __future__ import annotations

from typing import Any

import polars as pl
import polars.selectors as cs

from lake_config.contract import Column
from privacy.risk.ladder import Levels, Parts, month_told
from privacy.risk.measure import keys
from privacy.risk.rules import DROPPED, EVENTS_KNOWN, EVENTS_UNIQUE_AT_MOST, TOKENS

SAMPLED = 500
PAIRS = 1_000_000
"""Pairs of a sampled person and another who shares the first event, at most: what is
held in memory. In a table of very large groups fewer people are sampled."""

SAME, MONTH, GONE = TOKENS
WHO, OTHER, GROUP, PLACE = "_who", "_other", "_group", "_place"
PERIOD = "_period"


def changes_with(tokens: str, column: Column, key: tuple[str, ...]) -> bool:
    """Does a decision about tokens, as its receipt has it, change those of a column? Numbers
    of the rows themselves stay: no two rows have the same. A part of the primary `key` is
    no such number: many rows of one person have it."""
    return tokens != SAME and key != (column.name,)


def event_risk(
    rows: pl.LazyFrame, parts: Parts, levels: Levels, at_least: str = SAME
) -> tuple[str, dict[str, Any]]:
    """What becomes of the tokens, and per measure tried how many are found by 2, 3 and 4
    events. `rows` are told as they will be. One row a person: nothing is tried."""
    if not parts.persons:
        return at_least, {}
    tried: dict[str, Any] = {}
    for measure in TOKENS[TOKENS.index(at_least) :]:
        if measure == GONE or (measure == MONTH and not _dated(parts, levels)):
            continue
        tried[measure] = _tried(rows, parts, levels, measure)
        worst = max((share for _, share in tried[measure].values()), default=0.0)
        if worst <= EVENTS_UNIQUE_AT_MOST:
            return measure, tried
    return GONE, tried


def _dated(parts: Parts, levels: Levels) -> bool:
    return parts.event is not None and levels[parts.event.name] != DROPPED


def _tried(
    rows: pl.LazyFrame, parts: Parts, levels: Levels, measure: str
) -> dict[str, tuple[int, float]]:
    """Number of events to (people looked at, share of them that is found): of a couple by
    whichever of the two finds more."""
    found = [
        _tried_by(rows, parts, levels, measure, person.name) for person in parts.persons
    ]
    return {
        known: max(
            (one[known] for one in found if known in one), key=lambda each: each[1]
        )
        for known in sorted(set().union(*found))
    }


def _tried_by(
    rows: pl.LazyFrame, parts: Parts, levels: Levels, measure: str, name: str
) -> dict[str, tuple[int, float]]:
    on, person = keys(parts, levels), [name]
    if measure == MONTH and parts.event is not None:
        how = levels[parts.event.name]
        rows = rows.with_columns(
            month_told(pl.col(parts.event.name), how).alias(PERIOD)
        )
        person.append(PERIOD)
    # By what they say: numbers of distinct texts may be others in another run.
    rows = rows.with_columns(cs.categorical().cast(pl.String))
    who = pl.struct(person).hash().alias(WHO)
    events = rows.select(pl.struct(on).hash().alias(GROUP), who).unique().collect()
    return unique_by_events(events)


def unique_by_events(events: pl.DataFrame) -> dict[str, tuple[int, float]]:
    """`events`: different pairs of GROUP and WHO. Of the sampled people with so many
    events: the share whose events nobody else has all of."""
    targets = _targets(events)
    alike = _of_place(targets, 0).join(events.rename({WHO: OTHER}), on=GROUP)
    found = {}
    for known in range(2, max(EVENTS_KNOWN) + 1):
        wanted = alike.drop(GROUP).join(_of_place(targets, known - 1), on=WHO)
        theirs = events.rename({WHO: OTHER})
        alike = wanted.join(theirs, on=[GROUP, OTHER], how="semi")
        people = alike.group_by(WHO).len("people")
        if people.height and known in EVENTS_KNOWN:
            alone = people.filter(pl.col("people") == 1).height
            found[str(known)] = (people.height, round(alone / people.height, 4))
    return found


def _of_place(targets: pl.DataFrame, place: int) -> pl.DataFrame:
    """One event of each sampled person who has so many."""
    return targets.filter(pl.col(PLACE) == place).select(WHO, GROUP)


def _targets(events: pl.DataFrame) -> pl.DataFrame:
    """Up to four events of each sampled person, numbered by PLACE."""
    several = events.lazy().group_by(WHO).len().filter(pl.col("len") > 1).select(WHO)
    chosen = several.bottom_k(SAMPLED, by=WHO).collect()
    place = pl.col(GROUP).rank("ordinal").over(WHO).cast(pl.Int32) - 1
    mine = events.join(chosen, on=WHO, how="semi").with_columns(place.alias(PLACE))
    return _few_pairs(mine.filter(pl.col(PLACE) < max(EVENTS_KNOWN)), events)


def _few_pairs(targets: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """As many of the sampled people, by number, as PAIRS allows; at least one."""
    first = _of_place(targets, 0)
    sizes = events.join(first, on=GROUP, how="semi").group_by(GROUP).len()
    running = (
        first.join(sizes, on=GROUP).sort(WHO).with_columns(pl.col("len").cum_sum())
    )
    kept = running.filter((pl.col("len") <= PAIRS) | (pl.int_range(pl.len()) == 0))
    return targets.join(kept, on=WHO, how="semi")
