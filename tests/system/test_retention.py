"""What ends by retention, what stays, and the certificate: on folders and on a store."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.events import KINDS
from audit.ledger import init_ledger, open_ledger
from jobs import publish as publishing
from jobs import retain as module
from jobs.delta_files import files_added
from jobs.publish import publish
from jobs.retain import retain
from lake_config.duties import Duty
from lake_config.errors import AccessDenied
from lake_config.layers import CURATED
from lake_config.settings import Settings
from ops.store_server import StoreServer
from storage.setup import set_up
from storage.store import store_of
from tests.lib.masked_batch import CONTRACT, PEOPLE, batch, record, staged
from tests.lib.retained_lake import (
    DAYS,
    DELIVERED,
    FIRST,
    KEPT_DAYS,
    LATER,
    killed_before_its_receipt,
    landed,
    parquet_left,
    raw_left,
    reasons,
    retained_lake,
    shared,
)
from tests.lib.store_fixture import at_the_store


@pytest.fixture(params=["folders", "store"])
def lake(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    return retained_lake(request, settings, monkeypatch)


def test_old_batches_end_and_the_newest_stay(lake: Settings) -> None:
    assert len(raw_left(lake)) == DAYS and parquet_left(lake) == 2 * DAYS
    retain(lake, DELIVERED, LATER)
    last = [(FIRST + timedelta(days=number)).isoformat() for number in (3, 4)]
    assert raw_left(lake) == {(day, "a") for day in last}
    assert parquet_left(lake) == 2 * module.KEPT_VERSIONS
    newest = store_of(lake, Duty.SHARING).table(shared(lake), DAYS - 1)
    assert newest.to_pyarrow_table().num_rows == 2
    assert reasons(lake, "deletion_done") == reasons(lake, "deletion_ordered")
    assert set(reasons(lake, "deletion_done")) == {"raw_expired", "shared_superseded"}


def test_a_second_run_ends_nothing(lake: Settings) -> None:
    retain(lake, DELIVERED, LATER)
    before = len(reasons(lake, "deletion_ordered"))
    assert retain(lake, DELIVERED, LATER) == []
    assert len(reasons(lake, "deletion_ordered")) == before


def test_what_is_not_yet_old_stays(lake: Settings) -> None:
    retain(lake, DELIVERED, FIRST + timedelta(days=KEPT_DAYS))
    assert len(raw_left(lake)) == DAYS


def test_what_people_read_stays_however_old(lake: Settings) -> None:
    """Two newer batches were landed and never published."""
    for number in (DAYS, DAYS + 1):
        job = batch(lake, FIRST + timedelta(days=number))
        landed(job, "a")
        record(job, "collected")
    retain(lake, DELIVERED, LATER)
    read = (FIRST + timedelta(days=DAYS - 1)).isoformat()
    assert (read, "a") in raw_left(lake) and len(raw_left(lake)) == 3


def test_dead_attempts_and_staged_leftovers_end(lake: Settings) -> None:
    landed(batch(lake, FIRST), "dead")
    staged(batch(lake, FIRST + timedelta(days=DAYS)), 1)
    retain(lake, DELIVERED, FIRST + timedelta(days=DAYS))
    assert (FIRST.isoformat(), "dead") not in raw_left(lake)
    assert len(raw_left(lake)) == DAYS
    assert not list(
        store_of(lake, Duty.RETENTION).files(
            lake.layers.staging / CURATED / CONTRACT.department / PEOPLE.name
        )
    )
    assert {"dead_attempt", "staged_left"} <= set(reasons(lake, "deletion_done"))


def test_what_was_written_lately_stays(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job may still be writing it, a reader may still hold a link to it."""
    monkeypatch.setattr(module, "GRACE", 3600.0)
    landed(batch(lake, FIRST), "running")
    retain(lake, DELIVERED, FIRST)
    assert (FIRST.isoformat(), "running") in raw_left(lake)
    assert parquet_left(lake) == 2 * DAYS


