"""Does the ledger still say what it said? Needs only its files and the public key.

Names the first bad place: byte offset and entry. What it cannot see: an operator who puts
back an older copy of the ledger together with the matching older head; the copies in a
store show that (ops/ledger_copies.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.chain import (
    START,
    BadPlace,
    Position,
    lacks_line_end,
    only_torn,
    signed,
)
from audit.ledger import EVENTS, PUBLIC_KEY
from audit.signed_head import Head, public_key, read_head
from lake_config.settings import Settings


@dataclass(frozen=True, slots=True)
class Verification:
    """`place` and `message` say where and what the first fault is; empty when ok."""

    events: int
    ok: bool
    place: str = ""
    message: str = ""


def verify(settings: Settings) -> Verification:
    """Check every entry, the chain, and the signed head of one lake."""
    layers = settings.layers
    return verify_files(
        layers.ledger / EVENTS, layers.ledger_head, layers.state / PUBLIC_KEY
    )


def verify_files(events: Path, head: Path, public: Path) -> Verification:
    """The same for files anywhere, for instance a copy an auditor holds."""
    try:
        key = public_key(public.read_bytes())
        read_head(head, key)
        with events.open("rb") as file:
            return Verification(_verified(file, head, key), True)
    except BadPlace as bad:
        return Verification(bad.count, False, bad.place, bad.fault)
    except ValueError:
        return Verification(0, False, head.name, "签名头缺失、损坏或不是本账本的签名。")
    except OSError as error:
        name = Path(error.filename or events).name
        return Verification(0, False, name, f"{name} 读不到。")


def _verified(file: BinaryIO, head: Path, key: Ed25519PublicKey) -> int:
    """Number of entries; others may go on appending meanwhile.

    An entry may land between the two looks at the file, with the head unchanged: only
    what two rounds in a row saw in the same way is a fault.
    """
    here, before = START, None
    while True:
        found = read_head(head, key)
        for entry in signed(file, here, found):
            here = entry.end
        file.seek(here.offset)
        rest = file.read()
        if _excused(rest, here, found):
            return here.size
        if (found, here) == before:
            text = f"末尾被添加（签名头：{found.size} 条）。"
            raise BadPlace(here.size, here.offset, text)
        before = (found, here)


def _excused(rest: bytes, here: Position, head: Head) -> bool:
    """After the last entry only a write that is under way, or was cut off, may stand."""
    writing = here.size < head.pending_size
    return not rest or (writing and (only_torn(rest) or lacks_line_end(rest, head)))
