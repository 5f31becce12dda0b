"""What a step is about: one table of one department on one delivery date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from pyspark.sql import SparkSession

from audit.ledger import Ledger, open_ledger
from jobs.session import session
from lake_config.contract import Contract, Table
from lake_config.layers import Layers, batch_id
from lake_config.settings import Settings

ACTOR = "jobs"


@dataclass(frozen=True)
class Job:
    """The facts of one step, its ledger, and a Spark session made when first needed."""

    settings: Settings
    contract: Contract
    table: Table
    date: date
    name: str = "job"

    @property
    def batch(self) -> str:
        return batch_id(self.contract.department, self.table.name, self.date)

    @property
    def layers(self) -> Layers:
        return self.settings.layers

    @cached_property
    def ledger(self) -> Ledger:
        return open_ledger(self.settings)

    @cached_property
    def spark(self) -> SparkSession:
        return session(self.settings, f"{self.name} {self.batch}")

    def record(self, kind: str, attempt: str, ok: bool, **facts: Any) -> dict[str, Any]:
        """Append a step's receipt; returns its body."""
        body = {
            "ok": ok,
            "department": self.contract.department,
            "table": self.table.name,
            "date": self.date.isoformat(),
            "contract": self.contract.digest,
            "attempt": attempt,
            **facts,
        }
        self.ledger.append(kind, ACTOR, self.batch, body)
        return body
