"""The risk gate: people are counted, less is told step by step, then rows go, then all."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.policy import STATISTICS
from privacy.risk.decide import applied, decide
from privacy.risk.ladder import ladder, parts_of
from privacy.risk.rules import DROPPED
from tests.lib import plain_risk
from tests.lib.quality_cases import column, table
from tests.lib.risk_cards import FIRST, PARTS, PLAIN, TYPES, decision_of, frame


def few(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([*values, None])


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "holder": few(*range(9)),
            "partner": few(*range(7)),
            "sex": few("1", "2"),
            "county": few("231202", "231221"),
            "born": few(1935, 1939, 1941, 1990),
            "issued": few(date(2025, 1, 3), date(2025, 2, 7), date(2025, 5, 9), date(2024, 5, 9)),
            "expires": few(date(2025, 1, 3), date(2026, 2, 7)),
            "benefit": few("1", "2", "3"),
            "state": few("1", "2"),
        }
    ),
    min_size=1,
    max_size=60,
)  # fmt: skip


@settings(max_examples=50)
@given(
    rows=ROWS,
    repeated=st.integers(1, 8),
    at_least=st.integers(1, 6),
    once=st.booleans(),
)
def test_the_gate_decides_as_plain_dictionaries_do(
    rows: list[dict[str, Any]], repeated: int, at_least: int, once: bool
) -> None:
    """Repeated rows are other people alike, so that small groups and large ones meet;
    `once`: nobody has two rows."""
    every = [
        {
            **row,
            **{name: row[name] and row[name] + 100 * turn for name in PLAIN.persons},
        }
        for turn in range(repeated)
        for row in rows
    ]
    if once:
        every = [
            {**row, "holder": place, "partner": place}
            for place, row in enumerate(every)
        ]
    decision = decision_of(every, at_least)
    steps, levels, kept = plain_risk.decided(PLAIN, every, FIRST, at_least)
    assert (decision.steps, decision.levels) == (steps, levels)
    assert decision.refused == (kept is None)
    before = plain_risk.grouped(every, FIRST).values()
    counts = [(len(one), plain_risk.people(one, PLAIN.persons)) for one in before]
    figures = decision.before
    assert figures.smallest == min(number for _, number in counts)
    assert figures.alone == pytest.approx(
        sum(size for size, number in counts if number == 1) / len(every)
    )
    assert figures.average_risk == pytest.approx(
        sum(size / number for size, number in counts) / len(every)
    )
    if kept is None:
        return
    assert decision.left_out == len(every) - len(kept)
    assert dict(decision.body()["subsets"]) == plain_risk.subsets(PLAIN, kept, levels)
    found = applied(frame(every).lazy(), decision).collect().drop("holder", "partner")
    wanted = plain_risk.extract(PLAIN, every, FIRST, at_least)
    assert found.columns == [*TYPES][2:]
    assert sorted(map(repr, found.rows(named=True))) == sorted(
        repr({name: row[name] for name in found.columns}) for row in wanted or ()
    )
    for name in PLAIN.sensitive:
        groups = plain_risk.grouped(kept, levels).values()
        told = decision.diversity[name]
        assert told.fewest == min(len({row[name] for row in one}) for one in groups)
        assert told.largest_share == pytest.approx(
            max(plain_risk.spread(one, name) for one in groups)
        )


@settings(max_examples=30)
@given(rows=ROWS, at_least=st.integers(1, 6))
def test_every_step_tells_less_and_no_group_gets_smaller(
    rows: list[dict[str, Any]], at_least: int
) -> None:
    """What a search by halves rests on."""
    stages = ladder(PARTS, FIRST)
    small = [
        sum(
            len(one)
            for one in plain_risk.grouped(rows, levels).values()
            if plain_risk.people(one, PLAIN.persons) < at_least
        )
        for levels in stages
    ]
    assert small == sorted(small, reverse=True)
    assert stages == plain_risk.stages(PLAIN, FIRST)
    assert set(stages[-1].values()) == {DROPPED}
    assert all(one != other for one, other in pairwise(stages))


def test_people_are_counted_and_not_rows() -> None:
    """Twenty visits of one person are one person."""
    visit = {name: None for name in TYPES} | {
        "sex": "1",
        "county": "231202",
        "born": 1990,
    }
    alone = [{**visit, "holder": 1, "partner": number} for number in range(20)]
    decision = decision_of(alone, 5)
    assert decision.before.smallest == 1 and decision.refused
    many = [{**visit, "holder": number, "partner": number} for number in range(20)]
    assert decision_of(many, 5).before.smallest == 20


def test_of_a_couple_the_smaller_number_counts_and_nobody_is_one_person() -> None:
    row = dict.fromkeys(TYPES) | {"county": "231202"}
    couples = [{**row, "holder": number, "partner": 1} for number in range(9)]
    assert decision_of(couples, 5).before.smallest == 1
    unknown = [{**row, "holder": None, "partner": number} for number in range(9)]
    assert decision_of(unknown, 5).refused


def test_a_table_without_people_who_can_be_told_apart_is_refused() -> None:
    nobody = table("t", [column("on", "date", semantic_type="event_date")])
    parts = parts_of(nobody, STATISTICS)
    rows = pl.DataFrame({"on": [date(2025, 1, 1)] * 90})
    assert parts.about_people and decide(rows, parts, 5, STATISTICS).refused
    assert not parts_of(table("t", [column("n")]), STATISTICS).about_people


def test_a_value_that_all_of_a_group_have_is_left_blank() -> None:
    """The group of thirty tells nothing of its benefit; the other thousand do."""
    row = dict.fromkeys(TYPES)
    mixed = [
        {**row, "holder": n, "partner": n, "sex": "1", "benefit": str(n % 4)}
        for n in range(1000)
    ]
    alike = [
        {**row, "holder": n, "partner": n, "sex": "2", "benefit": "7"} for n in range(2000, 2030)
    ]  # fmt: skip
    decision = decision_of(mixed + alike, 5)
    assert decision.steps == 0 and decision.left_out == 0
    found = applied(frame(mixed + alike).lazy(), decision).collect()
    assert found.filter(pl.col("sex") == "2")["benefit"].null_count() == 30
    assert found.filter(pl.col("sex") == "1")["benefit"].null_count() == 0
    assert decision.diversity["benefit"].untold_rows == 30
    whole = decision_of(mixed[:100] + alike, 5)
    assert whole.diversity["benefit"].dropped
    found = applied(frame(mixed[:100] + alike).lazy(), whole).collect()
    assert found["benefit"].null_count() == found.height


def test_the_few_of_a_small_group_are_left_out_and_nobody_else() -> None:
    row = dict.fromkeys(TYPES) | {"benefit": "1"}
    many = [{**row, "holder": n, "partner": n, "sex": "1"} for n in range(100)]
    few = [{**row, "holder": n, "partner": n, "sex": "2"} for n in range(200, 203)]
    decision = decision_of(many + few, 5)
    assert (decision.steps, decision.left_out, decision.after.smallest) == (0, 3, 100)
    found = applied(frame(many + few).lazy(), decision).collect()
    assert found["sex"].to_list() == ["1"] * 100
    none = decision_of(many[:40] + few, 5)
    assert none.levels["sex"] == DROPPED and none.left_out == 0


def test_nothing_is_told_finer_than_in_the_version_before() -> None:
    row = dict.fromkeys(TYPES) | {"born": 1990, "issued": date(2025, 1, 3)}
    rows = frame(
        [{**row, "holder": n, "partner": n, "benefit": str(n % 3)} for n in range(40)]
    )
    free = decide(rows, PARTS, 5, STATISTICS)
    assert free.levels["issued"] == "day" and free.tokens == "same"
    floor = free.body() | {
        "levels": {
            **FIRST,
            "issued": "quarter",
            "gone_since": "month",
            "born": "nonsense",
        },
        "tokens": "month",
        "diversity": {"benefit": {"dropped": True}},
    }
    bound = decide(rows, PARTS, 5, STATISTICS, floor)
    assert bound.levels == {**FIRST, "issued": "quarter"}
    assert bound.tokens == "month" and bound.diversity["benefit"].dropped
