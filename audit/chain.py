"""Following the chain: from a known place on, each entry must fit the one before it.

Bytes that are no entry are excused by the `recovered` entry right after them, which names
exactly them, and by nothing else. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from audit.events import ORIGIN, Event, parse
from audit.signed_head import Head
from lake_config.digests import sm3
from lake_config.errors import LedgerBroken


class Position(NamedTuple):
    """So many entries, the digest of the last one, and the byte where it ends."""

    size: int
    digest: str
    offset: int


START = Position(0, ORIGIN, 0)


class Entry(NamedTuple):
    """An event and where its line begins; `end` is the position after it."""

    event: Event
    start: int
    end: Position


class BadPlace(LedgerBroken):
    """The first place where the ledger does not say what was written."""

    def __init__(self, count: int, offset: int, fault: str) -> None:
        self.count, self.fault = count, fault
        self.place = f"第 {count} 条（字节 {offset}）"
        super().__init__(
            f"审计账本{self.place}：{fault}已停止。请执行 ./lake verify 查明。"
        )


def signed(file: BinaryIO, since: Position, head: Head) -> Iterator[Entry]:
    """The entries after `since` that the head names; the pending one if it is there.

    They are only to be trusted when all were read and no BadPlace was raised.
    """
    here = since
    for entry in follow(file, since, head.size):
        here = entry.end
        yield entry
    if (here.size, here.digest) == (head.size, head.digest):
        pending = _landed(file, here, head)
        if pending:
            yield pending
    elif (here.size, here.digest) != (head.pending_size, head.pending_digest):
        text = f"与签名头（{head.size} 条）不符，账本被改动或是旧副本。"
        raise BadPlace(here.size, here.offset, text)


def _landed(file: BinaryIO, here: Position, head: Head) -> Entry | None:
    try:
        found = next(follow(file, here, head.pending_size), None)
    except BadPlace:
        return None
    return found if found and found.event.digest == head.pending_digest else None


def follow(file: BinaryIO, since: Position, size: int) -> Iterator[Entry]:
    """The entries after `since`, until there are `size` of them."""
    file.seek(0, 2)
    if file.tell() < since.offset:
        raise BadPlace(since.size, since.offset, "末尾被截断。")
    file.seek(since.offset)
    here, torn = since, bytearray()
    while here.size < size:
        line = file.readline()
        event = event_in(line.removesuffix(b"\n")) if line.endswith(b"\n") else None
        if event is not None:
            here = _linked(here, bytes(torn), line, event)
            yield Entry(event, here.offset - len(line), here)
            torn.clear()
        elif line:
            torn += line
        else:
            raise _ended(here, bytes(torn))


def _linked(here: Position, torn: bytes, line: bytes, event: Event) -> Position:
    """The position after an entry that fits, or BadPlace."""
    if torn and not _covers(event, here.offset, torn):
        raise BadPlace(here.size, here.offset, "条目内容被改动。")
    if event.index != here.size or event.previous != here.digest:
        text = "与前一条接不上：有条目被删除、插入或调换。"
        raise BadPlace(here.size, here.offset, text)
    return Position(here.size + 1, event.digest, here.offset + len(torn) + len(line))


def _covers(event: Event, offset: int, torn: bytes) -> bool:
    """Between torn bytes and their recovery stands one line end, put by the recovery."""
    return event.kind == "recovered" and event.body == recovery(offset, torn[:-1])


def recovery(offset: int, torn: bytes) -> dict[str, int | str]:
    """What a `recovered` entry says of torn bytes."""
    return {"offset": offset, "length": len(torn), "torn": sm3(torn)}


def _ended(here: Position, torn: bytes) -> BadPlace:
    text = "条目内容被改动。" if torn else "末尾被截断，或整个目录是旧副本。"
    return BadPlace(here.size, here.offset, text)


def event_in(line: bytes) -> Event | None:
    """The event a line is, or None when it is not exactly one."""
    try:
        return parse(line)
    except (ValueError, TypeError, RecursionError):
        return None


def lacks_line_end(rest: bytes, head: Head) -> bool:
    """Is the pending entry there but for its line end?"""
    event = event_in(rest.rpartition(b"\n")[2])
    return event is not None and event.digest == head.pending_digest


def only_torn(rest: bytes) -> bool:
    """Can these bytes be a write that was cut off? Whole events among them cannot."""
    return not any(event_in(line) for line in rest.split(b"\n"))
