"""Who may use the sharing service: enrol, revoke, list. Each change is an event."""

from __future__ import annotations

import getpass
import re
import secrets
from datetime import UTC, datetime, timedelta

from audit.ledger import open_ledger
from lake_config.contract_shape import NAME, SAFE
from lake_config.errors import UsageError
from lake_config.layers import CURATED
from lake_config.person_name import person_name
from lake_config.settings import Settings
from sharing import database

ROLE = "analyst"


def enrol(
    settings: Settings, name: str, days: int, recipient: str = CURATED
) -> dict[str, object]:
    """A fresh token for one person, as a Delta Sharing profile; shown this once.

    The person reads what is published to the recipient, and nothing else. UsageError for
    a recipient that is none.
    """
    name = person_name(name)
    if not re.fullmatch(NAME, recipient):
        raise UsageError(f"“{recipient}”不是使用方：{SAFE}")
    token = secrets.token_urlsafe(32)
    expires = datetime.now(UTC) + timedelta(days=days)
    digest = database.token_digest(token)
    body = {"person": name, "role": ROLE, "key": digest, "recipient": recipient}
    open_ledger(settings).append("person_enrolled", getpass.getuser(), name, body)
    person = database.Person(
        name=name,
        recipient=recipient,
        token_digest=digest,
        expires=expires,
        revoked=None,
    )
    database.save(database.engine_of(settings), person)
    return {
        "shareCredentialsVersion": 1,
        "endpoint": settings.sharing_url,
        "bearerToken": token,
        "expirationTime": expires.isoformat(timespec="seconds"),
    }


def revoke(settings: Settings, name: str) -> None:
    """The person's token and links are refused from the next request on."""
    name = person_name(name)
    if not database.revoke(database.engine_of(settings), name):
        raise UsageError(f"没有登记过“{name}”。可用 ./lake share list 查看。")
    body = {"person": name, "role": ROLE}
    open_ledger(settings).append("person_revoked", getpass.getuser(), name, body)


def list_people(settings: Settings) -> list[str]:
    """One line per person, without tokens."""
    return [
        f"{person.name}　{person.recipient}　"
        f"{'已停用' if person.revoked else f'有效期至 {person.expires:%Y-%m-%d}'}"
        for person in database.people(database.engine_of(settings))
    ]
