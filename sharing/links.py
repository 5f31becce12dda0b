"""Short-lived links to one file: whoever changes one letter of it gets nothing.

A link names the digest of the token it was given for, and lives no longer than that token.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from pathlib import Path
from typing import NamedTuple

from audit.events import Json
from lake_config.settings import Settings, read_private, write_private

LINK_KEY = "link_signing.key"


def init_link_key(settings: Settings) -> None:
    path = settings.layers.keys / LINK_KEY
    if not path.exists():
        write_private(path, secrets.token_hex(32))


def _mac(settings: Settings, content: bytes) -> str:
    key = bytes.fromhex(read_private(settings.layers.keys / LINK_KEY).strip())
    return hmac.new(key, content, hashlib.sha256).hexdigest()


class Link(NamedTuple):
    """A file, the digest of the token it was given for, and the `grant` and `until` of the
    version it is of; none of a curated one."""

    file: Path
    token_digest: str
    terms: Json


def link(settings: Settings, file: Path, token_digest: str, terms: Json) -> str:
    """`<payload>.<signature>`: which file, for whom, until when, under which grant."""
    facts = {
        "g": terms,
        "f": file.relative_to(settings.layers.shared).as_posix(),
        "t": token_digest,
        "e": int(time.time()) + settings.link_seconds,
    }
    payload = base64.urlsafe_b64encode(json.dumps(facts, sort_keys=True).encode())
    return f"{payload.decode()}.{_mac(settings, payload)}"


def opened(settings: Settings, token: str) -> Link | None:
    """An untouched link in its time; None for anything else."""
    payload, _, signature = token.partition(".")
    content = payload.encode("utf-8", "replace")
    if not hmac.compare_digest(
        signature.encode("utf-8", "replace"), _mac(settings, content).encode()
    ):
        return None
    facts = json.loads(base64.urlsafe_b64decode(content))
    if facts["e"] < time.time() or "g" not in facts:
        return None
    return Link(settings.layers.shared / facts["f"], facts["t"], facts["g"])
