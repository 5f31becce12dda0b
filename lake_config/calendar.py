"""The city's own day: delivery dates are dates in Asia/Shanghai, never the machine's."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

CITY_TIME = ZoneInfo("Asia/Shanghai")


def city_today() -> date:
    return datetime.now(CITY_TIME).date()
