"""One delivery day of the teachers' table through its steps, by processes that may be killed.

What must come out is worked out from what was delivered, without any code of the jobs:
raw holds the delivered rows, and people read the plain masker's rows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from audit.events import Event
from audit.ledger import open_ledger
from lake_config.contract_loader import contract_of
from lake_config.layers import CURATED, batch_id
from lake_config.settings import ROOT, Settings
from privacy.policy import STATISTICS
from sharing.tables import snapshot, tables_of
from tests.lib import forked_job, plain_masker
from tests.lib.local import LOCAL
from tests.lib.one_department import (
    BROKEN,
    DEPARTMENT,
    NAMES,
    TABLE,
    hand_over,
    teachers,
)
from tests.lib.small_lake import DAY

ROWS, SHIFTED, LARGEST = 60, 7, 900
STEPS = ("land", "gate", "release")
Rows = Counter[tuple[tuple[str, str], ...]]
"""How often a row is there; a cell is its column and its text."""


@dataclass(frozen=True)
class Delivery:
    """Day `number` of a lake; its rows are others than those of the day before."""

    settings: Settings
    number: int

    @property
    def day(self) -> date:
        return DAY + timedelta(days=self.number)

    @property
    def batch(self) -> str:
        return batch_id(DEPARTMENT, TABLE, self.day)

    @property
    def rows(self) -> list[dict[str, str]]:
        made = teachers(ROWS, self.number * SHIFTED % LARGEST)
        return [dict(zip(NAMES, row, strict=True)) for row in made]

    def hand_over(self) -> Delivery:
        rows = [list(row.values()) for row in self.rows]
        hand_over(self.settings, rows, self.day)
        return self

    def started(
        self, step: str, prepare: forked_job.Preparation = forked_job.nothing
    ) -> BaseProcess:
        """Forked from a process that has loaded its libraries."""
        environment = {**os.environ, **self.settings.environment}
        return forked_job.started(
            self._arguments(step), environment, self._log(step), prepare
        )

    def supervised(
        self, step: str, prepare: forked_job.Preparation, code: Path
    ) -> BaseProcess:
        """The same below a process that waits for it."""
        environment = {**os.environ, **self.settings.environment}
        log = code.with_suffix(".log")
        return forked_job.supervised(
            self._arguments(step), environment, log, prepare, code
        )

    def started_anew(self, step: str) -> subprocess.Popen[bytes]:
        """The very command of Airflow; two seconds of loading."""
        with self._log(step).open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "jobs", *self._arguments(step)],
                cwd=ROOT,
                env={**os.environ, **self.settings.environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def ended(
        self, step: str, prepare: forked_job.Preparation = forked_job.nothing
    ) -> int:
        child = self.started(step, prepare)
        child.join()
        assert child.exitcode is not None
        return child.exitcode

    def said(self, step: str) -> str:
        return self._log(step).read_text("utf-8")

    def receipts(self, kind: str) -> list[Event]:
        events = open_ledger(self.settings).newest(kind, self.batch)
        return [event for event in events if event.body["ok"]]

    def differences(self) -> list[str]:
        """Where people or raw have not exactly the source's rows; counts, no values."""
        pairs = {
            "published": (_published(self.settings), self._masked()),
            "raw": (self._collected(), Counter(_row(row) for row in self.rows)),
        }
        return [
            f"{self.batch} {place}: {(wanted - found).total()} lost, "
            f"{(found - wanted).total()} more"
            for place, (found, wanted) in pairs.items()
            if checksum(found) != checksum(wanted)
        ]

    def _collected(self) -> Rows:
        attempt = self.receipts("collected")[0].body["attempt"]
        folder = self.settings.layers.raw_attempt(DEPARTMENT, TABLE, self.day, attempt)
        return _rows(DeltaTable(str(folder)), NAMES)

    def _masked(self) -> Rows:
        table = contract_of(self.settings.contracts, DEPARTMENT).table(TABLE)
        good = [row for place, row in enumerate(self.rows) if place != BROKEN]
        scope = (STATISTICS, CURATED, DEPARTMENT, self.settings)
        return Counter(map(_row, plain_masker.masked(table, good, *scope)))

    def _arguments(self, step: str) -> list[str]:
        about = ["--department", DEPARTMENT, "--table", TABLE]
        return [step, *about, "--date", f"{self.day}"]

    def _log(self, step: str) -> Path:
        return self.settings.layers.logs / f"{step}.log"


def checksum(rows: Rows) -> tuple[int, str]:
    """How many, and one name for exactly these rows."""
    return rows.total(), sha256(repr(sorted(rows.items())).encode()).hexdigest()


def _published(settings: Settings) -> Rows:
    """What the sharing service would give."""
    table = tables_of(open_ledger(settings), CURATED)[DEPARTMENT, TABLE]
    return _rows(snapshot(LOCAL, settings.layers, table, table.version))


def _rows(table: DeltaTable, names: list[str] | None = None) -> Rows:
    found = table.to_pyarrow_table(columns=names).to_pylist()
    return Counter(map(_row, found))


def _row(cells: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, str(cell)) for name, cell in cells.items()))
