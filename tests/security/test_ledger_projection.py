"""The index answers as a reader of the whole file would, whatever is done to it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import index
from audit.events import Event, parse
from audit.ledger import EVENTS, SIGNING_KEY, Ledger, init_ledger, open_ledger
from audit.signed_head import Head, private_key, write_head
from audit.verify import verify
from lake_config.errors import LedgerBroken
from lake_config.settings import Settings
from tests.lib.dying_writer import EVENT, forget
from tests.lib.forged_lines import forged, rewritten

PERSON = {"person": "p", "role": "r", "key": "k"}


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Sixty entries, of which the saved copy knows all but the last few."""
    monkeypatch.setattr(index, "SAVE_EVERY", 25)
    monkeypatch.setattr(os, "fsync", lambda handle: None)
    fill(init_ledger(settings), 60)
    return settings


def fill(ledger: Ledger, count: int) -> None:
    chance = random.Random(3)
    for _ in range(count):
        subject = chance.choice(["a.b.1", "a.b.2", "a.bb.1", "a", "绥化"])
        kind = chance.choice(["alert", "person_enrolled"])
        body = EVENT if kind == "alert" else PERSON
        ledger.append(kind, "tests", subject, body)


def fresh(lake: Settings) -> Ledger:
    forget()
    return open_ledger(lake)


Answers = list[list[Event]]


def answers(ledger: Ledger) -> Answers:
    return [
        list(ledger.newest("alert", "a.b.1")),
        list(ledger.newest("alert", "绥化")),
        list(ledger.newest("read", "a")),
        list(ledger.newest_under("alert", "a.b.")),
        list(ledger.events("person_enrolled")),
        list(ledger.events("person_enrolled", "alert", "read")),
    ]


def truth(ledger: Ledger) -> Answers:
    """The same by going through the whole file."""
    found = list(ledger.events())
    alerts = [event for event in found if event.kind == "alert"][::-1]
    return [
        [event for event in alerts if event.subject == "a.b.1"],
        [event for event in alerts if event.subject == "绥化"],
        [],
        [event for event in alerts if event.subject.startswith("a.b.")],
        [event for event in found if event.kind == "person_enrolled"],
        found,
    ]


def agrees(ledger: Ledger) -> bool:
    found = answers(ledger)
    return found == truth(ledger) and all(map(bool, (found[0], found[3], found[4])))


def test_it_answers_like_the_file(lake: Settings) -> None:
    ledger = open_ledger(lake)
    assert agrees(ledger) and agrees(fresh(lake))
    ledger.append("alert", "tests", "a.b.1", EVENT)
    assert agrees(ledger) and agrees(open_ledger(lake))


def test_a_new_process_reads_only_what_the_copy_does_not_know(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    row = index._row

    def counted(entry: index.Entry) -> tuple[str, str, int, int, bytes]:
        read.append(entry.event.index)
        return row(entry)

    monkeypatch.setattr(index, "_row", counted)
    ledger = fresh(lake)
    list(ledger.newest("alert", "a"))
    assert 0 < len(read) <= 25 and read[-1] == 59
    read.clear()
    list(ledger.newest("alert", "a"))
    open_ledger(lake).append("alert", "tests", "a", EVENT)
    list(ledger.newest("alert", "a"))
    assert read == [60]


def older(lake: Settings) -> None:
    """A genuine copy of an earlier day."""
    kept = lake.layers.ledger_index.read_bytes()
    fill(open_ledger(lake), 30)
    assert lake.layers.ledger_index.read_bytes() != kept
    lake.layers.ledger_index.write_bytes(kept)


def without_a_row(lake: Settings) -> None:
    """Somebody hides an entry, and signs with a key of their own."""
    found = index.index_of(lake.layers.ledger / EVENTS, lake.layers.ledger_index)
    found._rows.execute("delete from entries where subject = 'a.b.1'")
    found._saved_size = -100
    found._save(Ed25519PrivateKey.generate())


def cut(lake: Settings) -> None:
    path = lake.layers.ledger_index
    path.write_bytes(path.read_bytes()[:-1000])


def a_byte(lake: Settings) -> None:
    path = lake.layers.ledger_index
    content = path.read_bytes()
    place = content.index("绥化".encode())
    path.write_bytes(content[:place] + b"X" + content[place + 1 :])


def nonsense(lake: Settings) -> None:
    lake.layers.ledger_index.write_bytes(b"\n\n\n")


def gone(lake: Settings) -> None:
    lake.layers.ledger_index.unlink()


SPOILERS: tuple[Callable[[Settings], None], ...] = (
    older,
    without_a_row,
    cut,
    a_byte,
    nonsense,
    gone,
)


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)
def test_a_spoilt_copy_changes_no_answer(
    lake: Settings, spoil: Callable[[Settings], None]
) -> None:
    spoil(lake)
    assert agrees(fresh(lake))


def test_a_copy_of_another_ledger_changes_no_answer(lake: Settings) -> None:
    """Signed by the same key, as after a restore: the chain does not go on from it."""
    path, copy = lake.layers.ledger / EVENTS, lake.layers.ledger_index.read_bytes()
    lines = rewritten(path.read_bytes().splitlines(keepends=True), 5)
    path.write_bytes(b"".join(lines))
    end = (len(lines), parse(lines[-1].rstrip()).digest)
    key = private_key(lake.layers.keys / SIGNING_KEY)
    write_head(lake.layers.ledger_head, Head(*end, *end), key)
    assert verify(lake).ok
    assert agrees(fresh(lake))
    lake.layers.ledger_index.write_bytes(copy)
    assert agrees(fresh(lake))


def test_what_is_asked_for_is_read_from_the_ledger(lake: Settings) -> None:
    """The copy names a place; what stands there must be what stood there."""
    path = lake.layers.ledger / EVENTS
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b'"alert"' in line)
    false = forged(lines[at], actor="tesst")
    assert at < 25 and len(false) == len(lines[at])
    path.write_bytes(b"".join([*lines[:at], false, *lines[at + 1 :]]))
    ledger = fresh(lake)
    list(ledger.events("person_enrolled"))
    with pytest.raises(LedgerBroken, match=f"第 {at} 条"):
        list(ledger.events("alert"))
    assert not verify(lake).ok


def test_a_restored_older_ledger_is_not_mixed_with_the_newer(lake: Settings) -> None:
    """Within one process: what the index knew beyond it is thrown away."""
    files = (lake.layers.ledger / EVENTS, lake.layers.ledger_head)
    kept = [path.read_bytes() for path in files]
    ledger = open_ledger(lake)
    fill(ledger, 5)
    for path, content in zip(files, kept, strict=True):
        path.write_bytes(content)
    assert agrees(ledger)
    ledger.append("alert", "tests", "a.b.1", EVENT)
    assert agrees(ledger) and verify(lake).ok


def test_a_copy_that_cannot_be_saved_is_no_harm(lake: Settings, tmp_path: Path) -> None:
    lake.layers.ledger_index.unlink()
    lake.layers.ledger_index.mkdir()
    ledger = fresh(lake)
    fill(ledger, 30)
    assert agrees(ledger)


def test_threads_ask_while_others_append(lake: Settings) -> None:
    with ThreadPoolExecutor(6) as pool:
        writers = [pool.submit(fill, open_ledger(lake), 20) for _ in range(2)]
        while not all(writer.done() for writer in writers):
            list(pool.map(lambda _: answers(open_ledger(lake)), range(4)))
        for writer in writers:
            writer.result()
    assert agrees(open_ledger(lake)) and verify(lake).events == 100
