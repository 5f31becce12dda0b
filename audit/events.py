"""What an event is: closed kinds with their required fields, and its canonical bytes.

Events carry names, counts, versions and digests only; the closed lists below are what
keeps a cell value from slipping in as an extra field.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from lake_config.digests import sm3
from lake_config.errors import LedgerUnwritable

Json = dict[str, Any]
ORIGIN = "0" * 64
LARGEST = 64 * 1024

_BATCH = "ok department table date contract attempt".split()
KINDS: dict[str, frozenset[str]] = {
    kind: frozenset(fields.split())
    for kind, fields in {
        "collected": "source_rows collected_rows control server digests",
        "reconciled": "rows checks",
        "gated": "rows accepted quarantined findings keys verdict reasons suite "
        "compared_with",
        "masked": "rows recipient purpose policy key_ids staged leak_scan columns files "
        "files_digest risk",
        "published": "rows recipient purpose policy version approvals files_digest",
    }.items()
}
KINDS = {kind: fields | frozenset(_BATCH) for kind, fields in KINDS.items()}
KINDS |= {
    kind: frozenset(fields.split())
    for kind, fields in {
        "failed": "department table date step exit_code error",
        "approved": "contract policy officer facts key",
        "person_enrolled": "person role key",
        "person_revoked": "person role",
        "key_used": "key_ids purpose",
        "key_version": "version algorithm state check warrant",
        "warrant_signed": "what facts until number digest officer key",
        "relinked": "old new rows until warrant",
        "relink_handed": "old new rows until",
        "relink_ended": "old new until",
        "vault_opened": "key_ids token_digest reason_digest warrant",
        "read": "person recipient table version files request source",
        "read_refused": "person table reason request source count",
        "deletion_ordered": "department table reason files names_digest",
        "deletion_done": "department table reason files names_digest",
        "quarantine_listed": "department table date rows",
        "quarantine_returned": "department table date rows",
        "corrections_signed": "contract corrections rules officer key",
        "redelivery_accepted": "department table date reason_digest",
        "alert": "department table date what",
        "storage_checked": "endpoint passed properties digest",
        "ticket": "department table date about kinds columns digest",
        "ticket_settled": "department table date about digest by",
        "ticket_extended": "department table digest officer",
        "source_released": "department server",
        "class_proposed": "department table date contract rules names proposals findings",
        "class_confirmed": "contract table column class rules officer key",
        "grant_withdrawn": "grant officer",
        "persons_counted": "department table date persons total level",
        "recovered": "offset length torn",
    }.items()
}
"""Event kind to the fields its body must have; no kind allows any other field but those
in OPTIONAL."""

OPTIONAL = frozenset(
    "duration_seconds warned staged_version drift lease difference "
    "replay quarantined_before replayed corrected_by load vaulted "
    "classes persons under14 grant until text recipient".split()
)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry. `digest` covers everything else, `previous` is the entry before."""

    index: int
    time: str
    kind: str
    actor: str
    subject: str
    body: Json
    previous: str
    digest: str

    def line(self) -> bytes:
        """The entry as it stands in the file, without the line end."""
        return canonical({**_content(self), "digest": self.digest})


def make(
    index: int,
    time: str,
    kind: str,
    actor: str,
    subject: str,
    body: Json,
    previous: str,
) -> Event:
    """A checked event with its digest; raises LedgerUnwritable when it is not one."""
    check_body(kind, body)
    bare = Event(index, time, kind, actor, subject, body, previous, "")
    event = Event(index, time, kind, actor, subject, body, previous, digest_of(bare))
    if len(event.line()) > LARGEST:
        raise LedgerUnwritable(f"账本事件 {kind} 超过 {LARGEST} 字节，未写入。")
    return event


def parse(line: bytes) -> Event:
    """An event from its line; ValueError when the line is not exactly one event.

    The digest is taken over the line's own bytes without the digest member: no other
    line can pass for this one, and nothing has to be put into canonical form again.
    """
    event = Event(**json.loads(line.decode()))
    before, _, after = line.rpartition(b',"digest":')
    digest = f'"{event.digest}"'.encode()
    if not after.startswith(digest + b',"index":'):
        raise ValueError("the digest is not where it belongs")
    if sm3(before + after.removeprefix(digest)) != event.digest:
        raise ValueError("the content does not have this digest")
    return event


def digest_of(event: Event) -> str:
    """SM3 over the canonical content, hex (GB/T 32905)."""
    return sm3(canonical(_content(event)))


def _content(event: Event) -> Json:
    names = ("index", "time", "kind", "actor", "subject", "body", "previous")
    return {name: getattr(event, name) for name in names}


def canonical(value: Json) -> bytes:
    """The one byte form of a value: sorted keys, UTF-8, no NaN."""
    text = json.dumps(
        value,
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return text.encode("utf-8")


def check_body(kind: str, body: Json) -> None:
    """Refuse unknown kinds, missing fields and fields nobody declared."""
    if kind not in KINDS:
        raise LedgerUnwritable(f"账本没有事件类别 {kind}。")
    missing, extra = KINDS[kind] - body.keys(), body.keys() - KINDS[kind] - OPTIONAL
    if missing or extra:
        names = "、".join(sorted(missing | extra))
        raise LedgerUnwritable(f"账本事件 {kind} 的字段不符：{names}。未写入。")
    try:
        canonical(body)
    except (TypeError, ValueError):
        raise LedgerUnwritable(f"账本事件 {kind} 含有无法记录的值。未写入。") from None
