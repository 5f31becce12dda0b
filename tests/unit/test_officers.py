"""Who is a security administrator stands in the ledger; its last word counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.ledger import Ledger, init_ledger, open_ledger
from lake_config.errors import LedgerUnwritable, NotSigned, UsageError
from lake_config.person_name import person_name
from lake_config.settings import Settings
from privacy import officers
from privacy.approval import check, sign
from privacy.officers import enrol_officer, enrolled, revoke_officer
from tests.lib.quality_cases import column, contract, table

CONTRACT = contract(table("people", [column("number")]))


@pytest.fixture
def lake(settings: Settings) -> Settings:
    init_ledger(settings)
    return settings


def names(lake: Settings) -> set[str]:
    return set(enrolled(open_ledger(lake).events()))


def kinds(lake: Settings) -> list[str]:
    return [event.kind for event in open_ledger(lake).events()]


def test_enrolling_twice_is_enrolling_once(lake: Settings) -> None:
    enrol_officer(lake, "甲")
    enrol_officer(lake, "甲")
    assert kinds(lake) == ["person_enrolled"]
    [event] = open_ledger(lake).events()
    assert event.actor not in ("system", "") and event.subject == "甲"


def test_killed_between_key_and_ledger_enrolling_again_ends_well(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise LedgerUnwritable("killed")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", killed)
        with pytest.raises(LedgerUnwritable):
            enrol_officer(lake, "甲")
    assert names(lake) == set()
    enrol_officer(lake, "甲")
    sign(lake, "甲", CONTRACT, "1")
    assert check(lake, CONTRACT, "1") == ("甲",)


def test_killed_between_the_two_halves_of_the_key(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    private, public = officers.key_files(lake, "甲")
    officers.make_key(private, public)
    public.unlink()
    enrol_officer(lake, "甲")
    sign(lake, "甲", CONTRACT, "1")
    assert check(lake, CONTRACT, "1") == ("甲",)


@pytest.mark.parametrize("other", ["甲 ", " 甲", "\u3000甲", "甲\u00a0"])
def test_one_person_is_one_officer(lake: Settings, other: str) -> None:
    enrol_officer(lake, "甲")
    enrol_officer(lake, other)
    assert names(lake) == {"甲"}
    sign(lake, "甲", CONTRACT, "1")
    sign(lake, other, CONTRACT, "1")
    assert check(lake, CONTRACT, "1") == ("甲",)


@pytest.mark.parametrize(
    "text", ["", "  ", "甲\n", "甲\t乙", "甲\u200b", "\u202e甲", "甲\x00", "甲" * 101]
)
def test_names_that_could_not_be_told_apart_are_refused(
    lake: Settings, text: str
) -> None:
    with pytest.raises(UsageError):
        enrol_officer(lake, text)
    assert names(lake) == set()


def test_full_width_letters_are_letters() -> None:
    assert person_name("ＡＢ１") == "AB1"


def test_a_revoked_officer_neither_signs_nor_has_signed(lake: Settings) -> None:
    enrol_officer(lake, "甲")
    sign(lake, "甲", CONTRACT, "1")
    revoke_officer(lake, "甲 ")
    with pytest.raises(NotSigned):
        check(lake, CONTRACT, "1")
    with pytest.raises(UsageError):
        sign(lake, "甲", CONTRACT, "1")
    with pytest.raises(UsageError):
        revoke_officer(lake, "甲")


def test_who_is_enrolled_again_has_a_key_of_its_own(lake: Settings) -> None:
    enrol_officer(lake, "甲")
    sign(lake, "甲", CONTRACT, "1")
    old = officers.key_files(lake, "甲")[0].read_bytes()
    revoke_officer(lake, "甲")
    enrol_officer(lake, "甲")
    assert officers.key_files(lake, "甲")[0].read_bytes() != old
    with pytest.raises(NotSigned):
        check(lake, CONTRACT, "1")
    sign(lake, "甲", CONTRACT, "1")
    assert check(lake, CONTRACT, "1") == ("甲",)


def test_an_analyst_of_the_same_name_is_somebody_else(lake: Settings) -> None:
    enrol_officer(lake, "甲")
    ledger = open_ledger(lake)
    body = {"person": "甲", "role": "analyst", "key": "k"}
    ledger.append("person_enrolled", "tests", "甲", body)
    ledger.append("person_revoked", "tests", "甲", {"person": "甲", "role": "analyst"})
    assert names(lake) == {"甲"}
    sign(lake, "甲", CONTRACT, "1")
    assert check(lake, CONTRACT, "1") == ("甲",)


def test_another_key_in_the_place_of_the_enrolled_one_does_not_count(
    lake: Settings, tmp_path: Path
) -> None:
    enrol_officer(lake, "甲")
    sign(lake, "甲", CONTRACT, "1")
    public = officers.key_files(lake, "甲")[1]
    officers.make_key(tmp_path / "x.key", public)
    with pytest.raises(NotSigned):
        check(lake, CONTRACT, "1")
