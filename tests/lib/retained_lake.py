"""A lake of five published days, as long ago as the clock of `retain` is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from audit.ledger import init_ledger, open_ledger
from jobs import publish as publishing
from jobs import retain as module
from jobs.context import Job
from jobs.publish import publish
from jobs.retain import own
from jobs.steps import Masked
from lake_config.duties import Duty
from lake_config.layers import CURATED
from lake_config.settings import Settings
from ops.store_server import StoreServer
from storage.setup import set_up
from storage.store import store_of
from tests.lib.masked_batch import CONTRACT, PEOPLE, batch, staged
from tests.lib.store_fixture import at_the_store

FIRST, DAYS, KEPT_DAYS = date(2026, 3, 2), 5, 30
DELIVERED = own(CONTRACT, replace(PEOPLE, retention_days=KEPT_DAYS))
LATER = FIRST + timedelta(days=DAYS + KEPT_DAYS)


def retained_lake(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Five days landed and published, as long ago as the clock of `retain` is told."""
    monkeypatch.setattr(publishing, "check", lambda *_: ("甲",))
    monkeypatch.setattr(module, "GRACE", -3600.0)
    made = settings
    if request.param == "store":
        server: StoreServer = request.getfixturevalue("store_server")
        made = at_the_store(server, settings)
        set_up(made, [CONTRACT])
    init_ledger(made)
    for number in range(DAYS):
        job = batch(made, FIRST + timedelta(days=number))
        landed(job, "a")
        publish(job, staged(job, 2))
    return made


def landed(job: Job, attempt: str) -> None:
    facts = (CONTRACT.department, PEOPLE.name, job.date, attempt)
    folder = job.layers.raw_attempt(*facts)
    collecting = store_of(job.settings, Duty.COLLECTOR)
    for name in ("part-0.parquet", "_control.json"):
        collecting.write(folder / name, b"content")


def raw_left(lake: Settings) -> set[tuple[str, str]]:
    folder = lake.layers.raw / CONTRACT.department / PEOPLE.name
    store = store_of(lake, Duty.RETENTION)
    return {path.relative_to(folder).parts[:2] for path in store.files(folder)}


def shared(lake: Settings) -> Path:
    return lake.layers.shared_table(CURATED, CONTRACT.department, PEOPLE.name)


def parquet_left(lake: Settings) -> int:
    store = store_of(lake, Duty.SHARING)
    return sum(path.suffix == ".parquet" for path in store.files(shared(lake)))


def reasons(lake: Settings, kind: str) -> list[str]:
    return [event.body["reason"] for event in open_ledger(lake).events(kind)]


def killed_before_its_receipt(
    job: Job, masked: Masked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit stands, and nobody has said so."""

    class Killed(BaseException):
        """Not caught by anything."""

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(Job, "record", die)
        publish(job, masked)
