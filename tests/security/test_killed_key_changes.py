"""Kill −9 at every change of a file while keys are made, rotated, re-linked, destroyed.

After each kill the ledger verifies, what was readable is readable, both versions of a
rotation stand in the ledger as soon as one of them is on its way, a key whose destruction
has begun gives nothing, and the same deed run again ends it (security.md D5, D6).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from audit.ledger import Ledger, open_ledger
from audit.verify import verify
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.relink import hand_over, rotation_of, warrant_to_relink
from lake_config.errors import KeyUnavailable, NothingToDo, UsageError
from lake_config.settings import Settings
from privacy.key_changes import rotate, warrant_to_destroy
from privacy.key_states import Version, current, versions
from privacy.keys import key, key_id_in, own_scope
from tests.lib import dying_deeds
from tests.lib.dying_deeds import ended_before
from tests.lib.gated_batch import INVENTED, gated, new_lake, people
from tests.lib.keyed_lake import both_sign, with_officers

SCOPE = own_scope("analysts", "statistics", "invented")
OTHER = own_scope("analysts", "statistics", "other")


@pytest.fixture
def lake(settings: Settings) -> Settings:
    """One published batch under version 1, and a neighbour whose keys must not move."""
    new_lake(settings, INVENTED)
    with_officers(settings)
    job, before = gated(settings, INVENTED, "people", people(30))
    publish(job, mask_batch(job, before))
    dying_deeds.first(settings, OTHER)
    return settings


def kills(lake: Settings, deed: str, scope: str = SCOPE) -> Iterator[Settings]:
    """A copy of the lake after each kill, in which the deed is not done yet or just so."""
    for step in count(1):
        home = lake.home.with_name(f"killed-{step}")
        shutil.copytree(lake.home, home)
        killed = replace(lake, home=home)
        if ended_before(step, deed, killed, scope):
            assert step > 20
            return
        yield killed
        shutil.rmtree(home)


def secret(lake: Settings, version: Version, scope: str = SCOPE) -> bytes:
    return key(lake, key_id_in(scope, "mobile", version), retired=True)


def states(lake: Settings, scope: str = SCOPE) -> dict[int, str]:
    found = versions(open_ledger(lake), scope)
    return {number: it.state for number, it in found.items()}


def again(deed: Callable[[Settings, str], None], lake: Settings) -> None:
    try:
        deed(lake, SCOPE)
    except NothingToDo:
        pass
    assert verify(lake).ok


def version(lake: Settings, number: int, scope: str = SCOPE) -> Version:
    return versions(open_ledger(lake), scope)[number]


def test_rotation(lake: Settings, seen: Callable[[str], None]) -> None:
    old = secret(lake, version(lake, 1))
    neighbour = secret(lake, version(lake, 1, OTHER), OTHER)
    known, number = set(), 0
    for killed in kills(lake, "rotation"):
        number += 1
        assert verify(killed).ok
        found = states(killed)
        known.add(tuple(found.values()))
        assert secret(killed, version(killed, 1)) == old
        assert secret(killed, version(killed, 1, OTHER), OTHER) == neighbour
        taken = current(open_ledger(killed), SCOPE)
        assert taken is not None and secret(killed, taken)
        again(dying_deeds.rotation, killed)
        assert states(killed) == {1: "retired", 2: "current"}
        assert (
            secret(killed, version(killed, 1))
            == old
            != secret(killed, version(killed, 2))
        )
    assert known == {("current",), ("current", "preparing"), ("retired", "current")}
    seen(f"D5: rotation killed at {number} places, none left a key unreadable")


def test_a_first_version(lake: Settings, seen: Callable[[str], None]) -> None:
    scope, number = own_scope("analysts", "statistics", "fresh"), 0
    for killed in kills(lake, "first", scope):
        number += 1
        assert verify(killed).ok
        dying_deeds.first(killed, scope)
        assert states(killed, scope) == {1: "current"}
        assert secret(killed, version(killed, 1, scope), scope)
    seen(f"D5: first key killed at {number} places")


def test_destruction(lake: Settings, seen: Callable[[str], None]) -> None:
    ledger = open_ledger(lake)
    rotate(lake, ledger, SCOPE, "tests")
    both_sign(lake, warrant_to_destroy(ledger, SCOPE, 1))
    both_sign(lake, warrant_to_relink(ledger, rotation_of(ledger, SCOPE), 30))
    dying_deeds.relinking(lake, SCOPE)
    old, new = (secret(lake, version(lake, it)) for it in (1, 2))
    known, number = set(), 0
    for killed in kills(lake, "destruction"):
        number += 1
        assert verify(killed).ok
        state = states(killed)[1]
        known.add(state)
        if state == "retired":
            assert secret(killed, version(killed, 1)) == old
        else:
            with pytest.raises(KeyUnavailable):
                secret(killed, version(killed, 1))
        assert secret(killed, version(killed, 2)) == new
        again(dying_deeds.destruction, killed)
        assert states(killed) == {1: "destroyed", 2: "current"}
        assert not killed.layers.key_salt(SCOPE, 1).exists()
        assert not list(killed.layers.relinks(SCOPE).glob("*"))
    assert known == {"retired", "destroying", "destroyed"}
    seen(f"D6: destruction killed at {number} places, none gave the key back")


def handed(lake: Settings, ledger: Ledger, to: Path) -> int:
    hand_over(lake, ledger, rotation_of(ledger, SCOPE), to, "tests")
    return pq.read_table(to).num_rows


def test_relinking(lake: Settings, seen: Callable[[str], None]) -> None:
    ledger = open_ledger(lake)
    rotate(lake, ledger, SCOPE, "tests")
    both_sign(lake, warrant_to_relink(ledger, rotation_of(ledger, SCOPE), 30))
    number = 0
    for killed in kills(lake, "relinking"):
        number += 1
        assert verify(killed).ok
        told = open_ledger(killed)
        done = any(told.newest("relinked", SCOPE))
        try:
            assert handed(killed, told, killed.home / "early.parquet") == 30 * 4
        except UsageError:
            assert not done
        again(dying_deeds.relinking, killed)
        assert handed(killed, told, killed.home / "links.parquet") == 30 * 4
        assert len(list(told.newest("relinked", SCOPE))) == 1
    seen(f"D5: re-linking killed at {number} places")
