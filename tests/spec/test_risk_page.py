"""docs/reference/risk.md is true: its tables are the decisions the gate goes by."""

from __future__ import annotations

import re

from audit.events import OPTIONAL
from lake_config.errors import TooFewChanged, TooFewPeople
from lake_config.settings import ROOT
from privacy import small_counts
from privacy.risk import rules
from privacy.risk.measure import MOST_NAMED, SIZES
from privacy.risk.rules import DROPPED, LADDER, PEOPLE_AT_LEAST, ROLES

PAGE = (ROOT / "docs" / "reference" / "risk.md").read_text("utf-8")
TOLD = {
    "month": "month", "quarter": "quarter", "year": "year", "birth_band": "five years",
    "birth_decade": "ten years", DROPPED: "not told", "county": "county",
    "age_band": "five years", "age_decade": "ten years",
}  # fmt: skip
KINDS = {"birth date": ["birth_date"], "event dates and times": list(rules.EVENT)}


def rows_under(heading: str) -> list[list[str]]:
    part = PAGE.split(f"\n{heading}\n", 1)[1]
    return _rows(part)


def _rows(part: str) -> list[list[str]]:
    block = re.search(r"(?:^\|.*\n)+", part, re.MULTILINE)
    assert block is not None
    lines = block[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_the_page_shows_the_part_of_every_kind() -> None:
    parts = [rules.PERSON, rules.QUASI, rules.SENSITIVE, rules.OTHER]
    for part, (_, kinds) in zip(parts, rows_under("## What a column is"), strict=True):
        shown = kinds.split(", ")
        ordered = sorted(shown, key=lambda kind: ROLES[kind].rank)
        assert shown == ordered
        assert set(shown) == {kind for kind, role in ROLES.items() if role.part == part}


def test_the_page_shows_every_step_in_its_order() -> None:
    shown = _rows(PAGE.split("The steps, in this order", 1)[1])
    assert len(shown) == len(LADDER)
    for number, (rung, (place, columns, told)) in enumerate(
        zip(LADDER, shown, strict=True), 1
    ):
        kinds, _, each = columns.partition(", one")
        assert place == str(number) and told == TOLD[rung.how]
        assert KINDS.get(kinds, [kinds]) == list(rung.kinds)
        assert bool(each) == rung.each


def test_the_page_tells_the_figures_of_the_policy() -> None:
    gate = {line[0]: line[1] for line in rows_under("## The gate")}
    least = PEOPLE_AT_LEAST
    assert gate["people a group needs (k)"] == (
        f"{least['government']}; medical and police networks {least['police']}"
    )
    assert least["medical"] == least["police"]
    text = " ".join(cell for line in rows_under("## The gate") for cell in line)
    assert f"{rules.SUPPRESSED_AT_MOST:.0%}".replace("%", " %") in text
    assert f"(exit code {TooFewPeople.exit_code})" in text
    assert {role.diversity for role in ROLES.values()} == {1, 3} and "| 3," in PAGE
    assert rules.UNTOLD_AT_MOST == rules.EVENTS_UNIQUE_AT_MOST == 0.05
    assert rules.EVENTS_KNOWN == (2, 3, 4)
    assert f"(exit code {TooFewChanged.exit_code})" in PAGE
    assert not rules.WAITS_FOR_ENOUGH and "difference" in OPTIONAL
    assert SIZES == (1, 2, 5, 20, 100) and f"{MOST_NAMED} stands for" in PAGE
    assert small_counts.COUNT_STEP == 5 and small_counts.SUM_STEP == 100
    assert small_counts.DOMINANT == 0.5
