"""An officer's signature over a statement, kept as a file and told in the ledger.

It counts while the ledger recorded it and it verifies under the key of an officer of today.
What is signed, and how many must sign it, is said by who calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature

from audit.ledger import Ledger
from audit.signed_head import private_key, public_key
from lake_config.digests import sm3
from lake_config.errors import UsageError
from lake_config.person_name import person_name
from lake_config.settings import Settings, write_private
from privacy import officers

Place = Callable[[str, str], Path]
"""Digests of a statement and of an officer's name to where the signature lies."""


def signed(
    settings: Settings, ledger: Ledger, name: str, statement: bytes
) -> tuple[str, str, str]:
    """(officer, digest of the officer's key, signature); UsageError for strangers."""
    officer = person_name(name)
    keys = officers.public_keys(settings, ledger.events(*officers.KINDS))
    private, _ = officers.key_files(settings, officer)
    if officer not in keys or not private.exists():
        raise UsageError(f"没有安全管理员“{officer}”。请先登记，再签署。")
    signature = private_key(private).sign(statement).hex()
    return officer, sm3(keys[officer]), signature


def keep_signature(
    place: Place, statement: bytes, officer: str, signature: str
) -> None:
    path = place(sm3(statement), sm3(officer.encode()))
    write_private(path, json.dumps({"signature": signature}))


def who_signed(
    settings: Settings,
    ledger: Ledger,
    statement: bytes,
    recorded: Iterable[str],
    place: Place,
) -> tuple[str, ...]:
    """Which of the officers whom the ledger names did sign exactly this."""
    keys = officers.public_keys(settings, ledger.events(*officers.KINDS))
    return tuple(
        officer
        for officer in sorted(set(recorded) & keys.keys())
        if valid(keys[officer], _kept(place, statement, officer), statement)
    )


def valid(key: bytes, signature: Any, statement: bytes) -> bool:
    try:
        public_key(key).verify(bytes.fromhex(str(signature)), statement)
    except (InvalidSignature, ValueError):
        return False
    return True


def _kept(place: Place, statement: bytes, officer: str) -> str:
    path = place(sm3(statement), sm3(officer.encode()))
    try:
        return str(json.loads(path.read_text("utf-8"))["signature"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
