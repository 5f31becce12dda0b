"""The risk gate: who is found by a few events, and what becomes of the tokens then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.risk import events, rules
from tests.lib import plain_risk
from tests.lib.risk_cards import TYPES, decision_of


@settings(max_examples=30)
@given(
    st.dictionaries(
        st.integers(1, 40),
        st.sets(st.integers(1, 9), min_size=1, max_size=6),
        max_size=40,
    )
)
def test_people_found_by_their_events_are_found_by_plain_sets_too(
    visits: dict[int, set[int]],
) -> None:
    pairs = [(group, who) for who, groups in visits.items() for group in groups]
    schema = {events.GROUP: pl.UInt64, events.WHO: pl.UInt64}
    found = events.unique_by_events(pl.DataFrame(pairs, schema, orient="row"))
    for known in rules.EVENTS_KNOWN:
        targets = {
            who: sorted(groups)[:known]
            for who, groups in visits.items()
            if len(groups) >= max(2, known)
        }
        if not targets:
            assert str(known) not in found
            continue
        number, share = found[str(known)]
        assert number == len(targets)
        alone = plain_risk.found_by(visits, targets)
        assert share == pytest.approx(alone / number, abs=1e-4)


def test_where_a_few_events_find_a_person_the_tokens_change_or_go() -> None:
    """A hundred people with five visits: in five months, on days of one month, alike."""
    rng = np.random.default_rng(5)
    row = dict.fromkeys(TYPES) | {"county": "231202"}

    def visits(days: Sequence[date]) -> list[dict[str, Any]]:
        return [
            {**row, "holder": who, "partner": who, "issued": days[place]}
            for who in range(100)
            for place in rng.choice(len(days), min(5, len(days)), replace=False)
        ]

    yearly = decision_of(visits([date(2025, month, 1) for month in range(1, 13)]), 5)
    assert yearly.levels["issued"] == "day" and yearly.tokens == "month"
    assert yearly.events["same"]["4"][1] > rules.EVENTS_UNIQUE_AT_MOST
    assert yearly.events["month"] == {}
    daily = decision_of(visits([date(2025, 3, day) for day in range(1, 21)]), 5)
    assert daily.levels["issued"] == "day" and daily.tokens == "gone"
    assert daily.events["month"]["4"][1] > rules.EVENTS_UNIQUE_AT_MOST
    alike = decision_of(visits([date(2025, 3, 1), date(2025, 3, 2)]), 5)
    assert alike.tokens == "same"


@pytest.mark.parametrize("who", ["holder", "partner"])
def test_of_two_people_in_a_row_whoever_is_found_by_more_counts(who: str) -> None:
    """A hundred carers with five visits on days of one month, each to somebody else."""
    rng = np.random.default_rng(5)
    other = "partner" if who == "holder" else "holder"
    row = dict.fromkeys(TYPES) | {"county": "231202"}
    rows = [
        {**row, who: carer, other: 5 * carer + turn, "issued": date(2025, 3, int(day))}
        for carer in range(100)
        for turn, day in enumerate(rng.choice(range(1, 21), 5, replace=False))
    ]
    found = decision_of(rows, 5)
    assert found.tokens == "gone" and found.events["same"]["4"][1] > 0.05
