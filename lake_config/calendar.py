"""The city's own time, and its working days.

Delivery dates are dates in Asia/Shanghai, never the machine's. Working days are those the
State Council announces for each year, with holidays and make-up days (调休); a year that
is not announced yet has Monday to Friday.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

CITY_TIME = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
SATURDAY = 5


def city_today() -> date:
    return datetime.now(CITY_TIME).date()


def is_working_day(day: date) -> bool:
    import chinese_calendar

    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < SATURDAY


def announced(year: int) -> bool:
    """Are the holidays of this year known?"""
    import chinese_calendar

    return any(day.year == year for day in chinese_calendar.holidays)


def working_day_from(day: date) -> date:
    """The day itself, or else the next working day: where a term ends (民法典 203)."""
    while not is_working_day(day):
        day += DAY
    return day


def add_working_days(day: date, number: int) -> date:
    """The working day so many after `day`, which itself does not count."""
    for _ in range(number):
        day = working_day_from(day + DAY)
    return day


def working_days_between(after: date, until: date) -> int:
    """How many working days there are after one date and up to another, itself included."""
    days = (after + DAY * number for number in range(1, (until - after).days + 1))
    return sum(map(is_working_day, days))
