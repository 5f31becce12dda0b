"""The rules the risk gate goes by, against the policy's kinds and all contracts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lake_config.contract import SEMANTIC_TYPES
from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT
from privacy.policy import PURPOSES, STATISTICS, TABLE, treatment
from privacy.risk import rules
from privacy.risk.decide import people_at_least
from privacy.risk.ladder import COARSER, parts_of
from privacy.risk.rules import DROPPED, LADDER, PERSON, QUASI, ROLES, SCALES, SENSITIVE


def test_every_semantic_type_plays_a_part_and_every_scale_is_whole() -> None:
    assert set(ROLES) == set(SEMANTIC_TYPES)
    quasi = {kind for kind, role in ROLES.items() if role.part == QUASI}
    assert set(SCALES) == quasi
    ranks = [role.rank for role in ROLES.values() if role.part == PERSON]
    assert sorted(ranks) == list(range(1, len(ranks) + 1))
    assert {how for scale in SCALES.values() for how in scale} == set(COARSER)
    for kind in quasi:
        assert SCALES[kind][-1] == DROPPED
        steps = {rung.how for rung in LADDER if kind in rung.kinds}
        assert steps == set(SCALES[kind][1:]), kind
        for purpose in PURPOSES:
            decided = treatment(kind, purpose)
            assert (
                not decided.published or (decided.how or decided.kind) in SCALES[kind]
            )


def test_what_others_may_know_or_would_learn_never_counts_as_harmless() -> None:
    """A kind that is told to anybody, and is about a person, is a part of the gate."""
    for kind, personal in SEMANTIC_TYPES.items():
        published = any(treatment(kind, purpose).published for purpose in PURPOSES)
        if ROLES[kind].part == "other" and published and personal != "none":
            assert kind in ("record_key", "amount")
    sensitive = {kind for kind, role in ROLES.items() if role.part == SENSITIVE}
    kept = {kind for kind in TABLE if treatment(kind, STATISTICS).published}
    assert {"diagnosis_code", "sensitive_code", "status_code"} == sensitive & kept


def test_every_table_about_people_can_tell_them_apart() -> None:
    for contract in load_contracts(ROOT / "lake_config" / "contracts"):
        for one in contract.tables:
            parts = parts_of(one, STATISTICS)
            assert bool(parts.persons) == parts.about_people, one.name
            assert one.share_type != "无条件共享" or not parts.about_people


@pytest.mark.parametrize(
    ("department", "people"),
    [("medical_insurance", 20), ("public_security", 20), ("transport", 5)],
)
def test_how_many_people_is_the_policy_s_word(department: str, people: int) -> None:
    contracts = load_contracts(ROOT / "lake_config" / "contracts")
    found = {one.department: people_at_least(one) for one in contracts}
    assert found[department] == people


CHANGES: list[Callable[[pytest.MonkeyPatch], None]] = [
    lambda patch: patch.setitem(ROLES, "sex", rules.Role("other", "")),
    lambda patch: patch.setitem(rules.PEOPLE_AT_LEAST, "medical", 2),
    lambda patch: patch.setattr(rules, "SUPPRESSED_AT_MOST", 0.5),
    lambda patch: patch.setattr(rules, "UNTOLD_AT_MOST", 0.5),
    lambda patch: patch.setattr(rules, "EVENTS_UNIQUE_AT_MOST", 0.5),
    lambda patch: patch.setattr(rules, "LADDER", LADDER[:3]),
    lambda patch: patch.setitem(SCALES, "sex", ("keep",)),
    lambda patch: patch.setattr(rules, "NOBODY", "^无$"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_policy_s_version_names_what_the_gate_goes_by(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[pytest.MonkeyPatch], None]
) -> None:
    from privacy.policy import POLICY_VERSION, version_of

    change(monkeypatch)
    assert version_of(TABLE) != POLICY_VERSION
