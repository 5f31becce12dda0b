"""The lease: numbers rise, nobody holds it twice, and what goes wrong while freeing is no error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from audit.ledger import init_ledger
from jobs import retain
from jobs.lease import Lease, lease
from lake_config.errors import LeakFound, StoreUnavailable, TableBusy
from lake_config.layers import Layers
from lake_config.settings import Settings
from storage.local_folders import LocalFolders
from tests.lib.dying_writer import EVENT


@pytest.fixture
def store(tmp_path: Path) -> LocalFolders:
    return LocalFolders(Layers(tmp_path))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "zones" / "shared" / "analysts" / "d" / "_leases" / "t"


def test_numbers_rise_and_a_living_holder_is_waited_for(
    store: LocalFolders, folder: Path
) -> None:
    first, second = (Lease(store, folder, 60) for _ in range(2))
    assert first.take() and first.token == 1
    assert not second.take()
    first.free()
    assert second.take() and second.token == 2


def test_who_is_overtaken_is_fenced_and_may_come_again(
    store: LocalFolders, folder: Path
) -> None:
    late, next_ = Lease(store, folder, -1), Lease(store, folder, 60)
    assert late.take() and next_.take()
    with pytest.raises(TableBusy) as refusal:
        late.keep()
    assert refusal.value.transient
    next_.keep()
    assert next_.token == 2


def test_time_alone_fences_nobody(store: LocalFolders, folder: Path) -> None:
    held = Lease(store, folder, -1)
    held.take()
    held.keep()
    assert held.token == 2, "renewed under the next number"


def test_a_dead_process_of_this_machine_is_not_waited_for(
    store: LocalFolders, folder: Path
) -> None:
    held = Lease(store, folder, 60)
    held.take()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    content = json.loads(store.read(folder / f"{1:012d}"))
    (folder / f"{1:012d}").chmod(0o600)
    gone = json.dumps({**content, "process": child.pid})
    (folder / f"{1:012d}").write_text(gone)
    assert Lease(store, folder, 60).take()


def test_another_machine_s_process_is_waited_for(
    store: LocalFolders, folder: Path
) -> None:
    Lease(store, folder, 60).take()
    path = folder / f"{1:012d}"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "host": "another", "process": 1 << 30}))
    assert not Lease(store, folder, 60).take()


def test_a_torn_number_is_nobody_s(store: LocalFolders, folder: Path) -> None:
    store.write(folder / f"{1:012d}", b'{"host"')
    held = Lease(store, folder, 60)
    assert held.take() and held.token == 2


def test_what_went_wrong_is_told_and_not_that_freeing_failed(
    store: LocalFolders, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> bool:
        raise StoreUnavailable("away")

    with pytest.raises(LeakFound), lease(store, folder):
        monkeypatch.setattr(LocalFolders, "create", away)
        raise LeakFound("the real one")


def test_a_refusal_under_the_ledger_s_lock_writes_nothing(settings: Settings) -> None:
    """Whatever it raises stays what it is: an OSError of its own is not the ledger's."""
    ledger = init_ledger(settings)

    def refused() -> None:
        raise TimeoutError("the store, not the ledger")

    with pytest.raises(TimeoutError):
        ledger.append("alert", "tests", "x", EVENT, refused)
    assert list(ledger.events()) == []
    assert ledger.append("alert", "tests", "x", EVENT, lambda: None).index == 0


def test_retention_forgets_lower_numbers_and_what_the_killed_left(
    store: LocalFolders, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retain, "GRACE", -3600.0)
    for _ in range(3):
        with lease(store, folder) as held:
            pass
    for left in (".000000000002.6a", "..000000000002.6a.4711"):
        (folder / left).write_bytes(b"")
    retain._forget_leases(store, folder, held)
    assert [path.stem for path in folder.iterdir()] == ["000000000003"] * 2
