"""The storage check passes on a sound store, and names what is wrong with any other.

Each fault is shown on the real server behind a proxy that bends one thing (security.md
B11 to B15); the check must fail on that property and on no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from audit.ledger import Ledger, init_ledger
from lake_config.contract_loader import load_contracts
from lake_config.errors import StoreUnfit
from lake_config.settings import Settings, write_private
from lake_config.store_verdict import require_verdict
from ops.storage_check import Twin, place_of, run_check, twin
from ops.store_server import StoreServer
from privacy.keys import init_keys
from storage.administrator import ADMINISTRATOR, Accounts, administrator
from storage.check import write_once
from storage.check.findings import Outcome, Property, Verdict
from storage.check.place import Place
from storage.check.registry import PROPERTIES
from storage.check.run import check_store, fit
from storage.department_keys import SEALED
from storage.setup import set_up
from tests.lib.store_stand_in import (
    Fault,
    forgets_conditions,
    forgets_locks,
    ignores_keys,
    lets_everybody_in,
    lists_late,
    loses_some,
    stand_in,
    without,
)

ROUNDS = 4
BY_NAME = {item.name: item for item in PROPERTIES}


@pytest.fixture(autouse=True)
def short_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check waits for the end of its lock before it tidies up."""
    monkeypatch.setattr(write_once, "LOCKED", timedelta(seconds=8))


@pytest.fixture(scope="module")
def own(store_server: StoreServer) -> Settings:
    """The session's server with a lake on it, which the check looks at but leaves alone."""
    made = replace(store_server.settings, store_prefix="checked")
    set_up(made, load_contracts(made.contracts))
    return made


def checked(
    settings: Settings, properties: tuple[Property, ...], rounds: int = ROUNDS
) -> dict[str, Verdict]:
    found = check_store(place_of(settings, rounds), properties)
    return {verdict.property.name: verdict for verdict in found}


def failures(verdicts: dict[str, Verdict]) -> set[str]:
    return {n for n, it in verdicts.items() if it.outcome == Outcome.FAILED}


