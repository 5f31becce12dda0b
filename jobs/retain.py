"""Retain: what the lake no longer needs goes, and the ledger holds a certificate of it.

Four things end here, and nowhere else: raw batches past their contract's retention (never
the newest ones, never the one people read); attempts that no receipt counts; staged bytes
of batches that are published or given up; files of the shared zone that only old versions
name, or none. What somebody may still be reading or writing is younger than GRACE and
stays. The order is recorded before the first byte goes, and what is gone after the last.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from audit.events import canonical
from audit.ledger import Ledger, open_ledger
from audit.receipts import counting, last_published, published_versions
from jobs.lease import lease
from lake_config.contract import Contract, Table
from lake_config.digests import sm3
from lake_config.duties import Duty
from lake_config.errors import JobFailed
from lake_config.layers import CURATED, batch_id
from lake_config.settings import Settings
from storage.store import Store, store_of

ACTOR = "retention"
KEPT_BATCHES = 2
"""So many of the newest raw batches stay, however old they are."""
KEPT_VERSIONS = 2
GRACE = 24 * 3600.0
"""Seconds: longer than any job runs and any link to a file holds."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Files of one table that end together; `reason` is one of the four."""

    reason: str
    about: str
    files: tuple[Path, ...]


def retain(
    settings: Settings, contract: Contract, table: Table, today: date
) -> list[Ending]:
    """End what is due for one table; what was ended is given back."""
    store, ledger = store_of(settings, Duty.RETENTION), open_ledger(settings)
    about = _Table(settings, contract, table, store, ledger, today)
    done = [*about.raw(), *about.staged()]
    for ending in done:
        about.end(ending)
    lying = settings.layers.leases(CURATED, contract.department, table.name)
    with lease(store, lying, settings.lease_seconds):
        shared = list(about.shared())
        for ending in shared:
            about.end(ending)
    return [*done, *shared]


@dataclass(frozen=True)
class _Table:
    settings: Settings
    contract: Contract
    table: Table
    store: Store
    ledger: Ledger
    today: date

    def raw(self) -> Iterator[Ending]:
        """Whole batches that are over, and dead attempts of those that are not."""
        attempts = self._attempts()
        newest = sorted({day for day, _ in attempts})[-KEPT_BATCHES:]
        for (day, attempt), files in sorted(attempts.items()):
            batch = batch_id(self.contract.department, self.table.name, day)
            receipt = counting(self.ledger, batch)
            alive = receipt is not None and receipt.body["attempt"] == attempt
            over = self.today - day > timedelta(days=self.table.retention_days)
            if not alive and self._quiet(files):
                yield Ending("dead_attempt", batch, files)
            elif alive and over and day not in newest and day != self._read_day():
                yield Ending("raw_expired", batch, files)

    def staged(self) -> Iterator[Ending]:
        """Bytes whose batch was published, or that nobody came for."""
        layers = self.settings.layers
        facts = (CURATED, self.contract.department, self.table.name)
        folder = layers.staged(*facts, self.today, "").parent
        files = tuple(self.store.files(folder))
        if files and self._quiet(files):
            name = batch_id(self.contract.department, self.table.name, self.today)
            yield Ending("staged_left", name.rsplit(".", 1)[0], files)

    def shared(self) -> Iterator[Ending]:
        """Under the lease: nobody is bringing files in meanwhile."""
        facts = (CURATED, self.contract.department, self.table.name)
        folder = self.settings.layers.shared_table(*facts)
        kept = {
            Path(uri).name
            for version in published_versions(self.ledger, *facts)[-KEPT_VERSIONS:]
            for uri in self.store.table(folder, version).file_uris()
        }
        found = (path for path in self.store.files(folder) if _is_data(path))
        files = tuple(
            path for path in found if path.name not in kept and self._quiet([path])
        )
        if files and kept:
            yield Ending("shared_superseded", ".".join(facts[1:]), files)

    def end(self, ending: Ending) -> None:
        """Order, deed, certificate; a run that is cut off is simply begun again."""
        names = [self._name(path) for path in ending.files]
        body = {
            "department": self.contract.department,
            "table": self.table.name,
            "reason": ending.reason,
            "files": len(names),
            "names_digest": sm3(canonical({"names": sorted(names)})),
        }
        self.ledger.append("deletion_ordered", ACTOR, ending.about, body)
        self.store.delete(ending.files)
        left = sum(self.store.holds(path) for path in ending.files)
        if left:
            raise JobFailed(f"{ending.about}：{left} 个文件没有删掉，稍后重试。")
        self.ledger.append("deletion_done", ACTOR, ending.about, body)

    def _attempts(self) -> dict[tuple[date, str], tuple[Path, ...]]:
        folder = self.settings.layers.raw_batch(
            self.contract.department, self.table.name, self.today
        ).parent
        found: dict[tuple[date, str], list[Path]] = {}
        for path in self.store.files(folder):
            day, attempt, *_ = path.relative_to(folder).parts
            found.setdefault((date.fromisoformat(day), attempt), []).append(path)
        return {place: tuple(files) for place, files in found.items()}

    def _read_day(self) -> date | None:
        """The delivery date of what people read now."""
        newest = last_published(
            self.ledger, CURATED, self.contract.department, self.table.name
        )
        return date.fromisoformat(newest.body["date"]) if newest else None

    def _quiet(self, files: Iterable[Path]) -> bool:
        """Nothing in there was written lately."""
        return max(map(self.store.changed, files)) < time.time() - GRACE

    def _name(self, path: Path) -> str:
        return path.relative_to(self.settings.layers.zones).as_posix()


def _is_data(path: Path) -> bool:
    """The log stays: it names files, and holds no value."""
    return path.suffix == ".parquet" and "_delta_log" not in path.parts
