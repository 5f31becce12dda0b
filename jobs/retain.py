"""Retain: what the lake no longer needs goes, and the ledger holds a certificate of it.

Five things end here, and nowhere else: raw attempts past their contract's retention (never
the newest ones, never the one people read); attempts that were never collected; staged
bytes nobody came for; files of the shared zone that only old versions name, or none; and all
files of a table whose grant is over. Standing statistics and granted tables are told from
the ledger: no declaration has to be there any more. All
under the table's lease, so that nothing is brought in meanwhile, and nothing that was
written or could be read within GRACE. Each ending is ordered in the ledger before the first
byte goes and certified after the last; an order that was cut off is finished first, as far as
it is still due.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from deltalake.exceptions import DeltaError

from audit.ledger import Ledger, open_ledger
from audit.receipts import last_published, still_granted, withdrawn_grants
from jobs.deletions import Deletions, Ending
from jobs.delta_files import newest_version
from jobs.lease import Lease, lease
from lake_config.contract import Contract, Table
from lake_config.duties import Duty
from lake_config.errors import JobFailed
from lake_config.layers import CURATED, batch_id, table_key
from lake_config.settings import Settings
from storage.store import Store, store_of

KEPT_BATCHES = 2
"""So many of the newest collected days stay, however old they are."""
KEPT_VERSIONS = 2
GRACE = 24 * 3600.0
"""Seconds: longer than any job runs and any link to a file holds."""


@dataclass(frozen=True, slots=True)
class Retained:
    """A table of the shared zone; `days` is how long raw is kept, None where it is not this
    one's to end: what was delivered under a name that is declared no more, or is a grant's
    too, stays."""

    recipient: str
    department: str
    table: str
    days: int | None = None


def own(contract: Contract, table: Table) -> Retained:
    """What a contract delivers."""
    return Retained(CURATED, contract.department, table.name, table.retention_days)


def others(ledger: Ledger, contract: Contract) -> list[Retained]:
    """Standing statistics and tables of grants, those that are declared no more included."""
    delivered = {own(contract, table).table for table in contract.tables}
    found = {
        (event.body["recipient"], event.body["table"])
        for kind in ("masked", "published")
        for event in ledger.newest_under(kind, f"{contract.department}.")
    }
    return [
        Retained(recipient, contract.department, name)
        for recipient, name in sorted(found)
        if recipient != CURATED or name not in delivered
    ]


def retain(settings: Settings, kept: Retained, today: date) -> list[Ending]:
    """End what is due for one table; what was ended is given back."""
    store, ledger = store_of(settings, Duty.RETENTION), open_ledger(settings)
    about = _Table(settings, kept, store, ledger, today)
    lying = settings.layers.leases(*about.place)
    try:
        with lease(store, lying, settings.lease_seconds) as held:
            deletions = Deletions(settings, store, ledger, about.key, held)
            for order in deletions.open_orders():
                deletions.finish(order, about.files_due())
            endings = about.due()
            for ending in endings:
                deletions.end(ending)
            _forget_leases(store, lying, held)
    except (OSError, DeltaError) as error:
        kind = type(error).__name__
        raise JobFailed(f"{about.key}：清理中断（{kind}），稍后重试。") from None
    return endings


def _forget_leases(store: Store, lying: Path, held: Lease) -> None:
    """Numbers below one's own decide nothing any more, nor what a killed writer left."""
    old = time.time() - GRACE
    names = {
        path: path.stem for path, when in store.written(lying).items() if when < old
    }
    store.delete(
        path
        for path, name in names.items()
        if not name.isdigit() or int(name) < held.token
    )


