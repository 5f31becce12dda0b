"""Who lowers protection needs a second officer, whatever way he goes about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audit.ledger import init_ledger, open_ledger
from lake_config.contract import Column, Contract
from lake_config.errors import NotSigned
from lake_config.settings import Settings
from privacy import policy
from privacy.approval import check, lowered_columns, sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer, revoke_officer
from privacy.review import facts_of
from tests.lib.quality_cases import column, contract, table

PEOPLE = table(
    "people",
    [
        column("number", semantic_type="identity_number"),
        column("name", semantic_type="person_name"),
        column("told_on", "date", semantic_type="event_date"),
    ],
)
PAYMENTS = table("payments", [column("card", semantic_type="bank_card")])
FIRST = contract(PEOPLE, PAYMENTS)


@pytest.fixture
def lake(settings: Settings) -> Settings:
    init_keys(settings)
    init_ledger(settings)
    for name in ("甲", "乙", "丙"):
        enrol_officer(settings, name)
    return settings


def edited(before: Contract, digest: str, name: str = "", **facts: str) -> Contract:
    """A file with other bytes, in which one column has other facts."""

    def same_or_not(item: Column) -> Column:
        return replace(item, **facts) if item.name == name else item  # type: ignore[arg-type]

    tables = tuple(
        replace(share, columns=tuple(map(same_or_not, share.columns)))
        for share in before.tables
    )
    return replace(before, digest=digest, tables=tables)


def signed(lake: Settings, what: Contract, *officers: str, policy: str = "1") -> None:
    for officer in officers:
        sign(lake, officer, what, policy)


def publish(lake: Settings, what: Contract, policy: str = "1") -> None:
    """What the publisher leaves in the ledger."""
    body = {
        "ok": True, "department": what.department, "table": "people", "attempt": "a",
        "date": "2026-03-02", "contract": what.digest, "rows": 1, "files_digest": "f",
        "recipient": "analysts", "purpose": "statistics", "policy": policy,
        "version": 0, "approvals": list(check(lake, what, policy)),
    }  # fmt: skip
    open_ledger(lake).append("published", "jobs", "b", body)


def assert_refused(lake: Settings, what: Contract, policy: str = "1") -> None:
    with pytest.raises(NotSigned, match="两人"):
        check(lake, what, policy)


def assert_passes(lake: Settings, what: Contract, policy: str = "1") -> None:
    assert check(lake, what, policy)


LOWER = edited(FIRST, "lower", "number", semantic_type="status_code")
COMMENTED = edited(LOWER, "lower, and a comment")


def test_lowering_needs_two(lake: Settings) -> None:
    signed(lake, FIRST, "甲")
    signed(lake, LOWER, "甲")
    assert_refused(lake, LOWER)
    assert lowered_columns(lake, LOWER, "1") == ["people.number"]
    signed(lake, LOWER, "乙")
    assert check(lake, LOWER, "1") == ("乙", "甲")


@pytest.mark.parametrize("published", [False, True])
def test_a_refused_contract_is_no_step_on_the_way_down(
    lake: Settings, published: bool
) -> None:
    signed(lake, FIRST, "甲")
    if published:
        publish(lake, FIRST)
    signed(lake, LOWER, "甲")
    signed(lake, COMMENTED, "甲")
    assert_refused(lake, LOWER)
    assert_refused(lake, COMMENTED)
    signed(lake, COMMENTED, "乙")
    assert_passes(lake, COMMENTED)


@pytest.mark.parametrize("published", [False, True])
def test_a_table_taken_out_and_put_back_weaker_needs_two(
    lake: Settings, published: bool
) -> None:
    signed(lake, FIRST, "甲")
    without = replace(FIRST, digest="without", tables=(PEOPLE,))
    signed(lake, without, "甲")
    if published:
        publish(lake, without)
    back = edited(FIRST, "back", "card", semantic_type="not_personal")
    signed(lake, back, "甲")
    assert_refused(lake, back)


def test_what_was_published_counts_also_after_its_table_is_gone(lake: Settings) -> None:
    """Two officers lowered it and nothing came of that; then the table was taken out."""
    signed(lake, FIRST, "甲")
    publish(lake, FIRST)
    weaker = edited(FIRST, "weaker", "card", semantic_type="not_personal")
    signed(lake, weaker, "甲", "乙")
    without = replace(FIRST, digest="without", tables=(PEOPLE,))
    signed(lake, without, "甲")
    publish(lake, without)
    back = edited(weaker, "back")
    signed(lake, back, "甲")
    assert_refused(lake, back)


def test_a_column_never_seen_is_new(lake: Settings) -> None:
    signed(lake, FIRST, "甲")
    more = replace(PAYMENTS, columns=(*PAYMENTS.columns, column("office")))
    wider = replace(FIRST, digest="wider", tables=(PEOPLE, more))
    signed(lake, wider, "甲")
    assert_passes(lake, wider)


def test_two_lowered_it_so_the_next_change_is_compared_with_that(
    lake: Settings,
) -> None:
    signed(lake, FIRST, "甲")
    signed(lake, LOWER, "甲", "乙")
    signed(lake, COMMENTED, "甲")
    assert_passes(lake, COMMENTED)


def test_what_was_signed_for_later_does_not_stop_what_is_published_today(
    lake: Settings,
) -> None:
    signed(lake, FIRST, "甲")
    publish(lake, FIRST)
    raised = edited(FIRST, "raised", "told_on", classification="重要")
    signed(lake, raised, "甲")
    assert_passes(lake, FIRST)
    publish(lake, raised)
    assert_refused(lake, FIRST)


def test_a_lowering_two_signed_stands_only_as_long_as_both_do(lake: Settings) -> None:
    signed(lake, FIRST, "甲")
    signed(lake, LOWER, "甲", "乙")
    revoke_officer(lake, "乙")
    assert_refused(lake, LOWER)
    signed(lake, LOWER, "丙")
    assert_passes(lake, LOWER)


def test_an_officer_who_left_leaves_the_protection_he_signed_for(
    lake: Settings,
) -> None:
    signed(lake, FIRST, "甲")
    revoke_officer(lake, "甲")
    signed(lake, LOWER, "乙")
    assert_refused(lake, LOWER)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("name", {"semantic_type": "sensitive_code"}),
        ("told_on", {"semantic_type": "sensitive_code"}),
        ("number", {"semantic_type": "person_name"}),
        ("name", {"semantic_type": "not_personal"}),
    ],
)
def test_any_other_semantic_type_needs_two(
    lake: Settings, name: str, facts: dict[str, str]
) -> None:
    """More sensitive is not more protected: names are dropped, sensitive codes kept."""
    signed(lake, FIRST, "甲")
    other = edited(FIRST, "other", name, **facts)
    signed(lake, other, "甲")
    assert_refused(lake, other)


def test_a_lower_classification_needs_two_and_a_higher_one(lake: Settings) -> None:
    high = edited(FIRST, "high", "name", classification="核心")
    signed(lake, FIRST, "甲")
    signed(lake, high, "甲")
    assert_passes(lake, high)
    low = edited(FIRST, "low", "name", classification="重要")
    signed(lake, low, "甲")
    assert_refused(lake, low)


@pytest.mark.parametrize(
    ("before", "now", "lower"),
    [
        ("不予共享", "有条件共享", True),
        ("有条件共享", "无条件共享", True),
        ("有条件共享", "不予共享", False),
    ],
)
def test_sharing_more_freely_needs_two(
    lake: Settings, before: str, now: str, lower: bool
) -> None:
    first, second = (
        replace(FIRST, digest=word, tables=(replace(PEOPLE, share_type=word),))
        for word in (before, now)
    )
    signed(lake, first, "甲")
    signed(lake, second, "甲")
    (assert_refused if lower else assert_passes)(lake, second)


@pytest.mark.parametrize(
    ("purpose", "treatment", "lower"),
    [
        ("statistics", policy.KEEP, True),
        ("research", policy.COUNTY, True),
        ("statistics", policy.DROP, False),
        ("statistics", policy.WITHHOLD, False),
    ],
)
def test_a_weaker_policy_needs_two_for_any_purpose(
    lake: Settings,
    monkeypatch: pytest.MonkeyPatch,
    purpose: str,
    treatment: policy.Treatment,
    lower: bool,
) -> None:
    signed(lake, FIRST, "甲")
    publish(lake, FIRST)
    line = replace(policy.TABLE["identity_number"], **{purpose: treatment})
    monkeypatch.setitem(policy.TABLE, "identity_number", line)
    signed(lake, FIRST, "甲", policy="2")
    check_: Callable[..., None] = assert_refused if lower else assert_passes
    check_(lake, FIRST, "2")


def test_facts_of_an_older_form_do_not_compare_and_need_two(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = {name: facts[:2] for name, facts in facts_of(FIRST).items()}
    with monkeypatch.context() as patch:
        patch.setattr("privacy.review.facts_of", lambda _: short)
        signed(lake, FIRST, "甲")
    same = edited(FIRST, "same")
    signed(lake, same, "甲")
    assert_refused(lake, same)


def test_without_the_facts_of_before_nothing_is_compared(lake: Settings) -> None:
    signed(lake, FIRST, "甲")
    [path] = lake.layers.approvals.glob("*.json")
    path.unlink()
    signed(lake, LOWER, "甲")
    with pytest.raises(NotSigned, match="备份"):
        check(lake, LOWER, "1")


def test_a_department_is_compared_with_itself_only(lake: Settings) -> None:
    signed(lake, FIRST, "甲")
    other = replace(LOWER, department="another")
    signed(lake, other, "甲")
    assert_passes(lake, other)


def test_files_nobody_signed_are_passed_over(lake: Settings) -> None:
    signed(lake, FIRST, "甲")
    folder: Path = lake.layers.approvals
    (folder / "a.json").write_text("{", encoding="utf-8")
    (folder / "b.json").write_text("[]", encoding="utf-8")
    assert_passes(lake, FIRST)
