"""What takes two officers is done with two, for exactly what they signed, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from audit.ledger import Ledger
from lake_config.calendar import city_today
from lake_config.errors import NotSigned, UsageError
from lake_config.settings import Settings
from privacy import warrants
from privacy.officers import revoke_officer
from privacy.warrants import (
    OPEN_DAYS,
    RELINK,
    Warrant,
    open_warrant,
    require_warrant,
    sign_warrant,
    signers,
)
from tests.lib.keyed_lake import with_keys, with_officers

FACTS = {"old": 1, "new": 2, "days": 30}
ABOUT = "r=analysts;p=statistics;d=a"


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    with_keys(settings)
    return with_officers(settings)


def opened(ledger: Ledger) -> Warrant:
    return open_warrant(ledger, RELINK, ABOUT, FACTS)


def test_the_second_officer_joins_the_first(settings: Settings, ledger: Ledger) -> None:
    sign_warrant(settings, ledger, "甲", opened(ledger))
    with pytest.raises(NotSigned, match="已有 1 人"):
        require_warrant(settings, ledger, opened(ledger))
    sign_warrant(settings, ledger, "乙", opened(ledger))
    assert signers(settings, ledger, opened(ledger)) == ("乙", "甲")
    require_warrant(settings, ledger, opened(ledger))


def test_other_facts_are_another_warrant(settings: Settings, ledger: Ledger) -> None:
    sign_warrant(settings, ledger, "甲", opened(ledger))
    longer = open_warrant(ledger, RELINK, ABOUT, {**FACTS, "days": 300})
    sign_warrant(settings, ledger, "乙", longer)
    for warrant in (opened(ledger), longer):
        with pytest.raises(NotSigned):
            require_warrant(settings, ledger, warrant)


def both(settings: Settings, ledger: Ledger) -> Warrant:
    warrant = opened(ledger)
    for name in ("甲", "乙"):
        sign_warrant(settings, ledger, name, warrant)
    return warrant


def test_signatures_are_for_one_statement(settings: Settings, ledger: Ledger) -> None:
    warrant = both(settings, ledger)
    others = [
        replace(warrant, about=ABOUT + "x"),
        replace(warrant, what="destroy"),
        replace(warrant, until="2999-01-01"),
        replace(warrant, number=2),
        replace(warrant, facts={**FACTS, "days": 31}),
    ]
    for other in others:
        assert signers(settings, ledger, other) == ()


def test_it_ends_with_its_days(
    settings: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    warrant = both(settings, ledger)
    later = city_today() + timedelta(days=OPEN_DAYS + 1)
    monkeypatch.setattr(warrants, "city_today", lambda: later)
    with pytest.raises(NotSigned, match="到期"):
        require_warrant(settings, ledger, warrant)
    fresh = opened(ledger)
    assert fresh.number == warrant.number + 1
    assert signers(settings, ledger, fresh) == ()


def test_it_is_used_once(settings: Settings, ledger: Ledger) -> None:
    warrant = both(settings, ledger)
    body = {"old": 1, "new": 2, "rows": 0, "until": "x", "warrant": warrant.digest}
    ledger.append("relinked", "tests", ABOUT, body)
    with pytest.raises(NotSigned, match="用过"):
        require_warrant(settings, ledger, warrant)
    assert opened(ledger).number == 2


def test_a_revoked_officer_s_signature_does_not_count(
    settings: Settings, ledger: Ledger
) -> None:
    warrant = both(settings, ledger)
    revoke_officer(settings, "甲")
    with pytest.raises(NotSigned):
        require_warrant(settings, ledger, warrant)


def test_strangers_and_signatures_without_the_ledger_do_not_count(
    settings: Settings, ledger: Ledger
) -> None:
    with pytest.raises(UsageError):
        sign_warrant(settings, ledger, "丙", opened(ledger))
    warrant = both(settings, ledger)
    for path in (settings.layers.state / "warrants").iterdir():
        path.unlink()
    assert signers(settings, ledger, warrant) == ()
