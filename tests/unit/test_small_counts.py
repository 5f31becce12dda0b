"""No count of a few people is shown, and none follows from the totals."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.small_counts import LARGEST, PEOPLE, VALUE, WITHHELD, protected, shown
from tests.lib.plain_totals import computed, totals_of

GRIDS = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 2)).flatmap(
    lambda size: st.dictionaries(
        st.tuples(*(st.integers(1, most) for most in size)),
        st.integers(1, 12),
        min_size=1,
    )
)


def withheld(counts: dict[Any, int], at_least: int) -> tuple[list[Any], pl.DataFrame]:
    width = len(next(iter(counts)))
    by = [f"by{place}" for place in range(width)]
    rows = [(*cell, number, 0.0, number) for cell, number in counts.items()]
    frame = pl.DataFrame(rows, [*by, PEOPLE, LARGEST, VALUE], orient="row")
    found = protected(frame, by, at_least)
    return [row[:width] for row in found.filter(WITHHELD).select(by).rows()], found


@settings(max_examples=50, deadline=None)
@given(counts=GRIDS, at_least=st.integers(2, 6))
def test_no_cell_follows_from_totals_unless_its_whole_table_is_withheld(
    counts: dict[Any, int], at_least: int
) -> None:
    blank, _ = withheld(counts, at_least)
    small = {cell for cell, number in counts.items() if number < at_least}
    assert small <= set(blank)
    assert (not small) == (not blank)
    for total in totals_of(list(counts)):
        hidden = [counts[cell] for cell in total if cell in blank]
        enough = len(hidden) != 1 and (not hidden or sum(hidden) >= at_least)
        assert enough or total <= set(blank)
    for cell in computed(counts, blank):
        assert any(cell in total for total in totals_of(list(counts)))
        beside = [total for total in totals_of(list(counts)) if cell in total]
        assert all(total <= set(blank) for total in beside)


def test_a_single_small_cell_takes_others_with_it() -> None:
    """By county and code: without partners 3 = 60 - 27 - 30 would be computed."""
    counts = {
        (county, code): 20 + 7 * county + code
        for county in range(4)
        for code in range(4)
    }
    counts[1, 2] = 3
    blank, _ = withheld(counts, 5)
    assert len(blank) == 4 and (1, 2) in blank
    assert not computed(counts, blank)
    assert (1, 2) in computed(counts, [(1, 2)])


def test_two_squares_joined_by_one_cell_tell_it_and_are_mended() -> None:
    """Every row and column hides two cells or more, and yet the bridge can be solved."""
    squares = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3)]
    counts = dict.fromkeys(((row, place) for row in range(4) for place in range(4)), 50)
    counts |= dict.fromkeys([*squares, (1, 2)], 4)
    assert set(computed(counts, [*squares, (1, 2)])) == {(1, 2)}
    blank, _ = withheld(counts, 5)
    assert len(blank) > 9 and not computed(counts, blank)


def test_a_sum_that_is_mostly_one_person_s_is_withheld() -> None:
    frame = pl.DataFrame(
        {
            "county": ["a", "b", "c", "d"],
            PEOPLE: [90, 90, 90, 90],
            LARGEST: [0.6, 0.1, 0.5, 0.2],
            VALUE: [1, 2, 3, 4],
        }
    )
    found = protected(frame, ["county"], 5)
    assert found.filter(WITHHELD)["county"].to_list() == ["a", "b"]


@pytest.mark.parametrize(
    ("value", "step", "told"),
    [
        (0, 5, 0),
        (2, 5, 0),
        (3, 5, 5),
        (7.5, 5, 10),
        (149.99, 100, 100),
        (-151, 100, -200),
    ],
)
def test_what_is_shown_is_rounded(value: float, step: int, told: int) -> None:
    frame = pl.DataFrame({VALUE: [value, value], WITHHELD: [False, True]})
    assert shown(frame, step)[VALUE].to_list() == [told, None]


def test_more_cells_than_can_be_solved_are_still_hidden_in_every_total() -> None:
    counts = {
        (month, county): 3 if (month + county) % 3 == 0 else 40
        for month in range(120)
        for county in range(30)
    }
    blank, _ = withheld(counts, 5)
    hidden = set(blank)
    for total in totals_of(list(counts)):
        assert len(total & hidden) != 1
