"""What a whole table is: the highest of its columns, and about children."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_config.contract import CLASSIFICATIONS
from privacy.table_tags import PERSONAL, Tags, fourteen_years_before, inherited, tags_of
from tests.lib.shown_things import THINGS


@given(
    st.lists(
        st.tuples(st.sampled_from(CLASSIFICATIONS), st.sampled_from(PERSONAL)),
        min_size=1,
    )
)
def test_a_derived_table_has_the_highest_of_all(pairs: list[tuple[str, str]]) -> None:
    """The slow second: nothing that goes in is above what comes out, and it comes from one."""
    found = inherited([Tags(*pair) for pair in pairs])
    for place, scale in enumerate((CLASSIFICATIONS, PERSONAL)):
        out = (found.level, found.personal)[place]
        ranks = [scale.index(pair[place]) for pair in pairs]
        assert scale.index(out) == max(ranks)


def test_tags_of_a_table() -> None:
    assert tags_of(THINGS).personal == "sensitive"
    assert tags_of(THINGS, children=1) == Tags("一般", "under14")
    own = Tags("重要", "none")
    assert inherited([tags_of(THINGS)], own) == Tags("重要", "sensitive")
    assert inherited([Tags("绝密", "none")]).level == "核心", (
        "unknown words are the highest"
    )


@pytest.mark.parametrize(
    ("day", "since"),
    [
        (date(2026, 3, 2), date(2012, 3, 2)),
        (date(2028, 2, 29), date(2014, 2, 28)),
        (date(2027, 2, 28), date(2013, 2, 28)),
    ],
)
def test_under_14_until_the_birthday(day: date, since: date) -> None:
    assert fourteen_years_before(day) == since
