"""A beginning cut short is begun again; a lost ledger is never replaced by an empty one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from audit import ledger as module
from audit.ledger import EVENTS, SIGNING_KEY, init_ledger, open_ledger
from audit.verify import verify
from lake_config.errors import LakeError, LedgerBroken
from lake_config.settings import Settings
from tests.lib.dying_writer import EVENT, Killed, forget

STEPS = ("write_public", "write_head", "sync_folder", "write_key")


def killed_at(patch: pytest.MonkeyPatch, name: str, after: bool) -> None:
    step: Callable[..., Any] = getattr(module, name)

    def dying(*arguments: Any) -> None:
        if after:
            step(*arguments)
        raise Killed

    patch.setattr(module, name, dying)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", STEPS)
def test_killed_at_any_step_and_begun_again(
    settings: Settings, name: str, after: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        killed_at(patch, name, after)
        with pytest.raises(Killed):
            init_ledger(settings)
    begun = name == "write_key" and after
    if not begun:
        with pytest.raises(LedgerBroken, match="lake init"):
            open_ledger(settings)
    init_ledger(settings).append("alert", "tests", "first", EVENT)
    assert verify(settings).events == 1
    init_ledger(settings).append("alert", "tests", "second", EVENT)
    assert verify(settings).events == 2


def parts(settings: Settings) -> dict[str, Path]:
    layers = settings.layers
    return {
        "events": layers.ledger / EVENTS,
        "head": layers.ledger_head,
        "key": layers.keys / SIGNING_KEY,
    }


PARTS = ("events", "head", "key")
LOST = [set(some) for count in (1, 2) for some in combinations(PARTS, count)]


@pytest.mark.parametrize("lost", LOST, ids=lambda lost: "+".join(sorted(lost)))
@pytest.mark.parametrize("emptied", [False, True], ids=["gone", "emptied"])
def test_a_lost_ledger_is_never_replaced(
    settings: Settings, lost: set[str], emptied: bool
) -> None:
    init_ledger(settings).append("alert", "tests", "first", EVENT)
    files = parts(settings)
    for name in lost:
        files[name].unlink()
        if emptied and name != "key":
            files[name].touch()
    forget()
    left = {name: path.read_bytes() for name, path in files.items() if path.exists()}
    with pytest.raises(LakeError) as refusal:
        init_ledger(settings).append("alert", "tests", "second", EVENT)
    assert "lake init" not in str(refusal.value)
    assert left == {
        name: path.read_bytes() for name, path in files.items() if path.exists()
    }
    assert not verify(settings).ok or lost == {"key"}
