"""A lake whose steps take milliseconds: everything is real but the engine that writes.

Where Spark would write a delivery, delta-rs does. Verdicts, masking, receipts, leases,
commits, deletions and the ledger are the product's own, on local folders.
"""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

import jobs.accepted
import jobs.collect
import jobs.gate
import jobs.mask
from audit.index import event_at, index_of
from audit.ledger import open_ledger
from jobs import retain as retention
from jobs.__main__ import STEPS
from jobs.context import Job
from jobs.control_totals import Totals
from jobs.delta_files import rows_added
from jobs.gate import gate
from jobs.landing import Landed
from jobs.redeliver import accept_redelivery
from jobs.retain import own, retain
from lake_config.contract import Band
from lake_config.errors import LakeError, NothingToDo
from lake_config.layers import CURATED
from lake_config.settings import Settings
from sharing.tables import snapshot, tables_of
from tests.lib.gated_batch import new_lake
from tests.lib.local import LOCAL
from tests.lib.quality_cases import column, contract, table

DOWN, UP, KEPT_DAYS = 0.1, 0.2, 30
PEOPLE = table(
    "people",
    [column("number", required=True, primary_key=True)],
    band=Band(rows_down=DOWN, rows_up=UP, quarantined=0.05, minimum_rows=1),
    retention_days=KEPT_DAYS,
    source={"server": "dev"},
)
_FILES = contract(PEOPLE)
CONTRACT = replace(
    _FILES,
    servers=tuple(replace(server, transport="database") for server in _FILES.servers),
)
"""A drop of files is compared with its manifest each time, which is another test's matter."""
FIRST = date(2026, 3, 2)
Content = tuple[str, ...]


class Killed(BaseException):
    """Not caught by anything in the product; what it would clean up stays."""


def content(number: int, rows: int) -> Content:
    """Rows of one delivery, which no other delivery has."""
    return tuple(f"{number:04d}-{row:03d}" for row in range(rows))


@dataclass
class QuickLake:
    """One lake; `source` is what lies at the department for each delivery date."""

    settings: Settings
    source: dict[int, Content] = field(default_factory=dict)

    def job(self, day: int, name: str) -> Job:
        return Job(self.settings, CONTRACT, PEOPLE, FIRST + timedelta(days=day), name)

    def land(self, day: int) -> str:
        return _outcome(lambda: STEPS["land"](self.job(day, "land")))

    def gate(self, day: int) -> str:
        return _outcome(lambda: gate(self.job(day, "gate")))

    def release(self, day: int) -> str:
        return _outcome(lambda: STEPS["release"](self.job(day, "release")))

    def redeliver(self, day: int) -> str:
        job = self.job(day, "redeliver")
        return _outcome(lambda: accept_redelivery(job, "甲", "补报"))

    def retain(self, days: int) -> str:
        today = FIRST + timedelta(days=days)
        return _outcome(lambda: retain(self.settings, own(CONTRACT, PEOPLE), today))

    def vacuum(self) -> str:
        """By somebody who does not ask the lake: with the engine's own defaults."""
        shared = LOCAL.table(self.shared)
        shared.create_checkpoint()
        shared.vacuum(dry_run=False)
        shared.cleanup_metadata()
        return "done"

    @property
    def shared(self) -> Path:
        facts = (CURATED, CONTRACT.department, PEOPLE.name)
        return self.settings.layers.shared_table(*facts)

    def version_read(self) -> int | None:
        """The one the sharing service gives."""
        tables = tables_of(open_ledger(self.settings), CURATED)
        found = tables.get((CONTRACT.department, PEOPLE.name))
        return found.version if found else None

    def rows(self, version: int) -> Content:
        tables = tables_of(open_ledger(self.settings), CURATED)
        found = tables[CONTRACT.department, PEOPLE.name]
        shared = snapshot(LOCAL, self.settings.layers, found, version)
        return tuple(sorted(shared.to_pyarrow_table()["number"].to_pylist()))

    def attempt(self, day: int) -> str:
        """The one that was collected last."""
        job = self.job(day, "land")
        return str(next(job.ledger.newest("collected", job.batch)).body["attempt"])

    def holds(self, day: int, attempt: str) -> bool:
        job = self.job(day, "land")
        facts = (CONTRACT.department, PEOPLE.name, job.date, attempt)
        return LOCAL.holds(job.layers.raw_attempt(*facts))

    def receipts(self) -> list[tuple[str, str]]:
        """Batch and attempt of every publication."""
        events = open_ledger(self.settings).events("published")
        return [(event.subject, event.body["attempt"]) for event in events]


