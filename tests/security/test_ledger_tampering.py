"""Whoever changes the ledger's files is found, and the first bad place is named."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from audit.ledger import EVENTS, init_ledger, open_ledger
from audit.verify import verify
from lake_config.errors import LedgerBroken
from lake_config.settings import Settings

EVENT = {"department": "d", "table": "t", "date": "2026-01-01", "what": "x"}
Lines = list[bytes]


@pytest.fixture
def lake(settings: Settings) -> Settings:
    ledger = init_ledger(settings)
    for number in range(12):
        ledger.append("alert", "tests", f"s{number}", EVENT)
    return settings


def change(lines: Lines) -> Lines:
    return [*lines[:5], lines[5].replace(b"2026-01-01", b"2026-01-02"), *lines[6:]]


TAMPERINGS: dict[str, tuple[Callable[[Lines], Lines], int]] = {
    "a changed byte": (change, 5),
    "a removed entry": (lambda lines: lines[:4] + lines[5:], 4),
    "swapped entries": (lambda x: [*x[:3], x[4], x[3], *x[5:]], 3),
    "a doubled entry": (lambda lines: [*lines[:7], lines[6], *lines[7:]], 7),
    "a cut tail": (lambda lines: lines[:-1], 11),
    "a long cut tail": (lambda lines: lines[:-6], 6),
    "an emptied file": (lambda lines: [], 0),
    "a foreign line in the middle": (
        lambda x: [*x[:8], b'{"kind":"read"}\n', *x[8:]],
        8,
    ),
    "a foreign line at the end": (lambda x: [*x, b'{"kind":"read"}\n'], 12),
    "a last entry cut in half": (lambda x: [*x[:-1], x[-1][:40]], 11),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_placed(lake: Settings, name: str) -> None:
    tamper, first_bad = TAMPERINGS[name]
    path = lake.layers.ledger / EVENTS
    path.write_bytes(b"".join(tamper(path.read_bytes().splitlines(keepends=True))))
    result = verify(lake)
    assert not result.ok
    assert result.place.startswith(f"第 {first_bad} 条")


def test_every_single_byte_counts(lake: Settings) -> None:
    path = lake.layers.ledger / EVENTS
    good = path.read_bytes()
    for place in range(0, len(good), 37):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert not verify(lake).ok, place


def test_an_older_copy_of_the_folder_is_found(lake: Settings, tmp_path: Path) -> None:
    shutil.copytree(lake.layers.ledger, tmp_path / "old")
    open_ledger(lake).append("alert", "tests", "later", EVENT)
    shutil.rmtree(lake.layers.ledger)
    shutil.copytree(tmp_path / "old", lake.layers.ledger)
    assert not verify(lake).ok
    with pytest.raises(LedgerBroken):
        open_ledger(lake).append("alert", "tests", "on top", EVENT)


def test_a_missing_or_foreign_head_is_found(lake: Settings) -> None:
    head = lake.layers.ledger_head
    content = head.read_text("utf-8")
    head.write_text(content.replace('"size": 12', '"size": 11'), encoding="utf-8")
    assert not verify(lake).ok
    head.unlink()
    assert not verify(lake).ok


def test_an_untouched_ledger_verifies(lake: Settings) -> None:
    result = verify(lake)
    assert (result.ok, result.events) == (True, 12)
