"""The delivery date as people give it to a command."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from lake_config.calendar import city_today
from lake_config.errors import UsageError

Day = Annotated[
    str | None, typer.Option("--date", help="交付日期 YYYY-MM-DD，默认今天")
]


def delivery_day(text: str | None) -> date:
    """Today in the city when none is given."""
    if text is None:
        return city_today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"日期应写作 YYYY-MM-DD，收到的是“{text}”。") from None
