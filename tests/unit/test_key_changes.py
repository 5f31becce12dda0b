"""Rotation and destruction: what may follow what, and what is left of a destroyed key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from audit.events import Event
from audit.ledger import Ledger
from lake_config.errors import (
    KeyUnavailable,
    LakeError,
    NothingToDo,
    NotSigned,
    UsageError,
)
from lake_config.settings import Settings, write_private
from privacy import key_states
from privacy.key_changes import (
    came_back,
    destroy,
    make_first,
    rotate,
    warrant_to_destroy,
)
from privacy.key_states import AFTER, CURRENT, LIVE, WORDS, current, folded, versions
from privacy.keys import key, key_id_in, loaded_mac, own_scope
from privacy.warrants import sign_warrant
from tests.lib.keyed_lake import both_sign, with_keys, with_officers

WHOSE = ("analysts", "statistics", "a")
SCOPE = own_scope(*WHOSE)


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    return with_keys(settings, WHOSE, ("analysts", "statistics", "b"))


def states(ledger: Ledger) -> dict[int, str]:
    return {number: it.state for number, it in versions(ledger, SCOPE).items()}


def destroyed(settings: Settings, ledger: Ledger, number: int) -> None:
    both_sign(settings, warrant_to_destroy(ledger, SCOPE, number))
    destroy(settings, ledger, SCOPE, number, "tests")


def test_every_state_has_a_word_and_what_may_follow() -> None:
    known = {
        key_states.PREPARING, key_states.CURRENT, key_states.RETIRED,
        key_states.DESTROYING, key_states.DESTROYED,
    }  # fmt: skip
    assert set(WORDS) == set(AFTER) == known
    assert set().union(*AFTER.values()) | {key_states.PREPARING} == known
    assert set(LIVE) < known


def event(number: int, state: str) -> Event:
    body = {"version": number, "algorithm": "sm3", "state": state, "check": ""}
    return Event(0, "t", "key_version", "a", "s", body, "", "")


@runs(max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.sampled_from(sorted(set(AFTER) - {"retired"})))
    )
)
def test_at_most_one_version_is_current(history: list[tuple[int, str]]) -> None:
    """Whatever the ledger says, and slowly told: the last word, and who came after."""
    found = folded(event(*it) for it in history)
    for number, version in found.items():
        places = [at for at, it in enumerate(history) if it[0] == number]
        state = history[places[-1]][1]
        later = [it for it in history[places[-1] + 1 :] if it[1] == CURRENT]
        wanted = "retired" if state == CURRENT and later else state
        assert version.state == wanted
    assert sum(it.state == CURRENT for it in found.values()) <= 1


def test_two_versions_live_through_a_rotation_and_no_third(
    settings: Settings, ledger: Ledger
) -> None:
    rotate(settings, ledger, SCOPE, "tests")
    assert states(ledger) == {1: "retired", 2: "current"}
    with pytest.raises(NothingToDo):
        rotate(settings, ledger, SCOPE, "tests")
    destroyed(settings, ledger, 1)
    rotate(settings, ledger, SCOPE, "tests")
    assert states(ledger) == {1: "destroyed", 2: "retired", 3: "current"}


def test_who_begins_at_once_makes_one_version(
    settings: Settings, ledger: Ledger
) -> None:
    scope = own_scope("analysts", "statistics", "busy")
    with ThreadPoolExecutor(8) as pool:
        given_ = (settings, ledger, scope, "tests")
        for made in [pool.submit(make_first, *given_) for _ in range(8)]:
            made.result()
    states_ = [event.body["state"] for event in ledger.newest("key_version", scope)]
    assert states_ == ["current", "preparing"]
    assert key(settings, key_id_in(scope, "mobile", key_states.FIRST))


def test_what_never_had_keys_is_not_rotated_or_destroyed(
    settings: Settings, ledger: Ledger
) -> None:
    with pytest.raises(UsageError):
        rotate(settings, ledger, own_scope("analysts", "statistics", "x"), "tests")
    with pytest.raises(UsageError):
        destroy(settings, ledger, SCOPE, 2, "tests")


def test_another_scope_s_keys_stay(settings: Settings, ledger: Ledger) -> None:
    other = own_scope("analysts", "statistics", "b")
    name = key_id_in(other, "mobile", key_states.FIRST)
    before = key(settings, name)
    destroyed(settings, ledger, 1)
    assert key(settings, name) == before


def test_one_officer_destroys_nothing(settings: Settings, ledger: Ledger) -> None:
    name = key_id_in(SCOPE, "mobile", key_states.FIRST)
    with pytest.raises(NotSigned):
        destroy(settings, ledger, SCOPE, 1, "tests")
    warrant = warrant_to_destroy(with_officers(settings), SCOPE, 1)
    for _ in range(2):
        sign_warrant(settings, ledger, "甲", warrant)
        with pytest.raises(NotSigned, match="已有 1 人"):
            destroy(settings, ledger, SCOPE, 1, "tests")
    assert key(settings, name)


def kept_files(settings: Settings) -> list[Path]:
    layers = settings.layers
    files = [layers.vault(SCOPE, 1), layers.relink(SCOPE, 1, 2)]
    for path in files:
        write_private(path, b"sealed")
    return [layers.key_salt(SCOPE, 1), *files]


def test_a_destroyed_version_is_gone_with_all_that_it_opens(
    settings: Settings, ledger: Ledger
) -> None:
    name = key_id_in(SCOPE, "mobile", key_states.FIRST)
    mac = loaded_mac(settings, name)
    rotate(settings, ledger, SCOPE, "tests")
    files = kept_files(settings)
    bystander = settings.layers.relink(SCOPE, 2, 11)
    write_private(bystander, b"sealed")
    salt = files[0].read_bytes()
    destroyed(settings, ledger, 1)
    assert not any(path.exists() for path in files) and bystander.exists()
    assert mac is not None
    for retired in (False, True):
        with pytest.raises(KeyUnavailable, match="已销毁"):
            key(settings, name, retired=retired)
    with pytest.raises(KeyUnavailable):
        loaded_mac(settings, name)
    # From a backup: the ledger still says no, and the file is told of and ended again.
    write_private(files[0], salt)
    with pytest.raises(KeyUnavailable, match="已销毁"):
        key(settings, name, retired=True)
    assert came_back(settings, SCOPE, versions(ledger, SCOPE)[1])
    destroy(settings, ledger, SCOPE, 1, "tests")
    assert not files[0].exists()
    with pytest.raises(NothingToDo):
        destroy(settings, ledger, SCOPE, 1, "tests")


def test_a_destroyed_current_key_stops_masking_until_a_rotation(
    settings: Settings, ledger: Ledger
) -> None:
    destroyed(settings, ledger, 1)
    make_first(settings, ledger, SCOPE, "tests")
    assert current(ledger, SCOPE) is None
    made = rotate(settings, ledger, SCOPE, "tests")
    assert (made.number, current(ledger, SCOPE).number) == (2, 2)  # type: ignore[union-attr]


def test_a_warrant_for_one_version_destroys_no_other(
    settings: Settings, ledger: Ledger
) -> None:
    both_sign(settings, warrant_to_destroy(ledger, SCOPE, 1))
    rotate(settings, ledger, SCOPE, "tests")
    with pytest.raises(NotSigned):
        destroy(settings, ledger, SCOPE, 2, "tests")
    assert states(ledger) == {1: "retired", 2: "current"}


@pytest.mark.parametrize("end", ["write", "event"])
def test_a_making_that_failed_is_ended_by_the_next(
    settings: Settings, ledger: Ledger, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    def failing(*given: Any) -> None:
        raise OSError(28, "no space")

    place = {"write": "make_salt", "event": "scope_secret"}[end]
    with monkeypatch.context() as patch:
        patch.setattr(f"privacy.key_changes.{place}", failing)
        with pytest.raises(OSError, match="no space"):
            rotate(settings, ledger, SCOPE, "tests")
    assert states(ledger) == {1: "current", 2: "preparing"}
    with pytest.raises(KeyUnavailable, match="准备中"):
        planned = replace(key_states.FIRST, number=2)
        key(settings, key_id_in(SCOPE, "mobile", planned), retired=True)
    rotate(settings, ledger, SCOPE, "tests")
    assert states(ledger) == {1: "retired", 2: "current"}


def test_only_declared_steps_are_recorded(settings: Settings, ledger: Ledger) -> None:
    from privacy.key_changes import _record

    for number, state in ((1, "destroyed"), (1, "preparing"), (2, "current")):
        version = replace(key_states.FIRST, number=number, state=state)
        with pytest.raises(LakeError):
            _record(ledger, SCOPE, version, "tests")
    assert states(ledger) == {1: "current"}
