"""The ledger's copies in the store: made every few minutes, compared by `./lake verify`.

An older ledger put back together with its older signed head passes every check on this
machine; it does not have the bytes that the copies say it had.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from audit.ledger import open_ledger
from audit.verify import verify
from lake_config.digests import sm3
from lake_config.duties import Duty
from lake_config.errors import LedgerBroken, NothingToDo
from lake_config.settings import Settings
from storage.ledger_copies import Stretch, keep_stretch, stretches

AT_ONCE = 64 << 20
"""Bytes of one copy."""


def copy_ledger(settings: Settings) -> None:
    """Copy what was recorded since the last time; nothing of a ledger that is broken."""
    if not settings.store:
        raise NothingToDo("没有设置对象存储（LAKE_STORE），账本没有副本。")
    result = verify(settings)
    if not result.ok:
        raise LedgerBroken(
            f"账本核验未通过，没有复制：{result.place}。{result.message}"
        )
    ledger = open_ledger(settings)
    held = stretches(settings, Duty.KEEPER)
    _compare(ledger.file, held)
    made = [
        keep_stretch(settings, start, content)
        for start, content in _fresh(
            ledger.file, _covered(held), ledger.settled_bytes()
        )
    ]
    size = sum(it.end - it.start for it in made)
    Console().print(f"账本副本：新增 {len(made)} 份，{size:,} 字节。")


def compare_copies(settings: Settings) -> int:
    """Bytes of the ledger that the copies confirm; LedgerBroken where they do not."""
    held = stretches(settings, Duty.AUDITOR)
    _compare(open_ledger(settings).file, held)
    return _covered(held)


def _fresh(file: Path, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    with file.open("rb") as ledger:
        ledger.seek(start)
        while start < end:
            content = ledger.read(min(AT_ONCE, end - start))
            yield start, content
            start += len(content)


def _compare(file: Path, held: list[Stretch]) -> None:
    with file.open("rb") as ledger:
        for it in held:
            ledger.seek(it.start)
            if sm3(ledger.read(it.end - it.start)) != it.digest:
                raise LedgerBroken(
                    f"账本字节 {it.start} 至 {it.end} 与存储中的副本不符：账本被改动，或是"
                    "旧副本。停止作业，请审计管理员以副本为准查明（桶中 events/）。"
                )


def _covered(held: list[Stretch]) -> int:
    """So far the copies reach from the first byte on without a gap."""
    end = 0
    for it in held:
        if it.start > end:
            break
        end = max(end, it.end)
    return end
