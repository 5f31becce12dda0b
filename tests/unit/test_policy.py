"""The policy table is complete, holds what the law asks for, and is named by content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lake_config.contract import PERSONAL_SENSITIVE, SEMANTIC_TYPES
from lake_config.contract_loader import load_contracts
from lake_config.errors import UsageError
from lake_config.settings import ROOT
from privacy import policy, regions, tokens, treatments
from privacy.options import OPTIONS
from privacy.policy import (
    DROP,
    KEEP,
    POLICY_VERSION,
    PURPOSES,
    TABLE,
    TOKEN,
    WITHHOLD,
    treatment,
    version_of,
)
from privacy.strength import FINER_FIRST, STRENGTH, Treatment, weaker

IDENTIFIERS = (
    "identity_number person_name mobile landline bank_card social_security_number "
    "medical_insurance_number licence_number plate vin person_key record_key"
).split()


def test_every_semantic_type_has_a_decision_for_every_purpose() -> None:
    assert set(TABLE) == set(SEMANTIC_TYPES)
    for kind in SEMANTIC_TYPES:
        assert TABLE[kind].reason
        for purpose in PURPOSES:
            decided = treatment(kind, purpose)
            assert isinstance(decided, Treatment)
            assert decided.kind in STRENGTH


def test_every_way_to_generalise_is_carried_out_and_none_lies_idle() -> None:
    used = {
        treatment(kind, purpose).how for kind in SEMANTIC_TYPES for purpose in PURPOSES
    }
    used |= {way.how for there in OPTIONS.values() for way in there.values()}
    assert used - {""} == set(treatments.GENERALISERS)


def test_an_unknown_purpose_is_refused() -> None:
    with pytest.raises(UsageError):
        treatment("mobile", "curiosity")
    with pytest.raises(KeyError):
        treatment("shoe_size", "statistics")


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_identifier_leaves_as_it_is(purpose: str) -> None:
    assert {treatment(kind, purpose) for kind in IDENTIFIERS} <= {TOKEN, DROP}
    assert treatment("person_name", purpose) == DROP
    assert treatment("free_text", purpose) == WITHHOLD
    assert treatment("diagnosis_text", purpose) == WITHHOLD


@pytest.mark.parametrize("purpose", PURPOSES)
def test_what_is_sensitive_is_kept_only_as_a_closed_code(purpose: str) -> None:
    """law L50: medical, accounts, whereabouts, specific identity."""
    kept = {
        kind
        for kind, personal in SEMANTIC_TYPES.items()
        if personal == PERSONAL_SENSITIVE and treatment(kind, purpose) == KEEP
    }
    assert kept <= {"sensitive_code"}


def test_no_purpose_gets_more_than_statistics_of_what_is_sensitive() -> None:
    order = ["withhold", "drop", "generalise", "token", "keep"]
    for kind, personal in SEMANTIC_TYPES.items():
        if personal == PERSONAL_SENSITIVE:
            most = order.index(treatment(kind, "statistics").kind)
            for purpose in PURPOSES:
                assert order.index(treatment(kind, purpose).kind) <= most


def test_kept_sensitive_codes_are_closed_lists_in_every_contract() -> None:
    """Keeping is safe only for codes: an open text column may not call itself one."""
    for contract in load_contracts(ROOT / "lake_config" / "contracts"):
        for table in contract.tables:
            for column in table.columns:
                if column.semantic_type in ("sensitive_code", "status_code", "sex"):
                    assert column.codes or column.logical_type == "integer", column.name


def test_the_version_names_the_content() -> None:
    assert version_of(TABLE) == POLICY_VERSION
    lowered = {**TABLE, "mobile": replace(TABLE["mobile"], statistics=KEEP)}
    assert version_of(lowered) != POLICY_VERSION
    reworded = {**TABLE, "mobile": replace(TABLE["mobile"], reason="another word")}
    assert version_of(reworded) == POLICY_VERSION


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("COUNTY_PATTERN", "(望奎)"),
        ("OUTSIDE", "?"),
        ("EARLIEST_BIRTH_YEAR", 1900),
        ("BIRTH_BAND_YEARS", 1),
        ("CHAPTERS", (("A00", "A00"),)),
        ("TOKEN_BYTES", 4),
        ("EXACT", frozenset()),
        ("TOKEN_FORM", "another"),
        ("STRENGTH", {**STRENGTH, "keep": 9}),
        ("FINER_FIRST", FINER_FIRST[::-1]),
        ("OPTIONS", {**OPTIONS, "vin": {"stars": Treatment("display")}}),
        ("TOWNSHIP_PATTERN", "(望奎)"),
        ("GRID_STEP", 1),
        ("LATITUDES", (0, 9000)),
        ("OLDEST_AGE", 120),
        ("SHIFT_DAYS", 1),
        ("STARRED", {}),
        ("FORMATS", {}),
    ],
)
def test_the_version_names_what_the_table_leans_on(
    monkeypatch: pytest.MonkeyPatch, name: str, other: object
) -> None:
    monkeypatch.setattr(policy, name, other)
    assert version_of(TABLE) != POLICY_VERSION


def test_what_is_carried_out_is_what_the_version_names() -> None:
    for module in (treatments, tokens, regions):
        for name in vars(module).keys() & vars(policy).keys():
            if name.isupper():
                assert getattr(module, name) is getattr(policy, name)
    assert treatments.CHAPTERS is policy.CHAPTERS
    assert tokens.EXACT is policy.EXACT


def test_treatments_have_an_order_and_every_way_to_generalise_a_scale() -> None:
    order = ["keep", "display", "generalise(day)", "format", "token", "drop"]
    for place, stronger in enumerate(order):
        assert [weaker(now, stronger) for now in order] == [
            now < place for now in range(len(order))
        ]
    assert not weaker("withhold", "drop") and not weaker("drop", "withhold")
    assert weaker("shift", "generalise(day)") and weaker("generalise(month)", "shift")
    assert weaker("display", "masked_text") and weaker("masked_text", "display")
    assert not weaker("shift", "shift") and not weaker("display", "display")
    scales = [way for scale in FINER_FIRST for way in scale]
    assert sorted(scales) == sorted(treatments.GENERALISERS)


@pytest.mark.parametrize(
    ("now", "before", "lower"),
    [
        ("day", "month", True),
        ("month", "day", False),
        ("birth_year", "birth_band", True),
        ("birth_band", "birth_year", False),
        ("county", "county", False),
        ("township", "county", True),
        ("county", "township", False),
        ("age_band", "age", False),
        ("at_most_100000", "at_most_10000", True),
        ("county", "day", True),
        ("day", "county", True),
    ],
)
def test_ways_to_generalise_compare_on_their_own_scale(
    now: str, before: str, lower: bool
) -> None:
    assert weaker(f"generalise({now})", f"generalise({before})") is lower


def test_a_treatment_that_is_not_known_any_more_was_the_strongest() -> None:
    assert weaker("drop", "burn") and weaker("generalise(day)", "generalise(week)")
