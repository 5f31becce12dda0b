"""A statistic by a sensitive column does not say of everybody in a county what they have."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from lake_config.contract_statistics import Statistic
from privacy.few_values import known, possible
from privacy.small_counts import (
    AMOUNTS,
    HELD,
    LARGEST,
    PEOPLE,
    VALUE,
    WITHHELD,
    protected,
)
from privacy.standing_statistics import cells_of, counted
from quality.row_values import value
from tests.lib.plain_totals import computed
from tests.lib.quality_cases import column, table

CLAIMS = table(
    "claims",
    [
        column("no", semantic_type="record_key", primary_key=True),
        column("who", semantic_type="person_key"),
        column("county", semantic_type="county_code"),
        column("benefit", semantic_type="sensitive_code"),
        column("reason", semantic_type="sensitive_code"),
        column("state", semantic_type="status_code"),
    ],
)
Cells = dict[tuple[str, ...], int]
THREE_COUNTIES: Cells = {
    **{("a", benefit): 30 for benefit in "123"},
    **{("b", benefit): 40 for benefit in "123"},
    ("c", "2"): 15,
}


def told(cells: Cells, by: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = [
        {**dict.fromkeys(("county", "benefit", "reason", "state"), "1"), **dict(zip(by, cell, strict=True))}
        for cell, people in cells.items()
        for _ in range(people)
    ]  # fmt: skip
    numbered = [
        {"no": str(place), "who": str(place), **row} for place, row in enumerate(rows)
    ]
    wanted = Statistic("s", "统计", by, "rows")
    looked_at = counted(pl.DataFrame(numbered).lazy(), CLAIMS, wanted, value)
    return (
        cells_of(looked_at.collect().lazy(), CLAIMS, wanted, 5)
        .select(*by, VALUE)
        .to_dicts()
    )


def test_where_all_have_one_benefit_it_is_not_told_and_does_not_follow() -> None:
    lines = told(THREE_COUNTIES, ("county", "benefit"))
    assert [row for row in lines if row["county"] == "c"] == [
        {"county": "c", "benefit": None, VALUE: None}
    ]
    beside = {row["county"]: set() for row in lines}  # type: ignore[var-annotated]
    for row in lines:
        beside[row["county"]].add(row[VALUE])
    assert beside == {"a": {None}, "b": {40}, "c": {None}}, (
        "all of one county hide beside it"
    )


def test_any_benefit_could_be_theirs_whoever_knows_all_totals() -> None:
    by = ["county", "benefit"]
    rows = [(*cell, number, 0.0, 0.0, True) for cell, number in THREE_COUNTIES.items()]
    names = [*by, PEOPLE, LARGEST, AMOUNTS, known("benefit")]
    columns = [CLAIMS.column(name) for name in by]
    found = possible(pl.DataFrame(rows, names, orient="row"), columns)
    held = found.filter(HELD).select(by).rows()
    assert sorted(held) == [("c", "1"), ("c", "2"), ("c", "3")]
    every = protected(found, by, 5)
    counts = {tuple(row[:2]): row[2] for row in every.select(*by, PEOPLE).rows()}
    blank = every.filter(WITHHELD).select(by).rows()
    assert not computed(counts, blank)
    assert computed(counts, held)


@pytest.mark.parametrize("by", [("county", "benefit"), ("benefit", "county")])
def test_the_order_of_lines_does_not_tell_it(by: tuple[str, ...]) -> None:
    cells = {tuple(dict(zip(("county", "benefit"), cell, strict=True))[name] for name in by): number
        for cell, number in THREE_COUNTIES.items()}  # fmt: skip
    places = [(row["county"], row["benefit"]) for row in told(cells, by)]
    if by[0] == "benefit":
        assert places[-1] == ("c", None)
    assert places.count(("c", None)) == 1


@pytest.mark.parametrize(
    ("cells", "by", "blank"),
    [
        ({("1",): 30, ("2",): 30}, ("benefit",), 0),
        ({("a", "1"): 30, ("b", "1"): 30}, ("county", "benefit"), 0),
        ({("a", "1"): 30, ("a", "2"): 30, ("b", "2"): 30, ("b", "1"): 30}, ("county", "benefit"), 0),
        ({("a", "1"): 30, ("b", "2"): 30}, ("county", "state"), 0),
        ({("a", "1"): 30, ("b", "2"): 30}, ("county", "benefit"), 2),
        ({("1", "1"): 30, ("1", "2"): 30, ("2", "1"): 30}, ("benefit", "reason"), 3),
    ],
)  # fmt: skip
def test_as_many_values_are_enough_as_there_are(
    cells: Cells, by: tuple[str, ...], blank: int
) -> None:
    """One column alone tells of no group; a state is not sensitive enough; two columns both are."""
    lines = told(cells, by)
    assert sum(row[VALUE] is None for row in lines) == blank
    assert len(lines) == len(cells)


@pytest.mark.parametrize(("third_is_known", "held"), [(True, 0), (False, 3)])
def test_a_value_that_the_gate_left_blank_is_none_of_the_three(
    third_is_known: bool, held: int
) -> None:
    """County a has two benefits and rows of which the table does not tell it."""
    cells = [(one, str(two), 30, True) for one in "ab" for two in (1, 2, 3)]
    cells[2] = ("a", None, 30, third_is_known)  # type: ignore[call-overload]
    by = ["county", "benefit"]
    frame = pl.DataFrame(
        cells, [*by, PEOPLE, known("benefit")], orient="row"
    ).with_columns(pl.lit(0.0).alias(LARGEST), pl.lit(0.0).alias(AMOUNTS))
    found = possible(frame, [CLAIMS.column(name) for name in by])
    assert found.filter(pl.col(HELD), pl.col(PEOPLE) > 0).height == held
