"""Copies of the ledger in the write-once bucket: whoever changes the ledger cannot reach them.

Each is one stretch of the file under a name that tells where it lies and what it holds,
`events/<first byte>-<byte after>-<sm3>.jsonl`, so that a list is enough to compare.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from lake_config.digests import sm3
from lake_config.duties import Duty
from lake_config.layers import ledger_bucket
from lake_config.settings import Settings, store_account
from storage.administrator import Login, client, told

NAME = re.compile(r"events/(\d{16})-(\d{16})-([0-9a-f]{64})\.jsonl")


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """Bytes `start` to `end` of the ledger's file, and their SM3 (hex)."""

    start: int
    end: int
    digest: str

    @property
    def name(self) -> str:
        return f"events/{self.start:016}-{self.end:016}-{self.digest}.jsonl"


def stretches(settings: Settings, duty: Duty) -> list[Stretch]:
    """Every copy there is, in the file's order, as this duty's account sees them."""
    store = client(settings, Login(*store_account(settings, duty)))
    with told("列出账本副本"):
        found = list(
            store.list_objects(ledger_bucket(settings.store_prefix), "events/")
        )
    names = (NAME.fullmatch(str(item.object_name)) for item in found)
    return sorted(Stretch(int(it[1]), int(it[2]), it[3]) for it in names if it)


def keep_stretch(settings: Settings, start: int, content: bytes) -> Stretch:
    """One more copy, locked from the moment it is there."""
    made = Stretch(start, start + len(content), sm3(content))
    store = client(settings, Login(*store_account(settings, Duty.KEEPER)))
    with told("存入账本副本"):
        store.put_object(
            ledger_bucket(settings.store_prefix),
            made.name,
            io.BytesIO(content),
            len(content),
        )
    return made
