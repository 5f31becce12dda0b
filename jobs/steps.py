"""The order of the steps as types: each value is built by its step, or from its receipt.

No function goes from raw to shared: masking takes a `Gated`, publishing a `Masked`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from audit.receipts import require
from jobs.context import Job
from lake_config.errors import OutOfTurn


@dataclass(frozen=True, slots=True)
class _Step:
    """A finished step of the attempt that counts, with the body of its receipt."""

    attempt: str
    body: dict[str, Any]

    @classmethod
    def load(cls, job: Job) -> Self:
        """From the ledger; OutOfTurn when the step is missing, failed or about else."""
        step = cls.__name__.lower()
        receipt = require(job.ledger, step, job.batch, job.contract.digest)
        return cls(receipt.body["attempt"], receipt.body)

    def still_counts(self, job: Job) -> None:
        """OutOfTurn when the batch was collected anew since: what was found is about
        an attempt that is over. Asked under the ledger's lock, before a receipt."""
        if self.load(job).attempt != self.attempt:
            raise OutOfTurn(
                f"{job.batch}：此后又重新归集过，本次结果作废。请从头运行这一批。"
            )

    @property
    def replay(self) -> str:
        """Which replay of quarantined rows it is about; empty without one."""
        return str(self.body.get("replay", ""))

    @property
    def replay_fact(self) -> dict[str, Any]:
        """For the receipt of a step that goes on from it."""
        return {"replay": self.replay} if self.replay else {}

    def raw(self, job: Job) -> Path:
        """The attempt's folder in raw."""
        return job.layers.raw_attempt(
            job.contract.department, job.table.name, job.date, self.attempt
        )


class Collected(_Step):
    """The delivery lies in raw, unchanged."""


class Reconciled(_Step):
    """Source and lake agree on it."""


class Gated(_Step):
    """It is good enough; its bad rows are known."""

    def corrected(self, job: Job) -> Path | None:
        """The file of the rows that a replay lets through; None where there was none."""
        if not self.replay:
            return None
        return job.layers.corrected_rows(self.raw(job), self.replay)


class Masked(_Step):
    """Its masked bytes passed the leak scan and wait in staging."""


class Published(_Step):
    """They may be read."""
