"""docs/reference/schema_drift.md is true: each of its examples is played as written."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from lake_config.settings import ROOT
from lake_config.source_schema import Seen, SeenColumn
from quality.drift import RULES, WHOLE_TABLE, drifts, worst
from tests.lib.quality_cases import column, table

PAGE = (ROOT / "docs" / "reference" / "schema_drift.md").read_text("utf-8")
CARDS = table(
    "cards",
    [
        column("no"),
        column("owner"),
        column("times", "integer", landed_type="bigint"),
        column("paid", "number", landed_type="decimal(12,2)"),
        column("born", "date"),
    ],
)
LAST_SEEN = (
    "no varchar(9); owner varchar(60); times int; paid decimal(12,2); born varchar(10)"
)
NULLABLE = {"null": True, "not-null": False}
C11 = {str(number) for number in range(1, 16)}


def lines_of(head: str) -> list[list[str]]:
    """Cells of the table that begins with this head."""
    block = PAGE.split(head, 1)[1].split("\n\n", 1)[0]
    lines = block.strip().splitlines()[1:]
    return [[cell.strip(" `") for cell in line[1:-1].split("|")] for line in lines]


EXAMPLES = lines_of("| C11 | kind | outcome | last seen | now | why |")


def seen(text: str) -> Seen:
    return tuple(_column(item) for item in text.split("; ") if item)


def _column(text: str) -> SeenColumn:
    found = re.fullmatch(r"(\w+) (\w+)(?:\((\d+)(?:,(\d+))?\))?(.*)", text)
    assert found is not None, text
    name, type_, size, scale, more = found.groups()
    facts = dict(item.split("=") for item in more.split() if "=" in item)
    word = next((item for item in more.split() if item in NULLABLE), None)
    made = SeenColumn(
        name,
        type_,
        nullable=NULLABLE[word] if word else None,
        unit=facts.get("unit", ""),
        layout=facts.get("layout", ""),
        encoding=facts.get("in", ""),
    )
    if size and scale:
        return replace(made, precision=int(size), scale=int(scale))
    return replace(made, length=int(size)) if size else made


def with_columns(old: str, new: str) -> Seen:
    """The table as last seen, with the example's columns in place of those of `old`."""
    base = seen(LAST_SEEN)
    gone = {item.name for item in seen(old)}
    place = next((at for at, item in enumerate(base) if item.name in gone), len(base))
    kept = [item for item in base if item.name not in gone]
    return (*kept[:place], *seen(new), *kept[place:])


def test_the_page_has_every_kind_and_all_of_c11() -> None:
    assert {line[1]: line[2] for line in EXAMPLES} == {
        kind: rule.outcome for kind, rule in RULES.items()
    }
    assert {number for line in EXAMPLES for number in line[0].split(", ")} == C11


def test_the_page_explains_every_outcome() -> None:
    explained = {line[0] for line in lines_of("| outcome | what happens |")}
    assert explained == {rule.outcome for rule in RULES.values()}


@pytest.mark.parametrize("line", EXAMPLES, ids=lambda line: f"{line[1]}: {line[4]}")
def test_an_example(line: list[str]) -> None:
    _, kind, outcome, old, new, _ = line
    agreed = re.search(r"agreed=(\S+)", old)
    before, now = with_columns(old, old), with_columns(old, new)
    found = drifts(CARDS, before, now, agreed[1] if agreed else "")
    assert {drift.kind for drift in found} == {kind}
    assert worst(found) == outcome
    changed = {item.name for item in (*seen(old), *seen(new))} | {WHOLE_TABLE, "#6"}
    assert {drift.column for drift in found} <= changed


def test_what_has_not_changed_is_no_drift() -> None:
    now = seen(LAST_SEEN)
    assert drifts(CARDS, now, now) == drifts(CARDS, (), now) == ()