@dataclass(frozen=True)
class _Table:
    settings: Settings
    kept: Retained
    store: Store
    ledger: Ledger
    today: date

    @property
    def key(self) -> str:
        return table_key(self.kept.department, self.kept.table)

    @property
    def place(self) -> tuple[str, str, str]:
        return self.kept.recipient, self.kept.department, self.kept.table

    def due(self) -> list[Ending]:
        return [*self.raw(), *self.staged(), *self.shared()]

    def files_due(self) -> frozenset[Path]:
        return frozenset(path for ending in self.due() for path in ending.files)

    def raw(self) -> Iterator[Ending]:
        """Attempts that are over; one that a receipt names is evidence till then."""
        if self.kept.days is None:
            return
        attempts = self._attempts()
        collected = {place for place in attempts if self._collected(*place)}
        newest = sorted({day for day, _ in collected})[-KEPT_BATCHES:]
        for place, files in sorted(attempts.items()):
            day, attempt = place
            over = (self.today - day).days > self.kept.days
            kept = day in newest or place == self._read()
            if not _quiet(files) or (place in collected and (kept or not over)):
                continue
            reason = "raw_expired" if place in collected else "dead_attempt"
            yield Ending(reason, f"{self._batch(day)} {attempt}", tuple(files))

    def staged(self) -> Iterator[Ending]:
        """Of one try each: its batch was published, or masked again, or given up."""
        folder = self.settings.layers.staged(*self.place, self.today, "").parent
        for (day, attempt), files in sorted(self._grouped(folder).items()):
            if _quiet(files):
                about = f"{self._batch(day)} {attempt}"
                yield Ending("staged_left", about, tuple(files))

    def shared(self) -> Iterator[Ending]:
        """Files that no kept version names; of a grant that is over, all."""
        folder = self.settings.layers.shared_table(*self.place)
        written = self.store.written(folder).items()
        data = {path: when for path, when in written if _is_data(path)}
        if not data:
            return
        over = self._is_over()
        kept = set() if over else self._names_kept(folder)
        files = tuple(
            path
            for path, when in data.items()
            if path.name not in kept and _quiet({path: when})
        )
        if files:
            reason = "grant_over" if over else "shared_superseded"
            yield Ending(reason, self.key, files)

    def _is_over(self) -> bool:
        newest = last_published(self.ledger, *self.place)
        withdrawn = withdrawn_grants(self.ledger)
        return newest is not None and not still_granted(
            newest.body, withdrawn, self.today
        )

    def _names_kept(self, folder: Path) -> set[str]:
        """Of published versions that are new or were read lately, and of all after them:
        a commit without a receipt may still get one. But not of a grant: its officer may have
        ended it between the two, and its next run masks anew."""
        versions = self._versions_kept()
        if self.kept.recipient == CURATED:
            last = max(versions, default=-1)
            versions |= set(range(last + 1, newest_version(self.store, folder) + 1))
        return {
            Path(uri).name
            for version in versions
            for uri in self.store.table(folder, version).file_uris()
        }

    def _versions_kept(self) -> set[int]:
        kept: set[int] = set()
        superseded = time.time()
        events = self.ledger.newest_under("published", f"{self.key}.")
        mine = (
            event
            for event in events
            if event.body["ok"] and event.body["recipient"] == self.kept.recipient
        )
        for place, event in enumerate(mine):
            if place < KEPT_VERSIONS or superseded > time.time() - GRACE:
                kept.add(int(event.body["version"]))
            superseded = datetime.fromisoformat(event.time).timestamp()
        return kept

    def _attempts(self) -> dict[tuple[date, str], dict[Path, float]]:
        facts = (self.kept.department, self.kept.table, self.today)
        batch = self.settings.layers.raw_batch(*facts)
        return self._grouped(batch.parent)

    def _grouped(self, folder: Path) -> dict[tuple[date, str], dict[Path, float]]:
        """Files by delivery date and attempt; whatever else lies there is not ours."""
        found: dict[tuple[date, str], dict[Path, float]] = {}
        for path, written in self.store.written(folder).items():
            day, _, rest = path.relative_to(folder).as_posix().partition("/")
            attempt, _, inside = rest.partition("/")
            if inside and (when := _date(day)):
                found.setdefault((when, attempt), {})[path] = written
        return found

    def _batch(self, day: date) -> str:
        return batch_id(self.kept.department, self.kept.table, day)

    def _collected(self, day: date, attempt: str) -> bool:
        events = self.ledger.newest("collected", self._batch(day))
        return any(event.body["attempt"] == attempt for event in events)

    def _read(self) -> tuple[date, str] | None:
        """The attempt behind what people read now."""
        newest = last_published(self.ledger, *self.place)
        if newest is None:
            return None
        return date.fromisoformat(newest.body["date"]), newest.body["attempt"]


def _quiet(written: dict[Path, float]) -> bool:
    """Nothing in there was written lately."""
    return max(written.values()) < time.time() - GRACE


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_data(path: Path) -> bool:
    """The log stays: it names files, and holds no value."""
    return path.suffix == ".parquet" and "_delta_log" not in path.parts
