"""Does the ledger still say what it said? Needs only its files and the public key.

Names the first bad place: byte offset and entry. What it cannot see: an operator who puts
back an older copy of the ledger together with the matching older head (SECURITY.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audit.events import ORIGIN, Event, digest_of, parse, sm3
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


class _BadPlace(Exception):  # noqa: N818 - a verdict on its way, not an error for people
    def __init__(self, count: int, place: str, message: str) -> None:
        self.verdict = Verification(count, False, place, message)


def verify(settings: Settings) -> Verification:
    """Check every entry, the chain, and the signed head of one lake."""
    layers = settings.layers
    return verify_files(
        layers.ledger / EVENTS, layers.ledger_head, layers.state / PUBLIC_KEY
    )


def verify_files(events: Path, head: Path, public: Path) -> Verification:
    """The same for files anywhere, for instance a copy an auditor holds."""
    try:
        signed = read_head(head, public_key(public.read_bytes()))
    except (OSError, ValueError):
        return Verification(0, False, head.name, "签名头缺失、损坏或不是本账本的签名。")
    try:
        return _checked(events, signed)
    except _BadPlace as found:
        return found.verdict
    except OSError:
        return Verification(0, False, events.name, "账本文件读不到。")


def _checked(path: Path, head: Head) -> Verification:
    count, previous, torn = 0, ORIGIN, None
    for offset, line in _lines(path):
        event = _event(line)
        if event is None:
            if torn is not None:
                raise _BadPlace(count, _at(count, offset), "条目无法识别，已被改动。")
            torn = (offset, line)
            continue
        torn = _closed(torn, event, count)
        _check_link(event, count, previous, offset)
        count, previous = count + 1, event.digest
    _check_end(head, count, previous, torn, path)
    return Verification(count, True)


def _closed(
    torn: tuple[int, bytes] | None, event: Event, count: int
) -> tuple[int, bytes] | None:
    """A torn line is excused by the recovery right after it, and by nothing else."""
    if torn is None:
        return None
    offset, line = torn
    wanted = {"offset": offset, "length": len(line), "torn": sm3(line)}
    if event.kind != "recovered" or event.body != wanted:
        raise _BadPlace(count, _at(count, offset), "条目内容被改动。")
    return None


def _check_link(event: Event, count: int, previous: str, offset: int) -> None:
    if digest_of(event) != event.digest:
        raise _BadPlace(count, _at(count, offset), "条目内容与其摘要不符，已被改动。")
    if event.index != count or event.previous != previous:
        text = "与前一条接不上：有条目被删除、插入或调换。"
        raise _BadPlace(count, _at(count, offset), text)


def _check_end(
    head: Head, count: int, digest: str, torn: tuple[int, bytes] | None, path: Path
) -> None:
    """The end must be the signed one; a line torn by a kill may follow it."""
    known = {(head.size, head.digest), (head.pending_size, head.pending_digest)}
    if (count, digest) in known and (torn is None or _unfinished(path)):
        return
    if torn is not None:
        raise _BadPlace(count, _at(count, torn[0]), "条目内容被改动。")
    text = "末尾被截断，或整个目录是旧副本" if count < head.size else "末尾被添加"
    raise _BadPlace(
        count, _at(count, path.stat().st_size), f"{text}（签名头：{head.size} 条）。"
    )


def _unfinished(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read(1) != b"\n"


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    offset = 0
    with path.open("rb") as file:
        for line in file:
            yield offset, line.rstrip(b"\n")
            offset += len(line)


def _event(line: bytes) -> Event | None:
    try:
        return parse(line)
    except (ValueError, TypeError):
        return None


def _at(count: int, offset: int) -> str:
    return f"第 {count} 条（字节 {offset}）"
