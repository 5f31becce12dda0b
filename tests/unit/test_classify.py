"""Evidence, pieces, inheritance and the count of persons, against slow obvious seconds."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import comb

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lake_config.contract import Reference
from privacy import check_digits
from privacy.classification.forms import CELL, FORMS
from privacy.classification.measures import lower_bound, measured, sampled
from privacy.classification.names import Named
from privacy.classification.proposal import proposal, protects_less
from privacy.classification.watch import Watched, appearing, together, watched
from privacy.classify import findings, lineage, propose, samples, watched_columns
from privacy.leak_patterns import classes_in
from privacy.policy import PURPOSES, treatment
from tests.lib.identifiers import MAKERS
from tests.lib.look_alikes import BY_CHANCE
from tests.lib.quality_cases import column, table
from tests.lib.shown_things import THINGS, TYPES

CHANCE = random.Random(5)
DIGITS = "0123456789"


def made(entity: str, count: int) -> list[str]:
    return [MAKERS[entity](CHANCE)[1] for _ in range(count)]


CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CHECKS: dict[str, tuple[str, int, int, Callable[[str], bool]]] = {
    "identity_number": (
        DIGITS, 18, 18, lambda text: check_digits.resident_check(text[:17]) == text[17],
    ),
    "company_code": (
        CREDIT, 18, 18, lambda text: check_digits.credit_check(text[:17]) == text[17],
    ),
    "bank_card": (DIGITS, 16, 19, check_digits.passes_luhn),
    "vin": (DIGITS + "ABCDEFGHJKLMNPRSTUVWXYZ", 17, 17, check_digits.passes_vin),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKS)
def test_checks_in_a_matrix_are_those_of_one_number(name: str) -> None:
    signs, least, most, slow = CHECKS[name]
    texts = [
        "".join(CHANCE.choices(signs, k=CHANCE.randint(least, most)))
        for _ in range(1_000)
    ]
    passes = FORMS[name].passes
    assert passes is not None
    found = list(passes(pl.Series(CELL, texts)))
    assert found == [slow(text) for text in texts]
    assert 0 < sum(found) < 200


def test_a_bound_holds_in_95_of_100_cases() -> None:
    """Against the binomial itself: rarely is the bound above the true rate."""
    for tried, rate in ((10, 0.7), (40, 0.6), (300, 1 / 11)):
        odds = [
            comb(tried, hits) * rate**hits * (1 - rate) ** (tried - hits)
            for hits in range(tried + 1)
        ]
        above = sum(
            odd for hits, odd in enumerate(odds) if lower_bound(hits, tried) > rate
        )
        assert above < 0.05
    assert lower_bound(0, 0) == 0 and lower_bound(3, 3) < 0.6 < lower_bound(6, 6)


@hypothesis_settings(max_examples=12)
@given(
    cells=st.lists(
        st.sampled_from([None, "无", "A1", "13945551234", "备注 13945551234", "0455-8381234", "0", "黑MD1234"]),
        max_size=40,
    ),
    cut=st.integers(0, 40),
)  # fmt: skip
def test_pieces_add_up_to_the_whole(cells: list[str | None], cut: int) -> None:
    def look(some: list[str | None]) -> Watched:
        return watched(pl.Series("c", some, pl.String))

    parts, whole = together(look(cells[:cut]), look(cells[cut:])), look(cells)
    assert (parts.cells, parts.numbers) == (whole.cells, whole.numbers)
    assert set(parts.values) == set(whole.values)
    assert parts.numbers["mobile"][0] == sum("139" in (cell or "") for cell in cells)


def test_a_sample_is_the_same_in_any_order_and_of_samples_too() -> None:
    cells = [f"v{number}" for number in range(5_000)]
    first = set(sampled(pl.Series(cells), 100))
    CHANCE.shuffle(cells)
    halves = [sampled(pl.Series(part), 100) for part in (cells[:2_000], cells[2_000:])]
    assert (
        first
        == set(sampled(pl.Series(cells), 100))
        == set(sampled(pl.concat(halves), 100))
    )
    assert len(first) == 100


WIDE_DIGITS = str.maketrans(DIGITS, "０１２３４５６７８９")
ENTITIES = {
    "mobile": "CN_MOBILE",
    "identity_number": "CN_IDENTITY_NUMBER",
    "bank_card": "CN_BANK_CARD",
    "plate": "CN_PLATE",
    "vin": "CN_VIN",
}


@pytest.mark.parametrize("name", ENTITIES)
def test_numbers_are_found_where_the_leak_scan_finds_them(name: str) -> None:
    """Whole, in a sentence and full-width: the slow scan is the second opinion. It alone
    knows old identity numbers, which have no check digit."""
    values = [value for value in made(ENTITIES[name], 100) if len(value) != 15]
    forms = (
        values,
        [f"经办人{value}，已核" for value in values],
        [value.translate(WIDE_DIGITS) for value in values],
    )
    for texts in forms:
        wanted = [text for text in texts if name in classes_in(text)]
        candidates, _ = watched(pl.Series(wanted)).numbers[name]
        assert candidates == len(wanted) > 50


def columns_of(**cells: list[str]) -> dict[str, Watched]:
    return {name: watched(pl.Series(name, some)) for name, some in cells.items()}


def test_a_kind_of_number_appears_above_one_of_a_thousand() -> None:
    plain = [f"A{number}" for number in range(2_000)]
    few = watched(pl.Series(plain[:-2] + made("CN_MOBILE", 2)))
    more = watched(pl.Series(plain[:-3] + made("CN_MOBILE", 3)))
    assert appearing(few) == {} and appearing(more) == {"mobile": 3}


def test_what_passes_by_chance_does_not_appear() -> None:
    """Case numbers pass the check of identity numbers at 9 of 100; some true ones show."""
    cases = [BY_CHANCE["region, day and 4 digits"](CHANCE) for _ in range(4_000)]
    assert appearing(watched(pl.Series(cases))) == {}
    true = [item for item in made("CN_IDENTITY_NUMBER", 500) if len(item) == 18]
    assert "identity_number" in appearing(watched(pl.Series(cases + true)))


def test_only_columns_that_show_something_are_watched() -> None:
    assert watched_columns(THINGS, TYPES) == ("office", "home")
    shown = table("things", THINGS.columns, record_number="no")
    assert watched_columns(shown, TYPES) == ("no", "office", "home")


def test_a_finding_is_where_the_contract_shows_more() -> None:
    seen = columns_of(office=made("CN_IDENTITY_NUMBER", 60), home=made("CN_MOBILE", 60))
    found = findings(THINGS, propose(THINGS, samples(seen)), seen)
    assert {(item.column, item.name, item.why) for item in found} == {
        ("office", "identity_number", "classified"),
        ("home", "mobile", "classified"),
    }
    quiet = columns_of(
        office=["民政局"] * 60, home=made("CN_ADDRESS", 60), who=made("CN_MOBILE", 60)
    )
    assert findings(THINGS, propose(THINGS, samples(quiet)), quiet) == ()


def test_no_value_stands_in_a_proposal() -> None:
    cells = made("CN_IDENTITY_NUMBER", 60)
    [found] = propose(
        table("t", [column("c1")]), samples({"c1": watched(pl.Series(cells))})
    )
    told = str(found.facts())
    assert not any(cell in told or cell[:10] in told for cell in cells)


def test_lineage_wins_over_guessing_but_not_over_what_is_proven() -> None:
    serials = measured(100, pl.Series([f"P{number:08d}" for number in range(100)]))
    found = proposal("c", Named("record_key", "exact"), serials, "person_key")
    assert (found.name, found.evidence[0].source) == ("person_key", "lineage")
    proven = measured(60, pl.Series(made("CN_IDENTITY_NUMBER", 60)))
    assert proposal("c", Named(), proven, "not_personal").name == "identity_number"
    assert proposal("c", Named(), proven, "person_key").name == "person_key", (
        "a token hides it"
    )
    child = table("child", [column("p")], references=(Reference("p", "parent", "k"),))
    parent = table("parent", [column("k", semantic_type="person_key")])
    assert lineage(child, [child, parent]) == {"p": "person_key"}


def test_a_body_s_address_is_a_body_s_only_where_no_person_is() -> None:
    homes, names = made("CN_ADDRESS", 60), ["王小明", "李国华", "张丽娟"] * 20
    bodies = table("t", [column("c_addr"), column("xm")], business_name="定点医药机构")
    alone = columns_of(c_addr=homes)
    assert propose(bodies, samples(alone))[0].name == "not_personal"
    assert propose(bodies, samples(alone), hidden=True)[0].name == "address"
    assert findings(bodies, propose(bodies, samples(alone)), alone) == ()
    assert (
        propose(bodies, samples(columns_of(c_addr=homes, xm=names)))[0].name
        == "address"
    )
    staff = table(
        "t", [column("c_addr"), column("who", semantic_type="person_name")],
        business_name="定点医药机构",
    )  # fmt: skip
    assert propose(staff, samples(alone))[0].name == "address", (
        "the contract knows a person"
    )


def test_protects_less_is_about_what_is_shown() -> None:
    assert protects_less("not_personal", "mobile") and protects_less(
        "address", "person_name"
    )
    assert not protects_less("mobile", "person_name"), "a token shows nothing"
    assert not protects_less("movement_place", "address")
    for kind in ("free_text", "person_key", "identity_number"):
        assert all(
            treatment(kind, use).kind not in ("keep", "generalise") for use in PURPOSES
        )
        assert not protects_less(kind, "identity_number")
