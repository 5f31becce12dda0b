"""What a grant says, who stands behind it, and that nothing wrong in it is passed over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from audit.ledger import open_ledger
from lake_config.contract import NOT_SHARED
from lake_config.errors import ContractError, GrantNotInForce, UsageError
from lake_config.grants import Grant, read_grants
from lake_config.settings import Settings
from privacy.column_treatment import NOT_GRANTED
from privacy.grants import (
    granted,
    problems,
    require_in_force,
    sign_grant,
    withdraw_grant,
)
from privacy.mask_frame import published_columns
from privacy.officers import revoke_officer
from privacy.policy import PURPOSES
from tests.lib.gated_batch import INVENTED, PEOPLE, renamed
from tests.lib.granted_lake import (
    REMARKS,
    UNTIL,
    declare,
    granting,
    other,
    signed,
    yesterday,
)


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return granting(settings, monkeypatch, REMARKS)


def only(lake: Settings) -> Grant:
    (found,) = read_grants(lake)
    return found


def test_a_grant_is_what_was_declared(lake: Settings) -> None:
    assert only(lake) == Grant(
        "remarks", "research_office", "statistics", "invented", "people",
        ("record_no", "identity_no", "sex", "remark"), {"remark": "masked_text"},
        UNTIL, "警情分析",
    )  # fmt: skip


def test_without_a_file_nothing_is_granted(lake: Settings) -> None:
    lake.layers.grants.unlink()
    assert read_grants(lake) == ()


def test_an_empty_list_grants_nothing(lake: Settings) -> None:
    declare(lake)
    assert read_grants(lake) == ()


def test_all_that_is_wrong_is_told_at_once(lake: Settings) -> None:
    declare(
        lake,
        other(recipient="analysts", columns=["sex", "sex"]),
        other(options=[{"column": "home", "option": "x"}] * 2),
    )
    with pytest.raises(ContractError) as refusal:
        read_grants(lake)
    told = "\n".join(refusal.value.problems)
    for word in ("name“remarks”重复", "不能是“analysts”", "“sex”重复", "“home”重复",
                 "“home”不在 columns"):  # fmt: skip
        assert word in told
    assert len(refusal.value.problems) == 7


@pytest.mark.parametrize(
    "facts",
    [
        {"until": "soon"}, {"until": None}, {"reason": None}, {"recipient": "../x"},
        {"name": "A"}, {"columns": []}, {"columns": None}, {"surplus": 1},
        {"options": [{"column": "remark"}]}, {"purpose": 7},
    ],
)  # fmt: skip
def test_a_misshapen_declaration_is_refused(
    lake: Settings, facts: dict[str, Any]
) -> None:
    declare(lake, other(**facts))
    with pytest.raises(ContractError):
        read_grants(lake)


def test_every_word_is_part_of_its_digest(lake: Settings) -> None:
    changed: list[dict[str, Any]] = [
        {}, {"name": "b"}, {"recipient": "b"}, {"purpose": "research"}, {"table": "b"},
        {"department": "b"}, {"columns": ["remark"]}, {"options": None},
        {"until": yesterday()}, {"reason": "b"},
    ]  # fmt: skip
    digests = set()
    for facts in changed:
        declare(lake, other(**facts))
        digests.add(only(lake).digest)
    assert len(digests) == len(changed)


def test_what_is_not_named_is_not_published(lake: Settings) -> None:
    table = granted(only(lake), PEOPLE)
    assert table.name == "remarks"
    published = [column.name for column in published_columns(table, "statistics")]
    assert published == REMARKS["columns"]
    left = {column.name for column in table.columns if column.option == NOT_GRANTED}
    assert left == {column.name for column in PEOPLE.columns} - set(published)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_no_grant_publishes_more_than_policy_and_options_allow(
    lake: Settings, purpose: str
) -> None:
    """Every column alone, without an option: it fits or it would not be published."""
    for column in PEOPLE.columns:
        grant = Grant(
            "g", "r", purpose, "invented", "people", (column.name,), {}, UNTIL, "x"
        )
        published = published_columns(granted(grant, PEOPLE), purpose)
        misfit = "不发布" in "".join(_problems(lake, grant))
        assert [item.name for item in published] == ([] if misfit else [column.name])


def _problems(lake: Settings, grant: Grant, **contract: Any) -> list[str]:
    return problems(open_ledger(lake), grant, replace(INVENTED, **contract))


def test_each_misfit_is_told(lake: Settings) -> None:
    grant = Grant(
        "people", "r", "fun", "invented", "people", ("sex",), {}, yesterday(), "x"
    )
    assert len(_problems(lake, grant)) == 3
    fitting = replace(grant, name="g", purpose="statistics", until=UNTIL)
    assert _problems(lake, fitting) == []
    closed = replace(PEOPLE, share_type=NOT_SHARED)
    for wrong in (
        _problems(lake, replace(fitting, table="gone")),
        _problems(lake, replace(fitting, columns=("gone",))),
        _problems(lake, replace(fitting, columns=("remark",))),
        _problems(lake, replace(fitting, options={"sex": "masked_text"})),
        _problems(
            lake, replace(fitting, columns=("remark",), options={"remark": "plain"})
        ),
        _problems(lake, fitting, tables=(closed,)),
    ):
        assert len(wrong) == 1


def test_two_officers_put_it_in_force(lake: Settings) -> None:
    ledger = open_ledger(lake)
    for number, officer in enumerate(("甲", "乙"), 1):
        with pytest.raises(GrantNotInForce):
            require_in_force(lake, ledger, only(lake), INVENTED)
        assert len(sign_grant(lake, ledger, "remarks", officer)[1]) == number
    require_in_force(lake, ledger, only(lake), INVENTED)


@pytest.mark.parametrize(
    "facts",
    [
        {"recipient": "b"}, {"purpose": "research"}, {"columns": ["sex", "remark"]},
        {"until": yesterday()}, {"reason": "b"},
    ],
)  # fmt: skip
def test_no_other_words_stand_under_the_signatures(
    lake: Settings, facts: dict[str, Any]
) -> None:
    signed(lake, "remarks")
    declare(lake, other(**facts))
    with pytest.raises(GrantNotInForce):
        require_in_force(lake, open_ledger(lake), only(lake), INVENTED)


def test_another_contract_or_policy_needs_new_signatures(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(lake, "remarks")
    ledger, grant = open_ledger(lake), only(lake)
    with pytest.raises(GrantNotInForce):
        require_in_force(lake, ledger, grant, renamed(INVENTED, "other"))
    monkeypatch.setattr("privacy.grants.POLICY_VERSION", "1.other")
    with pytest.raises(GrantNotInForce):
        require_in_force(lake, ledger, grant, INVENTED)


def test_a_revoked_officer_s_signature_counts_no_more(lake: Settings) -> None:
    signed(lake, "remarks")
    revoke_officer(lake, "乙")
    with pytest.raises(GrantNotInForce):
        require_in_force(lake, open_ledger(lake), only(lake), INVENTED)


def test_what_was_withdrawn_never_returns_in_the_same_words(lake: Settings) -> None:
    ledger = open_ledger(lake)
    signed(lake, "remarks")
    withdraw_grant(lake, ledger, "remarks", "乙")
    with pytest.raises(GrantNotInForce):
        require_in_force(lake, ledger, only(lake), INVENTED)
    with pytest.raises(UsageError):
        signed(lake, "remarks")
    declare(lake, other(reason="再次申请"))
    signed(lake, "remarks")
    require_in_force(lake, ledger, only(lake), INVENTED)


def test_what_was_signed_before_a_withdrawal_counts_no_more(lake: Settings) -> None:
    """Earlier words, never published, and later put back without a new signature."""
    ledger = open_ledger(lake)
    signed(lake, "remarks")
    declare(lake, other(reason="再次申请"))
    withdraw_grant(lake, ledger, "remarks", "乙")
    declare(lake, REMARKS)
    with pytest.raises(GrantNotInForce):
        require_in_force(lake, ledger, only(lake), INVENTED)
    signed(lake, "remarks")
    require_in_force(lake, ledger, only(lake), INVENTED)


def test_strangers_neither_sign_nor_withdraw(lake: Settings) -> None:
    ledger = open_ledger(lake)
    with pytest.raises(UsageError):
        sign_grant(lake, ledger, "remarks", "丙")
    with pytest.raises(UsageError):
        withdraw_grant(lake, ledger, "remarks", "丙")
    with pytest.raises(UsageError):
        withdraw_grant(lake, ledger, "unknown", "甲")
    assert not list(ledger.events("warrant_signed", "grant_withdrawn"))
