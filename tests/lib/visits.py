"""Visits of invented people of two counties: a table that the risk gate looks at."""

from __future__ import annotations

from typing import Any

from tests.lib.quality_cases import column, contract, identity_number, table

VISITS = table(
    "visits",
    [
        column("visit_no", semantic_type="record_key", primary_key=True, required=True),
        column("identity_no", semantic_type="identity_number"),
        column("county", semantic_type="county_code", codes=("231202", "231221")),
        column("sex", semantic_type="sex", codes=("1", "2")),
        column("born", "date", semantic_type="birth_date"),
        column("seen_on", "date", semantic_type="event_date"),
        column("benefit", semantic_type="sensitive_code", codes=("1", "2", "3")),
        column("paid", "number", semantic_type="amount", physical_type="decimal(12,2)"),
    ],
)
CLINIC = contract(VISITS)


def person(number: int) -> str:
    day = f"19{50 + number % 40}{number % 12 + 1:02d}{number % 28 + 1:02d}"
    return identity_number(f"231202{day}{number % 1000:03d}")


def visits(people: int, each: int = 1, start: int = 0) -> list[dict[str, Any]]:
    """Invented people of two counties, each with visits in different months."""
    return [
        {
            "visit_no": f"V{number:05d}-{turn}",
            "identity_no": person(number),
            "county": ("231202", "231221")[number % 2],
            "sex": str(number // 2 % 2 + 1),
            "born": f"{1950 + number % 40}-03-0{number % 9 + 1}",
            "seen_on": f"2025-{(number * 5 + turn * 3) % 12 + 1:02d}-1{number % 9}",
            "benefit": str((number // 4 + turn) % 3 + 1),
            "paid": f"{number}.50",
        }
        for number in range(start, start + people)
        for turn in range(each)
    ]
