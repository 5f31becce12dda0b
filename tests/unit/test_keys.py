"""Keys differ wherever tables must not join; a bad key stops before anything is made."""

from __future__ import annotations

import hmac
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from audit.ledger import Ledger, open_ledger
from lake_config.errors import KeyUnavailable, SettingsError
from lake_config.settings import Settings
from privacy.key_changes import make_first, rotate
from privacy.keys import (
    KeyName,
    group_scope,
    key,
    key_id,
    ledger_digest,
    loaded_mac,
    own_scope,
    parsed,
    prepared_mac,
)
from tests.lib import plain_masker
from tests.lib.keyed_lake import another_master, with_keys

WHOSE = [
    ("analysts", "statistics", "a"),
    ("police", "statistics", "a"),
    ("analysts", "service", "a"),
    ("analysts", "statistics", "b"),
]
SCOPE = own_scope(*WHOSE[0])
NAME = key_id(*WHOSE[0], "mobile")


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    return with_keys(settings, *WHOSE)


def test_each_part_of_the_id_makes_another_key(
    settings: Settings, ledger: Ledger
) -> None:
    ids = [key_id(*facts, "identity_number") for facts in WHOSE] + [NAME]
    assert len({key(settings, name) for name in ids}) == len(ids)
    assert key(settings, NAME) == key(settings, NAME)
    assert ledger_digest(settings, "7") != ledger_digest(settings, "8")


def test_a_key_is_derived_as_the_plain_masker_does(
    settings: Settings, ledger: Ledger
) -> None:
    plain_masker.secret.cache_clear()
    for facts in WHOSE:
        name = key_id(*facts, "plate")
        assert key(settings, name) == plain_masker.secret(settings, name)


def test_sha_256_is_another_key_under_another_name(
    settings: Settings, ledger: Ledger
) -> None:
    other = replace(settings, cryptography="international")
    made = rotate(other, ledger, SCOPE, "tests")
    name = key_id(*WHOSE[0], "mobile", made)
    assert name.endswith(";a=sha256;v=2")
    plain_masker.secret.cache_clear()
    assert key(settings, name) == plain_masker.secret(settings, name)
    secret = key(settings, name)
    assert loaded_mac(settings, name)(b"x") == hmac.digest(secret, b"x", "sha256")
    with pytest.raises(KeyUnavailable):
        key(settings, name.replace("a=sha256", "a=sm3"))


@pytest.mark.parametrize("algorithm", ["sm3", "sha256"])
def test_prepared_mac_is_hmac(algorithm: str) -> None:
    for secret in (b"k", b"k" * 32, b"k" * 64):
        made = prepared_mac(secret, algorithm)(b"text")
        assert made == hmac.digest(secret, b"text", algorithm)


PARTS = st.from_regex(r"[0-9A-Za-z_-]{1,12}", fullmatch=True)


@runs(max_examples=50)
@given(PARTS, PARTS, PARTS, PARTS, st.integers(1, 10**6), st.booleans())
def test_an_id_says_what_its_key_is_derived_from(
    whom: str, purpose: str, whose: str, kind: str, version: int, grouped: bool
) -> None:
    scope = group_scope(whom, purpose) if grouped else own_scope(whom, purpose, whose)
    name = KeyName(scope, kind, "sm3", version)
    assert parsed(str(name)) == name


@pytest.mark.parametrize("part", ["", "a;c=x", "a=b", "x\n", "甲", "../a"])
def test_a_name_that_could_be_taken_for_another_is_refused(part: str) -> None:
    with pytest.raises(KeyUnavailable):
        own_scope(part, "statistics", "a")
    with pytest.raises(KeyUnavailable):
        group_scope("g", part)


MASTER_FILE = "keys/master.key"
SALT_FILE = f"keys/pseudonyms/{SCOPE}/1.salt"


def emptied(path: Path) -> None:
    path.write_text("", "utf-8")


def torn(path: Path) -> None:
    path.write_text(path.read_text("utf-8")[:20], "utf-8")


def changed(path: Path) -> None:
    text = path.read_text("utf-8")
    path.write_text(("1" if text[0] == "0" else "0") + text[1:], "utf-8")


def widened(path: Path) -> None:
    path.chmod(0o644)


@pytest.mark.parametrize("spoil", [Path.unlink, emptied, torn, changed, widened])
@pytest.mark.parametrize("file", [MASTER_FILE, SALT_FILE])
def test_a_missing_torn_changed_or_open_file_gives_no_key(
    settings: Settings, ledger: Ledger, file: str, spoil: object
) -> None:
    key(settings, NAME)
    assert callable(spoil)
    spoil(settings.home / file)
    with pytest.raises((KeyUnavailable, SettingsError)):
        key(settings, NAME)


def test_another_lake_s_good_master_key_is_told_from_ours(
    settings: Settings, ledger: Ledger
) -> None:
    another_master(settings)
    with pytest.raises(KeyUnavailable, match="校验值"):
        key(settings, NAME)


@pytest.mark.parametrize(
    "name",
    [
        "r=analysts;p=statistics;d=a;c=mobile;v=1",
        NAME.replace(";v=1", ";v=2"),
        NAME.replace(";v=1", ";v=01"),
        NAME.replace("d=a", "d=never"),
        "ledger-digests;v=2",
        "",
    ],
)
def test_names_of_former_versions_and_of_nothing_open_nothing(
    settings: Settings, ledger: Ledger, name: str
) -> None:
    """The first are ids of before version secrets: their keys are no more."""
    with pytest.raises(KeyUnavailable):
        key(settings, name)


def test_a_retired_key_does_no_new_work(settings: Settings, ledger: Ledger) -> None:
    before = key(settings, NAME)
    made = rotate(settings, ledger, SCOPE, "tests")
    with pytest.raises(KeyUnavailable, match="已轮换"):
        key(settings, NAME)
    assert key(settings, NAME, retired=True) == before
    assert key(settings, key_id(*WHOSE[0], "mobile", made)) != before


def test_a_first_version_is_made_once(settings: Settings, ledger: Ledger) -> None:
    before = key(settings, NAME)
    make_first(settings, ledger, SCOPE, "tests")
    assert key(settings, NAME) == before
    events = list(open_ledger(settings).newest("key_version", SCOPE))
    assert [event.body["state"] for event in events] == ["current", "preparing"]
