"""A lost master key is never replaced by another one; a beginning cut short is begun again."""

from __future__ import annotations

import pytest

from audit.ledger import EVENTS, SIGNING_KEY, init_ledger
from audit.verify import verify
from lake_config.errors import KeyUnavailable
from lake_config.settings import Settings
from ops.ledger import init_lake
from privacy import keys
from privacy.keys import MASTER, init_keys, ledger_digest
from tests.lib.dying_writer import EVENT, Killed, forget
from tests.security.test_ledger_beginning import STEPS, killed_at


@pytest.mark.parametrize(
    ("gone", "recorded"), [((), True), ((), False), ((SIGNING_KEY,), True)]
)
def test_a_lost_master_key_is_not_made_anew(
    settings: Settings, gone: tuple[str, ...], recorded: bool
) -> None:
    init_lake(settings, [])
    if recorded:
        init_ledger(settings).append("alert", "tests", "first", EVENT)
    for name in (MASTER, *gone):
        (settings.layers.keys / name).unlink()
    forget()
    with pytest.raises(KeyUnavailable, match="主密钥不在，账本已有记录"):
        init_lake(settings, ["甲"])
    assert not (settings.layers.keys / MASTER).exists()


def test_nor_where_only_the_head_is_left_to_speak_of_records(
    settings: Settings,
) -> None:
    init_lake(settings, [])
    init_ledger(settings).append("alert", "tests", "first", EVENT)
    for name in (MASTER, SIGNING_KEY):
        (settings.layers.keys / name).unlink()
    (settings.layers.ledger / EVENTS).unlink()
    with pytest.raises(KeyUnavailable, match="备份"):
        init_keys(settings)


def test_an_existing_lake_keeps_its_key(settings: Settings) -> None:
    init_lake(settings, [])
    before = ledger_digest(settings, "x")
    init_lake(settings, [])
    assert ledger_digest(settings, "x") == before


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "lost"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", STEPS)
def test_a_first_init_that_was_killed_is_begun_again(
    settings: Settings, name: str, after: bool, lost: bool
) -> None:
    """At any step of the ledger's making; also where a power cut took the key's name."""
    with pytest.MonkeyPatch.context() as patch:
        killed_at(patch, name, after)
        with pytest.raises(Killed):
            init_lake(settings, [])
    complete = name == "write_key" and after
    if lost and not complete:
        (settings.layers.keys / MASTER).unlink()
    init_lake(settings, ["甲"])
    assert ledger_digest(settings, "x")
    assert verify(settings).events == 1


@pytest.mark.parametrize("name", ["write_private", "sync_folder"])
def test_a_making_of_the_key_that_was_killed_is_begun_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def dying(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(keys, name, dying)
        with pytest.raises(Killed):
            init_lake(settings, [])
    init_lake(settings, [])
    assert ledger_digest(settings, "x")
