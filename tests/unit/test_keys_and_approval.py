"""Keys differ wherever tables must not join; signatures count by content only."""

from __future__ import annotations

import hmac
import json
from pathlib import Path

import pytest

from audit.ledger import EVENTS, init_ledger
from lake_config.contract import Contract
from lake_config.contract_loader import load_contract
from lake_config.errors import NotSigned, UsageError
from lake_config.settings import ROOT, Settings
from privacy.approval import check, sign
from privacy.keys import init_keys, prepared_mac
from privacy.officers import enrol_officer

CONTRACT = ROOT / "lake_config" / "contracts" / "civil_affairs.yaml"


@pytest.fixture
def lake(settings: Settings) -> Settings:
    init_keys(settings)
    init_ledger(settings)
    enrol_officer(settings, "甲")
    enrol_officer(settings, "乙")
    return settings


def edited(folder: Path, old: str, new: str) -> Contract:
    text = CONTRACT.read_text("utf-8")
    assert old in text
    path = folder / "civil_affairs.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_contract(path)


def test_prepared_mac_is_hmac_sm3() -> None:
    for secret in (b"k", b"k" * 32, b"k" * 64):
        assert prepared_mac(secret)(b"text") == hmac.digest(secret, b"text", "sm3")


def test_unsigned_signed_and_another_policy(lake: Settings) -> None:
    contract = load_contract(CONTRACT)
    with pytest.raises(NotSigned):
        check(lake, contract, "1")
    sign(lake, "甲", contract, "1")
    assert check(lake, contract, "1") == ("甲",)
    with pytest.raises(NotSigned):
        check(lake, contract, "2")


def test_an_engineers_lone_edit_is_not_signed(lake: Settings, tmp_path: Path) -> None:
    sign(lake, "甲", load_contract(CONTRACT), "1")
    lowered = edited(tmp_path, "value: person_name}", "value: not_personal}")
    with pytest.raises(NotSigned, match="approve civil_affairs"):
        check(lake, lowered, "1")


def test_forged_approvals_do_not_count(lake: Settings, tmp_path: Path) -> None:
    contract = load_contract(CONTRACT)
    sign(lake, "甲", contract, "1")
    lowered = edited(tmp_path, "value: person_name}", "value: not_personal}")
    path = next(lake.layers.approvals.glob("*.json"))
    content = json.loads(path.read_text("utf-8"))
    for change in (
        {"contract": lowered.digest},
        {"officer": "乙"},
        {"signature": "zz"},
    ):
        forged = {**content, **change}
        path.write_text(json.dumps(forged), encoding="utf-8")
        with pytest.raises(NotSigned):
            check(lake, lowered, "1")


def test_a_signature_the_ledger_does_not_know_does_not_count(lake: Settings) -> None:
    """Signed on another copy of the lake, and only the file carried over."""
    contract = load_contract(CONTRACT)
    before = lake.layers.ledger / EVENTS, lake.layers.ledger_head
    kept = [path.read_bytes() for path in before]
    sign(lake, "甲", contract, "1")
    for path, content in zip(before, kept, strict=True):
        path.write_bytes(content)
    with pytest.raises(NotSigned):
        check(lake, contract, "1")


def test_a_key_nobody_enrolled_does_not_count(lake: Settings) -> None:
    contract = load_contract(CONTRACT)
    with pytest.raises(UsageError):
        sign(lake, "丙", contract, "1")
    ledger_head = lake.layers.ledger_head.read_bytes()
    enrol_officer(lake, "丙")
    sign(lake, "丙", contract, "1")
    assert check(lake, contract, "1") == ("丙",)
    public = next((lake.layers.state / "officers").glob("*.pem"))
    for path in (lake.layers.state / "officers").glob("*.pem"):
        path.write_bytes(public.read_bytes()[:-30])
    assert ledger_head != lake.layers.ledger_head.read_bytes()
    with pytest.raises(NotSigned):
        check(lake, contract, "1")
