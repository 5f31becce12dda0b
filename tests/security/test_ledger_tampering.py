"""Whoever changes the ledger's files is found, and the first bad place is named."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.index import event_at
from audit.ledger import EVENTS, init_ledger, open_ledger
from audit.receipts import counting, last_published
from audit.verify import verify
from lake_config.errors import LedgerBroken
from lake_config.settings import Settings
from tests.lib.dying_writer import EVENT, forget
from tests.lib.forged_lines import Lines, forged, rewritten

COUNT = 52


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    ledger = init_ledger(settings)
    for number in range(COUNT):
        ledger.append("alert", "tests", f"s{number}", EVENT)
    return settings


def lines_of(lake: Settings) -> Lines:
    return (lake.layers.ledger / EVENTS).read_bytes().splitlines(keepends=True)


def write(lake: Settings, lines: Lines) -> None:
    (lake.layers.ledger / EVENTS).write_bytes(b"".join(lines))
    forget()


def change(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at].replace(b"2026-01-01", b"2026-01-02")] + lines[
        at + 1 :
    ]


def insert(lines: Lines, at: int) -> Lines:
    previous = json.loads(lines[at])["previous"]
    return [
        *lines[:at],
        forged(lines[at], subject="new", previous=previous),
        *lines[at:],
    ]


TAMPERINGS: dict[str, Callable[[Lines, int], Lines]] = {
    "a changed entry": change,
    "a changed entry with its digest": lambda x, at: [
        *x[:at], forged(x[at], subject="else"), *x[at + 1 :],
    ],
    "everything rewritten from here on": rewritten,
    "a removed entry": lambda x, at: x[:at] + x[at + 1 :],
    "an inserted entry": insert,
    "swapped entries": lambda x, at: [*x[:at], x[at + 1], x[at], *x[at + 2 :]],
    "a doubled entry": lambda x, at: [*x[:at], x[at], *x[at:]],
    "a cut tail": lambda x, at: x[:at],
    "a foreign line": lambda x, at: [*x[:at], b'{"kind":"read"}\n', *x[at:]],
    "an entry cut in half": lambda x, at: [*x[:at], x[at][:40], *x[at + 1 :]],
}  # fmt: skip
NEXT = ("a changed entry with its digest", "an inserted entry", "a doubled entry")
"""These fit what is before them; what comes after no longer does."""


def first_bad(name: str, at: int) -> int:
    if name == "everything rewritten from here on":
        return COUNT
    return at + (name in NEXT)


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_placed_and_nobody_reads_on(
    lake: Settings, name: str
) -> None:
    """At fifty places each, by verification and by whoever makes a decision."""
    good = lines_of(lake)
    for at in range(COUNT - 2):
        write(lake, TAMPERINGS[name](good, at))
        result = verify(lake)
        place = f"第 {first_bad(name, at)} 条"
        assert not result.ok and result.place.startswith(place), (at, result)
        with pytest.raises(LedgerBroken, match=place):
            list(open_ledger(lake).events())
        with pytest.raises(LedgerBroken, match=place):
            list(open_ledger(lake).newest("alert", "s0"))
        with pytest.raises(LedgerBroken, match=place):
            open_ledger(lake).append("alert", "tests", "on top", EVENT)


@pytest.mark.parametrize(
    "rest", [b'{"kind":"read"}\n', b"\n", b"x", b"\0" * 100], ids=repr
)
def test_bytes_after_the_end_are_found(lake: Settings, rest: bytes) -> None:
    write(lake, [*lines_of(lake), rest])
    assert verify(lake).place.startswith(f"第 {COUNT} 条")
    with pytest.raises(LedgerBroken):
        open_ledger(lake).append("alert", "tests", "on top", EVENT)


def test_every_single_byte_counts(lake: Settings) -> None:
    good = b"".join(lines_of(lake))
    for place in range(0, len(good), 37):
        write(lake, [good[:place], bytes([good[place] ^ 1]), good[place + 1 :]])
        assert not verify(lake).ok, place
        with pytest.raises(LedgerBroken):
            list(open_ledger(lake).newest("alert", "s0"))


def test_a_digest_moved_within_its_line_is_found(lake: Settings) -> None:
    """The same members in another order are other bytes."""
    good = lines_of(lake)
    digest = f',"digest":"{json.loads(good[3])["digest"]}"'.encode()
    moved = good[3].replace(digest, b"").replace(b',"body"', digest + b',"body"')
    write(lake, [*good[:3], moved, *good[4:]])
    assert json.loads(moved) == json.loads(good[3])
    assert verify(lake).place.startswith("第 3 条")


def test_an_older_copy_of_the_folder_is_found(lake: Settings, tmp_path: Path) -> None:
    shutil.copytree(lake.layers.ledger, tmp_path / "old")
    open_ledger(lake).append("alert", "tests", "later", EVENT)
    shutil.rmtree(lake.layers.ledger)
    shutil.copytree(tmp_path / "old", lake.layers.ledger)
    assert not verify(lake).ok
    for _ in range(2):
        with pytest.raises(LedgerBroken):
            open_ledger(lake).append("alert", "tests", "on top", EVENT)
        forget()


def test_a_missing_or_foreign_head_is_found(lake: Settings) -> None:
    head = lake.layers.ledger_head
    content = head.read_text("utf-8")
    head.write_text(content.replace(f'"size": {COUNT}', '"size": 11'), encoding="utf-8")
    assert not verify(lake).ok
    head.unlink()
    assert not verify(lake).ok
    with pytest.raises(LedgerBroken):
        list(open_ledger(lake).newest("alert", "s0"))


def test_an_untouched_ledger_verifies(lake: Settings) -> None:
    os.utime(lake.layers.ledger / EVENTS, (0, 0))
    result = verify(lake)
    assert (result.ok, result.events) == (True, COUNT)


BATCH = {
    "ok": True,
    "department": "d",
    "table": "t",
    "date": "2026-01-01",
    "contract": "c",
    "attempt": "a",
}
COLLECTED = {
    **BATCH,
    "source_rows": 1,
    "collected_rows": 1,
    "control": "rows",
    "server": "s",
    "digests": "d",
}
PUBLISHED = {
    **BATCH,
    "rows": 1,
    "recipient": "analysts",
    "purpose": "statistics",
    "policy": "p",
    "version": 0,
    "approvals": [],
    "files_digest": "f",
}
AGAIN = {"department": "d", "table": "t", "date": "2026-01-01", "reason_digest": "r"}


@pytest.fixture
def decided(settings: Settings) -> Settings:
    """A batch collected, published, and accepted for redelivery: it counts no more."""
    ledger = init_ledger(settings)
    ledger.append("collected", "jobs", "d.t.2026-01-01", COLLECTED)
    ledger.append("published", "jobs", "d.t.2026-01-01", PUBLISHED)
    ledger.append("redelivery_accepted", "p", "d.t.2026-01-01", AGAIN)
    assert counting(ledger, "d.t.2026-01-01") is None
    assert last_published(ledger, "analysts", "d", "t")
    return settings


def test_a_spoilt_decision_is_never_passed_over(decided: Settings) -> None:
    """The last entry is as protected as the others; who has read it keeps to it."""
    path, batch = decided.layers.ledger / EVENTS, "d.t.2026-01-01"
    path.write_bytes(path.read_bytes().replace(b'"redelivery_', b'"redelivery-'))
    assert counting(open_ledger(decided), batch) is None
    for forgotten in (event_at.cache_clear, forget):
        forgotten()
        with pytest.raises(LedgerBroken, match="第 2 条"):
            counting(open_ledger(decided), batch)


def test_a_forged_receipt_is_never_trusted(decided: Settings) -> None:
    lines = lines_of(decided)
    body = {**PUBLISHED, "version": 7}
    for at, line in ((1, lines[1]), (3, lines[1])):
        false = forged(line, body=body, index=at)
        write(decided, [*lines[:at], false, *lines[at:]])
        try:
            found = last_published(open_ledger(decided), "analysts", "d", "t")
        except LedgerBroken:
            continue
        assert at == 3 and found and found.body["version"] == 0
    assert not verify(decided).ok
