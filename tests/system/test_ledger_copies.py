"""The ledger's copies in a real write-once bucket: what they show, and that they stay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from minio.error import S3Error

from audit.ledger import EVENTS, init_ledger, open_ledger
from audit.verify import verify
from lake_config.duties import Duty
from lake_config.errors import LedgerBroken
from lake_config.layers import ledger_bucket
from lake_config.settings import Settings, store_account
from ops import ledger_copies
from ops.ledger import verify_ledger
from ops.ledger_copies import compare_copies, copy_ledger
from privacy.keys import init_keys
from storage.administrator import Login, client
from storage.ledger_copies import stretches


@pytest.fixture
def lake(stored: Settings) -> Iterator[Settings]:
    init_keys(stored)
    init_ledger(stored)
    yield stored


def recorded(settings: Settings, number: int) -> None:
    ledger = open_ledger(settings)
    for count in range(number):
        body = {"key_ids": [f"k{count}"], "purpose": "test"}
        ledger.append("key_used", "jobs", "lake", body)


def test_an_older_ledger_with_its_older_head_is_found(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing on this machine can tell; the copies can (SECURITY.md)."""
    recorded(lake, 3)
    events, head = lake.layers.ledger / EVENTS, lake.layers.ledger_head
    older = events.read_bytes(), head.read_bytes()
    recorded(lake, 2)
    copy_ledger(lake)
    verify_ledger(lake)
    assert "与存储中的副本一致" in capsys.readouterr().out
    events.write_bytes(older[0])
    head.write_bytes(older[1])
    lake.layers.ledger_index.unlink(missing_ok=True)
    assert verify(lake).ok
    with pytest.raises(LedgerBroken, match="副本不符"):
        verify_ledger(lake)
    with pytest.raises(LedgerBroken, match="副本不符"):
        copy_ledger(lake)


def test_each_byte_is_copied_once(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_copies, "AT_ONCE", 500)
    size = 0
    for number in (4, 0, 3):
        recorded(lake, number)
        copy_ledger(lake)
        size = (lake.layers.ledger / EVENTS).stat().st_size
        assert compare_copies(lake) == size
    found = stretches(lake, Duty.AUDITOR)
    assert len(found) > 3
    assert [it.start for it in found] == [0, *(it.end for it in found[:-1])]


def test_what_was_copied_stays(lake: Settings) -> None:
    """Against every duty; that not even the administrator can is the storage check's."""
    recorded(lake, 1)
    copy_ledger(lake)
    (made,) = stretches(lake, Duty.AUDITOR)
    name = ledger_bucket(lake.store_prefix)
    for duty in Duty:
        mine = client(lake, Login(*store_account(lake, duty)))
        with pytest.raises(S3Error, match="AccessDenied"):
            mine.remove_object(name, made.name)
    assert compare_copies(lake) == made.end
