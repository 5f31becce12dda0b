"""A linkage group joins what it names while two officers stand behind it, and no longer."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from audit.ledger import Ledger, open_ledger
from jobs.mask import mask_batch
from lake_config.calendar import city_today
from lake_config.errors import (
    ContractError,
    KeyUnavailable,
    LakeError,
    NotSigned,
    OutOfTurn,
    UsageError,
)
from lake_config.linkage import read_groups
from lake_config.settings import Settings
from privacy import linkage
from privacy.keys import group_scope, key
from privacy.linkage import sign_group
from privacy.officers import revoke_officer
from privacy.scopes import first_keys, scope_in_force
from tests.lib.gated_batch import INVENTED, gated, new_lake, people
from tests.lib.keyed_lake import OFFICERS, with_officers

WHOSE = ("analysts", "statistics", "invented")
OTHER = ("analysts", "statistics", "b")
UNTIL = city_today() + timedelta(days=30)
GROUP = """
  - name: household
    recipients: [analysts]
    purpose: statistics
    departments: [invented, b]
    classes: [identity_number]
    until: {until}
    reason: 家庭户匹配
"""


@pytest.fixture
def lake(settings: Settings, tmp_path: Path) -> Settings:
    folder = tmp_path / "declared" / "contracts"
    folder.mkdir(parents=True)
    declared = replace(settings, contracts=folder)
    new_lake(declared, INVENTED)
    with_officers(declared)
    return declared


def declare(lake: Settings, text: str = GROUP, until: date = UNTIL) -> None:
    path = lake.contracts.parent / "linkage.yaml"
    path.write_text("groups:" + text.replace("{until}", str(until)), encoding="utf-8")


def signed_by(lake: Settings, *names: str) -> Ledger:
    ledger = open_ledger(lake)
    for name in names:
        sign_group(lake, ledger, "household", name)
    return ledger


def ready(lake: Settings) -> Ledger:
    declare(lake)
    ledger = signed_by(lake, *OFFICERS)
    for whose in (WHOSE, OTHER):
        first_keys(lake, ledger, *whose, "tests")
    return ledger


def test_only_the_named_classes_leave_the_department_out(lake: Settings) -> None:
    ledger = ready(lake)
    one, other = (scope_in_force(lake, ledger, *it) for it in (WHOSE, OTHER))
    assert one.key_name("identity_number") == other.key_name("identity_number")
    assert one.key_name("identity_number").startswith("g=household;p=statistics;c=")
    assert one.key_name("mobile") != other.key_name("mobile")
    assert "d=invented" in one.key_name("mobile")
    assert key(lake, one.key_name("identity_number"))
    with pytest.raises(KeyUnavailable):
        key(lake, one.key_name("identity_number").replace("c=identity_number", "c=vin"))


def test_whom_no_group_names_is_masked_as_ever(lake: Settings) -> None:
    ledger = ready(lake)
    for whose in (("police", "statistics", "b"), ("analysts", "research", "b")):
        first_keys(lake, ledger, *whose, "tests")
        assert scope_in_force(lake, ledger, *whose).linked is None


def unsigned(lake: Settings) -> None:
    declare(lake)


def signed_once(lake: Settings) -> None:
    declare(lake)
    signed_by(lake, "甲")


def signed_twice_by_one(lake: Settings) -> None:
    declare(lake)
    signed_by(lake, "甲", "甲")


def expired(lake: Settings) -> None:
    declare(lake, until=city_today() - timedelta(days=1))
    signed_by(lake, *OFFICERS)


def edited_after(lake: Settings) -> None:
    declare(lake)
    signed_by(lake, *OFFICERS)
    declare(lake, GROUP.replace("[identity_number]", "[identity_number, mobile]"))


def extended_after(lake: Settings) -> None:
    declare(lake)
    signed_by(lake, *OFFICERS)
    declare(lake, until=UNTIL + timedelta(days=1))


def officer_revoked(lake: Settings) -> None:
    declare(lake)
    signed_by(lake, *OFFICERS)
    revoke_officer(lake, "乙")


def forged(lake: Settings) -> None:
    """The ledger has two signers, and the second one's signature is another's."""
    declare(lake)
    signed_by(lake, *OFFICERS)
    one, other = sorted((lake.layers.state / "warrants").glob("*.json"))
    other.write_bytes(one.read_bytes())


@pytest.mark.parametrize(
    "prepare",
    [
        unsigned, signed_once, signed_twice_by_one, expired, edited_after,
        extended_after, officer_revoked, forged,
    ],
)  # fmt: skip
def test_a_group_that_is_not_in_force_stops_masking_before_anything_is_written(
    lake: Settings, prepare: object
) -> None:
    job, before = gated(lake, INVENTED, "people", people(5))
    assert callable(prepare)
    prepare(lake)
    told = len(list(open_ledger(lake).events()))
    with pytest.raises((NotSigned, KeyUnavailable)):
        mask_batch(job, before)
    assert len(list(open_ledger(lake).events())) == told
    assert not lake.layers.staging.exists()
    assert not (lake.layers.keys / "pseudonyms").exists()


def test_a_group_s_key_is_refused_once_nobody_declares_it(lake: Settings) -> None:
    ledger = ready(lake)
    name = scope_in_force(lake, ledger, *WHOSE).key_name("identity_number")
    assert key(lake, name)
    (lake.contracts.parent / "linkage.yaml").unlink()
    with pytest.raises(KeyUnavailable, match="没有声明"):
        key(lake, name)
    with pytest.raises(UsageError):
        sign_group(lake, ledger, "household", "甲")


def test_a_group_that_ends_between_masking_and_publishing_stops_publishing(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from jobs.publish import publish

    ready(lake)
    job, before = gated(lake, INVENTED, "people", people(5))
    masked = mask_batch(job, before)
    assert any(name.startswith("g=household") for name in masked.body["key_ids"])
    with monkeypatch.context() as patch:
        patch.setattr(linkage, "city_today", lambda: UNTIL + timedelta(days=1))
        with pytest.raises(KeyUnavailable, match="到期"):
            publish(job, masked)
    (lake.contracts.parent / "linkage.yaml").unlink()
    with pytest.raises(OutOfTurn, match="可关联组已变"):
        publish(job, masked)
    assert not lake.layers.shared_table("analysts", "invented", "people").exists()


def test_the_ledger_tells_what_was_signed_by_whom(lake: Settings) -> None:
    declare(lake)
    signed_by(lake, *OFFICERS)
    events = list(open_ledger(lake).newest("warrant_signed", "link household"))
    assert [event.actor for event in events] == ["乙", "甲"]
    assert events[0].body["facts"]["departments"] == ["invented", "b"]
    assert events[0].body["until"] == str(UNTIL)
    assert "家庭户" not in events[0].line().decode()


def test_every_problem_of_the_file_is_told_at_once(lake: Settings) -> None:
    wrong = GROUP + GROUP.replace("household", "Häuser").replace(
        "departments: [invented, b]", "departments: [b, b]"
    ).replace("[identity_number]", "[nonsense]")
    declare(lake, wrong.replace("Häuser", "household"))
    with pytest.raises(ContractError) as refusal:
        read_groups(lake)
    told = "\n".join(refusal.value.problems)
    for part in ("两个部门", "nonsense", "重复出现", "已属于可关联组"):
        assert part in told
    declare(lake, wrong)
    with pytest.raises(ContractError, match="写法不对"):
        read_groups(lake)
    declare(lake, GROUP + "    more: 1\n")
    with pytest.raises(ContractError, match="不认识的键"):
        read_groups(lake)


def test_a_broken_file_stops_masking_rather_than_being_none(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(2))
    (lake.contracts.parent / "linkage.yaml").write_text("groups: [", "utf-8")
    with pytest.raises(LakeError):
        mask_batch(job, before)
    assert not lake.layers.staging.exists()


def test_scope_of_a_group_has_no_department() -> None:
    assert group_scope("household", "statistics") == "g=household;p=statistics"
