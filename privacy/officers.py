"""Security administrators: who is one stands in the ledger, the last word of it counts.

In the small profile their private keys lie on this machine; in production on the officers'
own tokens. Whoever is revoked has signed nothing: what rested on that signature alone
must be signed again.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from pathlib import Path

from audit.events import Event
from audit.ledger import open_ledger
from audit.signed_head import make_key
from lake_config.digests import sm3
from lake_config.errors import UsageError
from lake_config.person_name import person_name
from lake_config.settings import Settings

ROLE = "security_administrator"
KINDS = ("person_enrolled", "person_revoked")


def enrol_officer(settings: Settings, name: str) -> None:
    """Make an officer's key pair and record its public half in the ledger.

    A pair that a killed run left behind was never in the ledger and is made anew.
    """
    person = person_name(name)
    ledger = open_ledger(settings)
    private, public = key_files(settings, person)
    if person in public_keys(settings, ledger.events(*KINDS)) and private.exists():
        return
    make_key(private, public)
    body = {"person": person, "role": ROLE, "key": sm3(public.read_bytes())}
    ledger.append("person_enrolled", getpass.getuser(), person, body)


def revoke_officer(settings: Settings, name: str) -> None:
    """From now on none of the officer's signatures counts; UsageError for strangers."""
    person = person_name(name)
    ledger = open_ledger(settings)
    if person not in enrolled(ledger.events(*KINDS)):
        raise UsageError(f"没有登记过安全管理员“{person}”，或已停用。")
    body = {"person": person, "role": ROLE}
    ledger.append("person_revoked", getpass.getuser(), person, body)


def enrolled(events: Iterable[Event]) -> dict[str, str]:
    """Today's officers and the digests of their public keys."""
    found: dict[str, str] = {}
    for event in events:
        if event.kind not in KINDS or event.body.get("role") != ROLE:
            continue
        if event.kind == "person_enrolled":
            found[event.body["person"]] = event.body["key"]
        else:
            found.pop(event.body["person"], None)
    return found


def public_keys(settings: Settings, events: Iterable[Event]) -> dict[str, bytes]:
    """Today's officers and their public keys, where the file is the one of the ledger."""
    files = {
        person: (digest, key_files(settings, person)[1])
        for person, digest in enrolled(events).items()
    }
    return {
        person: path.read_bytes()
        for person, (digest, path) in files.items()
        if path.exists() and sm3(path.read_bytes()) == digest
    }


def key_files(settings: Settings, person: str) -> tuple[Path, Path]:
    """(private, public); named by digest, because a name may hold anything."""
    name = sm3(person.encode())[:16]
    folder = settings.layers.keys / "officers"
    return folder / f"{name}.key", settings.layers.state / "officers" / f"{name}.pem"