def test_a_run_that_is_cut_off_is_begun_again(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(BaseException):
        """Not caught by anything."""

    made: Callable[..., Any] = module.store_of

    def cut(*given: Any) -> Any:
        store = made(*given)
        whole = store.delete

        def half(files: tuple[Path, ...]) -> None:
            whole(files[:1])
            raise Cut

        store.delete = half
        return store

    monkeypatch.setattr(module, "store_of", cut)
    with pytest.raises(Cut):
        retain(lake, DELIVERED, LATER)
    monkeypatch.setattr(module, "store_of", made)
    assert reasons(lake, "deletion_done") == []
    retain(lake, DELIVERED, LATER)
    assert len(raw_left(lake)) == 2 and parquet_left(lake) == 4
    ordered, done = (certified(lake, kind) for kind in ("ordered", "done"))
    assert ordered == done, "the cut one has its certificate, over all its files"


def test_an_order_that_was_cut_off_spares_what_is_published_since(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of a killed publisher lie there for nobody, until it runs again."""

    class Cut(BaseException):
        """Not caught by anything."""

    def cut(*_: object, **__: object) -> None:
        raise Cut

    job = batch(lake, FIRST + timedelta(days=DAYS))
    masked = staged(job, 2)
    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(publishing, "_commit", cut)
        publish(job, masked)
    monkeypatch.setattr(module._Table, "staged", lambda _: iter(()))
    with monkeypatch.context() as patch, pytest.raises(Cut):
        patch.setattr(module.Deletions, "_carry_out", cut)
        patch.setattr(module._Table, "raw", lambda _: iter(()))
        retain(lake, DELIVERED, LATER)
    body = publish(batch(lake, job.date), masked).body
    retain(lake, DELIVERED, LATER)
    found = job.publishing.table(shared(lake), body["version"]).to_pyarrow_table()
    assert found.num_rows == 2
    ordered, done = (certified(lake, kind) for kind in ("ordered", "done"))
    assert ordered.keys() == done.keys()
    assert sum(ordered.values()) == sum(done.values()) + 2, "the certificate says so"


def certified(lake: Settings, kind: str) -> dict[str, int]:
    events = open_ledger(lake).events(f"deletion_{kind}")
    return {event.body["names_digest"]: event.body["files"] for event in events}


def test_a_redelivery_leaves_what_people_read(lake: Settings) -> None:
    """Its attempt counts no more; it is still where the published rows came from."""
    job = batch(lake, FIRST + timedelta(days=DAYS - 1))
    body = {"department": CONTRACT.department, "table": PEOPLE.name}
    body |= {"date": f"{job.date}", "reason": "r", "counted": "a"}
    fields = KINDS["redelivery_accepted"]
    body = {name: body.get(name, "x") for name in fields}
    job.ledger.append("redelivery_accepted", "tests", job.batch, body)
    retain(lake, DELIVERED, LATER + timedelta(days=KEPT_DAYS))
    assert (f"{job.date}", "a") in raw_left(lake)


def test_a_commit_without_a_receipt_keeps_its_files(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = batch(lake, FIRST + timedelta(days=DAYS))
    masked = staged(job, 2)

    killed_before_its_receipt(job, masked, monkeypatch)
    retain(lake, DELIVERED, LATER)
    again = batch(lake, job.date)
    body = publish(again, masked).body
    found = again.publishing.table(shared(lake), body["version"]).to_pyarrow_table()
    assert (body["version"], found.num_rows) == (DAYS, 2)


def test_a_commit_whose_files_are_gone_is_committed_again(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = batch(lake, FIRST + timedelta(days=DAYS))
    masked = staged(job, 1)

    killed_before_its_receipt(job, masked, monkeypatch)
    names = files_added(job.publishing, shared(lake), DAYS)
    store_of(lake, Duty.RETENTION).delete([shared(lake) / name for name in names])
    again = batch(lake, job.date)
    body = publish(again, masked).body
    found = again.publishing.table(shared(lake), body["version"]).to_pyarrow_table()
    assert (body["version"], found.num_rows) == (DAYS + 1, 1)


def test_the_engine_s_marks_of_folders_are_in_nobody_s_way(
    store_server: StoreServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3A leaves an object whose name ends in a slash."""
    monkeypatch.setattr(module, "GRACE", -3600.0)
    lake = at_the_store(store_server, settings)
    set_up(lake, [CONTRACT])
    init_ledger(lake)
    landed(batch(lake, FIRST), "dead")
    store = store_of(lake, Duty.RETENTION)
    raw = lake.layers.raw_attempt(CONTRACT.department, PEOPLE.name, FIRST, "dead")
    bucket, key = store._place(raw)
    mark = f"{key}/_delta_log/_staged_commits/"
    store._client.put_object(bucket, mark, io.BytesIO(), 0)
    assert not any(path.name == "_staged_commits" for path in store.files(raw))
    retain(lake, DELIVERED, FIRST)
    assert raw_left(lake) == set()
    store._client.put_object(bucket, mark, io.BytesIO(), 0)
    assert not store.holds(raw)
    store.remove(raw)
    assert not list(store._client.list_objects(bucket, key, recursive=True))


def test_only_retention_deletes(store_server: StoreServer, settings: Settings) -> None:
    lake = at_the_store(store_server, settings)
    set_up(lake, [CONTRACT])
    init_ledger(lake)
    job = batch(lake, FIRST)
    landed(job, "a")
    folder = lake.layers.raw_attempt(CONTRACT.department, PEOPLE.name, FIRST, "a")
    for duty in set(Duty) - {Duty.RETENTION}:
        with pytest.raises(AccessDenied):
            store_of(lake, duty).delete([folder / "_control.json"])
    assert raw_left(lake) == {(FIRST.isoformat(), "a")}
