"""A table of two people a row, and what the risk gate decides over rows of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from privacy.policy import STATISTICS
from privacy.risk.decide import Decision, decide
from privacy.risk.ladder import first_levels, parts_of
from tests.lib.plain_risk import Plain
from tests.lib.quality_cases import column, table

CARDS = table(
    "cards",
    [
        column("no", semantic_type="record_key", primary_key=True),
        column("holder", semantic_type="identity_number"),
        column("partner", semantic_type="identity_number"),
        column("sex", semantic_type="sex"),
        column("county", semantic_type="county_code"),
        column("born", "date", semantic_type="birth_date"),
        column("issued", "date", semantic_type="event_date"),
        column("expires", "date", semantic_type="event_date"),
        column("benefit", semantic_type="sensitive_code"),
        column("state", semantic_type="status_code"),
    ],
)
PARTS = parts_of(CARDS, STATISTICS)
PLAIN = Plain(
    tuple(item.name for item in PARTS.persons),
    {item.name: item.semantic_type for item in PARTS.quasi},
    {item.name: item.semantic_type for item in PARTS.sensitive},
)
FIRST = first_levels(PARTS, STATISTICS)
TYPES: dict[str, Any] = {
    "holder": pl.UInt64, "partner": pl.UInt64, "sex": pl.String, "county": pl.String,
    "born": pl.Int32, "issued": pl.Date, "expires": pl.Date, "benefit": pl.String,
    "state": pl.String,
}  # fmt: skip


def frame(rows: Sequence[Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=TYPES)


def decision_of(rows: Sequence[Any], at_least: int) -> Decision:
    return decide(frame(rows), PARTS, at_least, STATISTICS)
