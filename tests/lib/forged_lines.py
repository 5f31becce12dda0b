"""What somebody could write into the ledger's file who has everything but its key."""

from __future__ import annotations

import json

from audit.events import Event, canonical, digest_of, parse

Lines = list[bytes]


def forged(line: bytes, **changed: object) -> bytes:
    """An entry with other content and the digest that belongs to it."""
    data = {**json.loads(line), **changed}
    event = Event(**{**data, "digest": ""})
    return canonical({**data, "digest": digest_of(event)}) + b"\n"


def rewritten(lines: Lines, at: int) -> Lines:
    """Another content, and every later digest made to fit it: all but the signature."""
    found = [*lines[:at], forged(lines[at], subject="else")]
    for line in lines[at + 1 :]:
        found.append(forged(line, previous=parse(found[-1].rstrip()).digest))
    return found