def test_a_sound_store_passes(
    own: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of it, by the people's command; the verdict opens production's door."""
    init_keys(own)
    init_ledger(own)
    sealed = replace(own, store_encryption="sse-s3")
    with pytest.raises(StoreUnfit, match="从未核验"):
        require_verdict(sealed)
    run_check(sealed, 8)
    printed = capsys.readouterr().out
    assert printed.count("通过") == 2 * len(PROPERTIES)
    assert "不通过" not in printed
    require_verdict(sealed)
    event = list(Ledger(own.layers).events("storage_checked"))[-1]
    assert event.body["passed"]
    assert set(event.body["properties"]) == set(BY_NAME)


def test_a_key_the_store_does_not_keep(own: Settings) -> None:
    """A store that serves without the key what was put with one is named."""
    sealed = replace(own, store_encryption=SEALED)
    one = (BY_NAME["encrypted_at_rest"],)
    assert failures(checked(sealed, one)) == set()
    with stand_in(sealed, ignores_keys) as bent:
        assert failures(checked(bent, one)) == {"encrypted_at_rest"}


def test_nothing_is_left_behind(own: Settings) -> None:
    place = place_of(own, 2)
    check_store(place, (BY_NAME["create_once"], BY_NAME["rights"]))
    found = [bucket.name for bucket in place.store.list_buckets()]
    assert not [name for name in found if name.startswith(place.prefix)]
    assert place.accounts.account(f"{place.prefix}-collector") is None


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (without("PUT", "If-None-Match"), "create_once"),
        (forgets_conditions, "conditions"),
    ],
)
def test_one_fault_fails_one_property(own: Settings, fault: Fault, name: str) -> None:
    rest = tuple(item for item in PROPERTIES if item.name != "durable")
    with stand_in(own, fault) as bent:
        verdicts = checked(bent, rest)
    assert failures(verdicts) == {name}, verdicts
    assert not fit(list(verdicts.values()))


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (without("POST", "If-None-Match"), "create_once_in_parts"),
        (without("PUT", "If-Match"), "replace_once"),
        (forgets_locks, "write_once"),
        (lists_late, "seen_at_once"),
        (lets_everybody_in, "rights"),
        (lets_everybody_in, "sessions"),
        (lets_everybody_in, "closed_door"),
        (lets_everybody_in, "links_end"),
    ],
)
def test_a_fault_is_seen(own: Settings, fault: Fault, name: str) -> None:
    sound = (BY_NAME["encrypted_way"],)
    with stand_in(own, fault) as bent:
        assert failures(checked(bent, (*sound, BY_NAME[name]))) == {name}


def test_plain_http_is_seen(own: Settings) -> None:
    with stand_in(own, lambda call: call.onward(), plain=True) as bent:
        assert failures(checked(bent, (BY_NAME["encrypted_way"],))) == {"encrypted_way"}


def test_a_store_that_loses_what_it_acknowledged_is_seen(own: Settings) -> None:
    @contextmanager
    def losing() -> Iterator[Bent]:
        with twin(own, "minio") as made, stand_in(made.settings, loses_some()) as bent:
            yield Bent(made, bent)

    place = replace_victim(place_of(own, ROUNDS), losing)
    verdict = check_store(place, (BY_NAME["durable"],))[0]
    assert verdict.outcome == Outcome.FAILED
    assert 0 < verdict.held < verdict.tried


class Bent:
    """A twin seen through the proxy."""

    def __init__(self, behind: Twin, settings: Settings) -> None:
        self.settings, self.kill, self.revive = settings, behind.kill, behind.revive


def replace_victim(place: Place, victim: partial | object) -> Place:
    place.victim = victim  # type: ignore[assignment]
    return place


def test_a_store_that_is_not_ours_is_never_killed(own: Settings) -> None:
    with stand_in(own, lambda call: call.onward()) as other:
        verdict = checked(other, (BY_NAME["durable"],))["durable"]
    assert verdict.outcome == Outcome.NOT_APPLICABLE


def test_an_unfit_store_is_recorded_and_refused(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = partial(check_store, properties=(BY_NAME["seen_at_once"],))
    monkeypatch.setattr("ops.storage_check.check_store", some)
    init_keys(own)
    init_ledger(own)
    with stand_in(own, lists_late) as bent:
        with pytest.raises(StoreUnfit, match="写后即见"):
            run_check(bent, 1)
        with pytest.raises(StoreUnfit, match="核验未通过"):
            require_verdict(bent)
    event = list(Ledger(own.layers).events("storage_checked"))[-1]
    assert event.body["properties"] == {"seen_at_once": "failed"}
    assert not event.body["passed"]


def test_the_real_accounts_are_tried_and_nothing_stays(stored: Settings) -> None:
    """On keys of the check's own in the real buckets."""
    place = place_of(stored, ROUNDS)
    verdict = check_store(place, (BY_NAME["real_rights"],))[0]
    assert (verdict.outcome, verdict.note) == (Outcome.PASSED, "7 项职责 × 3 个区")
    for bucket in place.store.list_buckets():
        if bucket.name.startswith(stored.store_prefix):
            assert not list(place.store.list_objects(bucket.name, recursive=True))


def test_an_account_with_more_than_its_duty_is_seen(stored: Settings) -> None:
    accounts = Accounts(stored, administrator(stored))
    name = f"{stored.store_prefix}-sharing"
    accounts.attach(f"{stored.store_prefix}-retention", name)
    both = (BY_NAME["rights"], BY_NAME["real_rights"])
    verdicts = checked(stored, both)
    assert failures(verdicts) == {"real_rights"}
    assert "sharing 读取 raw" in verdicts["real_rights"].note
    set_up(stored, load_contracts(stored.contracts))
    assert failures(checked(stored, both)) == set()


def test_a_store_without_an_account_api_is_judged_by_the_real_accounts(
    stored: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Accounts, "served", lambda accounts: False)
    verdicts = checked(stored, (BY_NAME["rights"], BY_NAME["real_rights"]))
    assert verdicts["rights"].outcome == Outcome.NOT_APPLICABLE
    assert verdicts["real_rights"].outcome == Outcome.PASSED


def test_without_accounts_a_store_is_not_fit(own: Settings, tmp_path: Path) -> None:
    bare = replace(own, home=tmp_path)
    write_private(bare.layers.secrets / ADMINISTRATOR, own.secret(ADMINISTRATOR))
    verdict = checked(bare, (BY_NAME["real_rights"],))["real_rights"]
    assert verdict.outcome == Outcome.FAILED
    assert "store_collector" in verdict.note
