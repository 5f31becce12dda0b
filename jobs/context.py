"""What a step is about: one table of one department on one delivery date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from pyspark.sql import SparkSession

from audit.ledger import Ledger, open_ledger
from jobs.session import session
from lake_config.contract import Contract, Table
from lake_config.duties import Duty
from lake_config.layers import CURATED, Layers, batch_id
from lake_config.settings import Settings
from privacy.policy import STATISTICS
from storage.store import Store, store_of

ACTOR = "jobs"
DUTIES = {
    "land": Duty.COLLECTOR,
    "gate": Duty.COLLECTOR,
    "release": Duty.MASKER,
    "quarantine": Duty.MASKER,
    "replay": Duty.COLLECTOR,
    "redeliver": Duty.COLLECTOR,
    "relink": Duty.MASKER,
    "classify": Duty.MASKER,
}
"""Whose account a command reads and writes with; publishing takes its own."""


@dataclass(frozen=True)
class Job:
    """The facts of one step, its ledger, and a Spark session made when first needed."""

    settings: Settings
    contract: Contract
    table: Table
    date: date
    name: str = "land"
    scheduled: bool = False
    """Is the date a schedule's or a back-fill's, and not a person's word?"""
    recipient: str = CURATED
    purpose: str = STATISTICS
    """For whom and what for the table is masked and published."""

    @property
    def batch(self) -> str:
        return batch_id(self.contract.department, self.table.name, self.date)

    @property
    def layers(self) -> Layers:
        return self.settings.layers

    @cached_property
    def ledger(self) -> Ledger:
        return open_ledger(self.settings)

    @property
    def duty(self) -> Duty:
        return DUTIES[self.name]

    @cached_property
    def store(self) -> Store:
        """The zones, as this command's duty sees them."""
        return store_of(self.settings, self.duty)

    @cached_property
    def publishing(self) -> Store:
        """The zones as the only writer of the shared one sees them."""
        return store_of(self.settings, Duty.PUBLISHER)

    @cached_property
    def spark(self) -> SparkSession:
        return session(self.settings, self.duty, f"{self.name} {self.batch}")

    def record(
        self,
        kind: str,
        attempt: str,
        ok: bool,
        unless: Callable[[], None] | None = None,
        **facts: Any,
    ) -> dict[str, Any]:
        """Append a step's receipt, unless that raises; returns its body."""
        body = {
            "ok": ok,
            "department": self.contract.department,
            "table": self.table.name,
            "date": self.date.isoformat(),
            "contract": self.contract.digest,
            "attempt": attempt,
            **facts,
        }
        self.ledger.append(kind, ACTOR, self.batch, body, unless)
        return body
