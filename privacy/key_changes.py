"""Making, rotating and destroying keys: each step durable before the next one begins.

Killed anywhere, the ledger tells what was begun, nothing that could be read before has
become unreadable, and the same command run again ends it. One process at a time, by a
lock beside the keys; it is taken before the ledger's, never while that is held.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from audit.ledger import Ledger
from audit.signed_head import sync_folder
from lake_config.errors import KeyUnavailable, NothingToDo, UsageError
from lake_config.settings import Settings
from privacy.key_states import (
    AFTER,
    CHANGED,
    CURRENT,
    DESTROYED,
    DESTROYING,
    PREPARING,
    Version,
    versions,
)
from privacy.keys import check_of, loaded_mac, make_salt, scope_secret
from privacy.warrants import DESTROY, Warrant, open_warrant, require_warrant

LOCK = ".lock"
MAC_OF = {"sm": "sm3", "international": "sha256"}
"""LAKE_CRYPTOGRAPHY to the algorithm of the versions made from now on."""


def make_first(settings: Settings, ledger: Ledger, scope: str, actor: str) -> None:
    """The first version of a scope that never had one; else nothing."""
    if _begun(ledger, scope):
        return
    with key_lock(settings):
        if not _begun(ledger, scope):
            _brought_in(settings, ledger, scope, actor)


def _begun(ledger: Ledger, scope: str) -> bool:
    """Is there more than a first version that was killed on its way in?"""
    return any(it.state != PREPARING for it in versions(ledger, scope).values())


def rotate(settings: Settings, ledger: Ledger, scope: str, actor: str) -> Version:
    """From now on another version masks; the one before stays until it is destroyed.

    NothingToDo while two versions are live: the rotation before this one ends with
    destroying its old version.
    """
    with key_lock(settings):
        found = versions(ledger, scope).values()
        if not found:
            raise UsageError(
                f"{scope} 没有用过密钥，无需轮换。请先看 ./lake keys list。"
            )
        live = [it.number for it in found if it.live]
        if len(live) > 1 and not any(it.state == PREPARING for it in found):
            raise NothingToDo(
                f"{scope} 已轮换：第 {max(live)} 版现行，第 {min(live)} 版保留。"
                "旧版销毁后才能再次轮换。"
            )
        return _brought_in(settings, ledger, scope, actor)


def _brought_in(settings: Settings, ledger: Ledger, scope: str, actor: str) -> Version:
    """The next version, or the one whose making was cut off: nothing was made with it."""
    found = versions(ledger, scope)
    planned = next((it for it in found.values() if it.state == PREPARING), None)
    if planned is None:
        number = max(found, default=0) + 1
        planned = Version(number, MAC_OF[settings.cryptography], PREPARING)
        _record(ledger, scope, planned, actor)
    make_salt(settings, scope, planned.number)
    secret = scope_secret(settings, scope, planned)
    made = replace(planned, state=CURRENT, check=check_of(secret, planned.algorithm))
    _record(ledger, scope, made, actor)
    loaded_mac.cache_clear()
    return made


def warrant_to_destroy(ledger: Ledger, scope: str, number: int) -> Warrant:
    return open_warrant(ledger, DESTROY, scope, {"version": number})


def destroy(
    settings: Settings, ledger: Ledger, scope: str, number: int, actor: str
) -> None:
    """No key of this version is ever derived again. NotSigned without two officers.

    Its salt goes, with what only it opens: vault and re-link tables. A version whose
    destruction was cut off is ended without another warrant; so is a file that came back,
    from a backup perhaps.
    """
    warrant = warrant_to_destroy(ledger, scope, number)
    with key_lock(settings):
        version = versions(ledger, scope).get(number)
        if version is None:
            raise UsageError(f"{scope} 没有第 {number} 版密钥。")
        left = [path for path in _kept_by(settings, scope, number) if path.exists()]
        if version.state == DESTROYED and not left:
            raise NothingToDo(f"{scope} 第 {number} 版密钥已销毁，没有改动。")
        if version.state not in (DESTROYING, DESTROYED):
            require_warrant(settings, ledger, warrant)
            ending = replace(version, state=DESTROYING)
            _record(ledger, scope, ending, actor, warrant.digest)
        erase(left)
        loaded_mac.cache_clear()
        if version.state != DESTROYED:
            _record(ledger, scope, replace(version, state=DESTROYED), actor)


def came_back(settings: Settings, scope: str, version: Version) -> bool:
    """Does something lie there that ended with a destroyed version?"""
    kept = _kept_by(settings, scope, version.number)
    return version.state == DESTROYED and any(path.exists() for path in kept)


def _kept_by(settings: Settings, scope: str, number: int) -> Iterator[Path]:
    """Every file that ends with this version."""
    yield settings.layers.key_salt(scope, number)
    vault = settings.layers.vault(scope, number)
    yield from (vault, vault.with_name(f"{vault.name}-journal"))
    for path in settings.layers.relinks(scope).glob("*"):
        if str(number) in path.stem.split("-"):
            yield path


def _record(
    ledger: Ledger, scope: str, version: Version, actor: str, warrant: str = ""
) -> None:
    before = versions(ledger, scope).get(version.number)
    allowed = AFTER[before.state] if before else {PREPARING}
    if version.state not in allowed:
        raise KeyUnavailable(f"{scope} 第 {version.number} 版密钥的状态不允许这样改。")
    body = {
        "version": version.number,
        "algorithm": version.algorithm,
        "state": version.state,
        "check": version.check,
        "warrant": warrant,
    }
    ledger.append(CHANGED, actor, scope, body)


@contextmanager
def key_lock(settings: Settings) -> Iterator[None]:
    """Only one process changes keys, and what ends with them, at a time."""
    folder = settings.layers.keys
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def erase(paths: Iterable[Path]) -> None:
    """Overwrite, then remove. What a disk or a backup still keeps of the old bytes is
    beyond this process (docs/adr/0028)."""
    for path in paths:
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            for start in range(0, size, 1 << 20):
                file.write(secrets.token_bytes(min(1 << 20, size - start)))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)