def _outcome(step: Callable[[], object]) -> str:
    try:
        step()
    except NothingToDo:
        return "nothing"
    except LakeError as error:
        return f"refused: {type(error).__name__}"
    return "done"


def template(settings: Settings) -> Path:
    """A home with keys, ledger and signature, to be copied for each lake."""
    new_lake(settings, CONTRACT)
    return settings.home


@contextmanager
def quick_lake(model: Path, home: Path, settings: Settings) -> Iterator[QuickLake]:
    """A fresh copy; its leases run out at once, so that nobody waits for a dead holder."""
    shutil.copytree(model, home)
    made = QuickLake(replace(settings, home=home, lease_seconds=0.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retention, "GRACE", -3600.0)
        patch.setattr(jobs.collect, "_attempted", made_attempt(made))
        patch.setattr(jobs.gate, "run", lambda *_: ())  # GX sees a table's shape alone
        patch.setattr(jobs.gate, "suite_digest", lambda *_: "s")
        yield made
    _forget()
    shutil.rmtree(home)


def made_attempt(lake: QuickLake) -> Callable[..., tuple[Landed, int]]:
    def attempted(job: Job, _: object, path: Path) -> tuple[Landed, int]:
        """As `jobs.collect` writes one: an own folder, one commit, the source's totals."""
        rows = lake.source.get((job.date - FIRST).days)
        if rows is None:
            raise LakeError("nothing was delivered")
        cells = [*rows, None]  # the last one breaks a stop rule
        places = range(1, len(cells) + 1)
        names = {"number": pa.array(cells, pa.string()), "_row": pa.array(places)}
        batch = pa.array([job.batch] * len(cells))
        write_deltalake(str(path), pa.table({**names, "_batch": batch}))
        totals = Totals(len(cells), {})
        jobs.collect._keep_totals(job, path, totals)
        return Landed(totals, ()), rows_added(LOCAL, path, 0)

    return attempted


def _forget() -> None:
    """Nothing this process knew of any ledger is left, as in a new process."""
    index_of.cache_clear()
    event_at.cache_clear()


@contextmanager
def dying(place: str, visit: int) -> Iterator[list[str]]:
    """At a visit of a place the step dies; its name is in the list when it did.

    Whatever runs on the way out does nothing, as in a process that is gone.
    """
    died: list[str] = []
    visits = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        whole = resolve_name(place)

        def die(*given: Any, **named: Any) -> Any:
            if next(visits) != visit:
                return whole(*given, **named)
            for ending in ("jobs.lease.Lease.free", "shutil.rmtree"):
                patch.setattr(ending, lambda *_, **__: None)
            died.append(place)
            raise Killed

        patch.setattr(dotted(place), die)
        with suppress(Killed):
            yield died
    if died:
        _forget()


@contextmanager
def pausing(place: str, visit: int, meanwhile: Callable[[], None]) -> Iterator[None]:
    """At a visit of a place something else happens, and then the step goes on."""
    visits = itertools.count()
    with pytest.MonkeyPatch.context() as patch:
        whole = resolve_name(place)

        def pause(*given: Any, **named: Any) -> Any:
            if next(visits) == visit:
                meanwhile()
            return whole(*given, **named)

        patch.setattr(dotted(place), pause)
        yield


def dotted(place: str) -> str:
    return place.replace(":", ".")
