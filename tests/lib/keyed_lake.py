"""A lake with keys: the first versions of some scopes, and two officers to change them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audit.ledger import Ledger, init_ledger, open_ledger
from lake_config.settings import Settings
from privacy.key_changes import make_first
from privacy.keys import MASTER, init_keys, own_scope
from privacy.officers import enrol_officer
from privacy.warrants import Warrant, sign_warrant

OFFICERS = ("甲", "乙")
SALT = b"the example salt of this page ..".hex()


def with_keys(settings: Settings, *whose: tuple[str, str, str]) -> Ledger:
    """Master key, ledger, and a first version for each recipient, purpose, department."""
    init_keys(settings)
    ledger = init_ledger(settings)
    for facts in whose:
        make_first(settings, ledger, own_scope(*facts), "tests")
    return ledger


def another_master(settings: Settings) -> None:
    """A good master key, of another lake."""
    other = replace(settings, home=settings.home.with_name("another-lake"))
    init_keys(other)
    (other.layers.keys / MASTER).replace(settings.layers.keys / MASTER)


def with_officers(settings: Settings) -> Ledger:
    for name in OFFICERS:
        enrol_officer(settings, name)
    return open_ledger(settings)


def both_sign(settings: Settings, warrant: Warrant) -> None:
    ledger = with_officers(settings)
    for name in OFFICERS:
        sign_warrant(settings, ledger, name, warrant)


def known_salts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every salt made from now on is the page's: tokens can be told beforehand."""
    monkeypatch.setattr("privacy.keys.secrets.token_hex", lambda size: SALT)
