"""No count of a few people is shown, and none follows from the totals."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.small_counts import (
    AMOUNTS,
    DOMINANT,
    HELD,
    LARGEST,
    PEOPLE,
    VALUE,
    WITHHELD,
    protected,
    shown,
)
from tests.lib.plain_totals import computed, totals_of

GRIDS = st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 2)).flatmap(
    lambda size: st.dictionaries(
        st.tuples(*(st.integers(1, most) for most in size)),
        st.integers(1, 12),
        min_size=1,
    )
)


NOT_HELD = pl.lit(False).alias(HELD)


def withheld(counts: dict[Any, int], at_least: int) -> tuple[list[Any], pl.DataFrame]:
    width = len(next(iter(counts)))
    by = [f"by{place}" for place in range(width)]
    rows = [(*cell, number, 0.0, 0.0, number) for cell, number in counts.items()]
    frame = pl.DataFrame(rows, [*by, PEOPLE, LARGEST, AMOUNTS, VALUE], orient="row")
    found = protected(frame.with_columns(NOT_HELD), by, at_least)
    return [row[:width] for row in found.filter(WITHHELD).select(by).rows()], found


@settings(max_examples=50)
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
        enough = len(hidden) != 1 and (not hidden or max(hidden) >= at_least)
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
            AMOUNTS: [1.0, 2.0, 3.0, 4.0],
            VALUE: [1, 2, 3, 4],
        }
    )
    found = protected(frame.with_columns(NOT_HELD), ["county"], 5)
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


PAYMENTS = st.lists(
    st.tuples(
        st.integers(1, 4), st.integers(1, 3), st.integers(1, 12),
        st.sampled_from([0, 1, 10, 10, 10, -10, 500]),
    ),
    min_size=1,
    max_size=80,
)  # fmt: skip


@settings(max_examples=100)
@given(payments=PAYMENTS, at_least=st.integers(2, 5))
def test_what_a_total_hides_is_never_mostly_one_person_s_nor_of_a_few(
    payments: list[tuple[int, int, int, int]], at_least: int
) -> None:
    """Everybody is counted out here, over all cells that a total hides."""
    parts: dict[Any, Counter[int]] = defaultdict(Counter)
    for month, county, who, amount in payments:
        parts[month, county][who] += abs(amount)
    rows = [
        (*cell, len(of), largest_part(of), float(of.total())) for cell, of in parts.items()
    ]  # fmt: skip
    by = ["month", "county"]
    frame = pl.DataFrame(rows, [*by, PEOPLE, LARGEST, AMOUNTS], orient="row")
    found = protected(frame.with_columns(NOT_HELD), by, at_least)
    blank = set(found.filter(WITHHELD).select(by).rows())
    for total in totals_of(list(parts)):
        hidden: Counter[int] = Counter()
        for cell in total & blank:
            hidden.update(dict.fromkeys(parts[cell], 0))
            hidden.update(parts[cell])
        if hidden and not total <= blank:
            assert len(hidden) >= at_least and len(total & blank) > 1
            assert largest_part(hidden) <= DOMINANT + 1e-9


def largest_part(of: Counter[int]) -> float:
    return max(of.values()) / of.total() if of.total() else 0.0


@pytest.mark.parametrize(
    ("second", "blank"), [([1.0, 1 / 6], [1, 3]), ([0.9, 0.6], [1, 2, 3])]
)
def test_a_partner_of_almost_nothing_does_not_hide_a_sum(
    second: list[float], blank: list[int]
) -> None:
    """48,765, mostly of one person, beside 60 yuan: the total less the rest is theirs, be the
    60 yuan a partner or withheld already."""
    frame = pl.DataFrame(
        {
            "month": [1, 2, 3, 4],
            PEOPLE: [6, 6, 60, 90],
            LARGEST: [*second, 1 / 60, 1 / 90],
            AMOUNTS: [48_765.0, 60.0, 120_000.0, 180_000.0],
        }
    )
    found = protected(frame.with_columns(NOT_HELD), ["month"], 5)
    assert found.filter(WITHHELD)["month"].to_list() == blank


def test_the_same_three_people_in_two_cells_are_three() -> None:
    blank, _ = withheld({(1,): 3, (2,): 3, (3,): 30, (4,): 40}, 5)
    assert sorted(blank) == [(1,), (2,), (3,)]
