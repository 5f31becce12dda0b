"""Officers confirm a finding by content: the column may stay as the contract has it.

A signature is over the contract's digest, the place, the class and the rules that found it:
another contract, another class or other rules need another one. It counts as one under a
contract does: it stands in the ledger and verifies under the key of an officer of today.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from audit.events import Event, canonical
from audit.ledger import open_ledger
from audit.signed_head import private_key
from lake_config.contract import Contract
from lake_config.digests import sm3
from lake_config.errors import UsageError
from lake_config.layers import table_key
from lake_config.person_name import person_name
from lake_config.settings import Settings, write_private
from privacy import officers
from privacy.approval import valid
from privacy.classify import RULES

CONFIRMED = "class_confirmed"
Place = tuple[str, str]
"""A column, and the class that was found in it."""


def _facts(contract: Contract, table: str, place: Place) -> dict[str, str]:
    column, name = place
    return {
        "contract": contract.digest,
        "table": table,
        "column": column,
        "class": name,
        "rules": RULES,
    }


def confirm(
    settings: Settings, name: str, contract: Contract, table: str, place: Place
) -> None:
    """Sign what the officer looked into and record it; UsageError for strangers."""
    officer, ledger = person_name(name), open_ledger(settings)
    keys = officers.public_keys(settings, ledger.events(*officers.KINDS))
    private, _ = officers.key_files(settings, officer)
    if officer not in keys or not private.exists():
        raise UsageError(f"没有安全管理员“{officer}”。请先登记，再确认。")
    facts = _facts(contract, table, place)
    statement = canonical(facts)
    signature = private_key(private).sign(statement).hex()
    path = settings.layers.class_signature(sm3(statement), sm3(officer.encode()))
    write_private(path, json.dumps({"signature": signature}))
    body = {**facts, "officer": officer, "key": sm3(keys[officer])}
    ledger.append(CONFIRMED, officer, table_key(contract.department, table), body)


def unconfirmed(
    settings: Settings, contract: Contract, table: str, places: Iterable[Place]
) -> tuple[Place, ...]:
    """Those of the places that no officer of today has confirmed."""
    wanted = tuple(dict.fromkeys(places))
    if not wanted:
        return ()
    ledger = open_ledger(settings)
    keys = officers.public_keys(settings, ledger.events(*officers.KINDS))
    bodies = [
        event.body
        for event in ledger.newest(CONFIRMED, table_key(contract.department, table))
    ]
    return tuple(
        place
        for place in wanted
        if not _is_confirmed(settings, keys, bodies, _facts(contract, table, place))
    )


def confirmations(
    settings: Settings, contract: Contract, table: str
) -> tuple[Event, ...]:
    """The events of the signatures that count for a table, the earliest first."""
    ledger = open_ledger(settings)
    keys = officers.public_keys(settings, ledger.events(*officers.KINDS))
    events = list(ledger.newest(CONFIRMED, table_key(contract.department, table)))
    return tuple(
        event
        for event in reversed(events)
        if _counts(settings, keys, contract, table, event)
    )


def _counts(
    settings: Settings,
    keys: dict[str, bytes],
    contract: Contract,
    table: str,
    event: Event,
) -> bool:
    place = event.body["column"], event.body["class"]
    facts = _facts(contract, table, place)
    return _is_confirmed(settings, keys, [event.body], facts)


def _is_confirmed(
    settings: Settings,
    keys: dict[str, bytes],
    bodies: list[dict[str, str]],
    facts: dict[str, str],
) -> bool:
    signers = {body["officer"] for body in bodies if facts.items() <= body.items()}
    statement = canonical(facts)
    return any(
        valid(keys[officer], _signature(settings, statement, officer), statement)
        for officer in signers & keys.keys()
    )


def _signature(settings: Settings, statement: bytes, officer: str) -> str:
    path = settings.layers.class_signature(sm3(statement), sm3(officer.encode()))
    try:
        return str(json.loads(path.read_text("utf-8"))["signature"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
