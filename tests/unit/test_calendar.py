"""Working days as the State Council announced them, written down here a second time.

2025: 国办发明电〔2024〕12号; 2026: 国办发明电〔2025〕7号.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_config.calendar import (
    add_working_days,
    announced,
    is_working_day,
    working_day_from,
    working_days_between,
)

HOLIDAYS = [
    # (first, last)
    ("2025-01-01", "2025-01-01"),
    ("2025-01-28", "2025-02-04"),
    ("2025-04-04", "2025-04-06"),
    ("2025-05-01", "2025-05-05"),
    ("2025-05-31", "2025-06-02"),
    ("2025-10-01", "2025-10-08"),
    ("2026-01-01", "2026-01-03"),
    ("2026-02-15", "2026-02-23"),
    ("2026-04-04", "2026-04-06"),
    ("2026-05-01", "2026-05-05"),
    ("2026-06-19", "2026-06-21"),
    ("2026-09-25", "2026-09-27"),
    ("2026-10-01", "2026-10-07"),
]
MADE_UP = [
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20"),
    "2026-10-10",
]
"""Saturdays and Sundays on which people work (调休)."""

DAYS = st.dates(date(2025, 1, 1), date(2026, 11, 30))


def expected(day: date) -> bool:
    text = day.isoformat()
    if text in MADE_UP:
        return True
    off = any(first <= text <= last for first, last in HOLIDAYS)
    return not off and day.weekday() < 5


def test_every_day_of_two_years() -> None:
    days = [date(2025, 1, 1) + timedelta(days=number) for number in range(730)]
    wrong = [str(day) for day in days if is_working_day(day) != expected(day)]
    assert (days[-1], wrong) == (date(2026, 12, 31), [])
    assert announced(2025) and announced(2026)


def test_a_year_not_announced_has_monday_to_friday() -> None:
    assert not announced(2040)
    assert is_working_day(date(2040, 10, 1)) and not is_working_day(date(2040, 10, 6))


@pytest.mark.parametrize(
    ("day", "number", "wanted"),
    [
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-14", 1, "2026-02-24"),  # the Spring Festival is nine days long
        ("2026-09-30", 2, "2026-10-09"),
        ("2026-10-09", 1, "2026-10-10"),
        ("2026-11-25", 0, "2026-11-25"),
    ],
)
def test_terms_in_working_days(day: str, number: int, wanted: str) -> None:
    found = add_working_days(date.fromisoformat(day), number)
    assert found == date.fromisoformat(wanted)


@given(DAYS, st.integers(0, 30))
def test_counting_is_the_inverse_of_adding(day: date, number: int) -> None:
    start = working_day_from(day)
    assert working_days_between(start, add_working_days(start, number)) == number
