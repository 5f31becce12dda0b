"""The invented members as a database delivers them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from tests.lib.quality_cases import GOOD, MEMBERS, typed

TYPED = typed(
    MEMBERS,
    {
        "birth_date": "date",
        "joined": "date",
        "left": "date",
        "children": "bigint",
        "income": "decimal(12,2)",
        "wages": "decimal(12,2)",
        "aid": "decimal(12,2)",
        "alive": "boolean",
    },
)


def typed_row(number: int) -> dict[str, Any]:
    day = datetime.date(1890, 1, 1) + datetime.timedelta(days=number * 37)
    odd = number % 7
    return {
        **GOOD,
        "member_no": f"M{number % 1000:03d}",
        "relation": None if odd == 3 else "01",
        "birth_date": day,
        "joined": day,
        "left": None if odd == 2 else day + datetime.timedelta(days=odd - 3),
        "children": None if odd == 1 else number % 40 - 5,
        "income": Decimal("3.30"),
        "wages": None if odd == 4 else Decimal(odd) - 1,
        "aid": Decimal("2.30"),
        "alive": bool(odd),
    }
