"""docs/reference/classification.md is true: each of its tables is run."""

from __future__ import annotations

import random
from collections.abc import Callable

import polars as pl
import pytest

from lake_config.settings import ROOT
from privacy.classification.classes import DIRECT, TITLES
from privacy.classification.forms import FORMS
from privacy.classification.measures import SAMPLE
from privacy.classification.names import name_evidence
from privacy.classification.proposal import MANY, NEARLY_ALL, PROVEN
from privacy.classification.watch import APPEARS, watched
from privacy.classify import propose, samples
from privacy.person_count import LEVELS
from privacy.table_tags import Tags, inherited
from simulation.people import people_of
from tests.lib.confusers import CONFUSERS
from tests.lib.identifiers import MAKERS
from tests.lib.look_alikes import BY_CHANCE
from tests.lib.quality_cases import column, table

PAGE = (ROOT / "docs/reference/classification.md").read_text("utf-8")
VALUES = 400
NAMES = [str(name) for name in people_of(11, 0, 2_000).name]


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    lines = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    rows = [line for line in lines if line.startswith("|")][2:]
    return [
        [cell.strip() for cell in row.strip().strip("|").split("|")] for row in rows
    ]


def of_class(entity: str) -> Callable[[random.Random], str]:
    return lambda chance: MAKERS[entity](chance)[1]


KINDS: dict[str, Callable[[random.Random], str]] = {
    **BY_CHANCE,
    "identity numbers": of_class("CN_IDENTITY_NUMBER"),
    "bank cards": of_class("CN_BANK_CARD"),
    "vehicles": of_class("CN_VIN"),
    "mobile numbers": of_class("CN_MOBILE"),
    "addresses": of_class("CN_ADDRESS"),
    "credit codes": of_class("CN_CREDIT_CODE"),
    "longitude,latitude": lambda chance: (
        f"{chance.uniform(124.9, 128.4):.6f},{chance.uniform(45.1, 48):.6f}"
    ),
    "names": lambda chance: chance.choice(NAMES),
    "words that are names": CONFUSERS["words that are names"][2],
    "remarks": CONFUSERS["sentences"][2],
    "numbers counted up from 13800000000": lambda chance: f"1380000{chance.randrange(10_000):04d}",
}  # fmt: skip


def test_limits_are_those_of_the_code() -> None:
    told = [
        f"at least {MANY * 100:.0f} of 100 distinct values",
        f"above {PROVEN}",
        f"at least {NEARLY_ALL * 100:.0f} of 100 values are well formed",
        f"At most {SAMPLE:,} distinct values",
        f"more than {APPEARS * 100:.1f} of 100 cells",
        f"reaches {LEVELS[0]:,} and\n{LEVELS[1]:,}",
    ]
    assert [text for text in told if text not in PAGE] == []


def test_all_direct_identifiers_stand_in_their_order() -> None:
    shown = rows_under("Classes")
    assert [(row[0], row[1]) for row in shown] == [
        (name, TITLES[name]) for name in DIRECT
    ]
    for name, _, _, by_chance, by_values in shown:
        form = FORMS.get(name)
        assert by_values == ("yes" if form else "no")
        assert by_chance == (f"{form.chance * 100:.1f}" if form and form.passes else "")


@pytest.mark.parametrize(("name", "label", "kind", "degree"), rows_under("Names"))
def test_names(name: str, label: str, kind: str, degree: str) -> None:
    found = name_evidence(name, label)
    assert (found.name, found.degree) == (kind, degree)


@pytest.mark.parametrize(("kind", "share", "others", "held_for"), rows_under("Columns"))
def test_columns(kind: str, share: str, others: str, held_for: str) -> None:
    chance = random.Random(f"{kind} {share}")
    count = VALUES * int(share) // 100
    cells = [KINDS[kind](chance) for _ in range(count)]
    cells += [KINDS[others](chance) for _ in range(VALUES - count)] if others else []
    seen = {"c1": watched(pl.Series("c1", cells))}
    [found] = propose(table("t", [column("c1")]), samples(seen))
    assert found.name == held_for


def _tags(text: str) -> list[Tags]:
    return [Tags(*item.split()) for item in text.split("; ")]


@pytest.mark.parametrize(("inputs", "derived"), rows_under("Children, levels, persons"))
def test_a_derived_table_inherits(inputs: str, derived: str) -> None:
    assert [inherited(_tags(inputs))] == _tags(derived)
