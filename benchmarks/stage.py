"""Where benchmarks play: a PostgreSQL source, one big table, one warm Spark session."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from audit.ledger import init_ledger
from jobs.collect import collect
from jobs.context import Job
from jobs.readers.extract import address
from jobs.readers.postgresql import (
    DRIVER,
    FETCH_ROWS,
    exporter,
    page_ranges,
    pages_of,
    table_name,
)
from jobs.reconcile import reconcile
from jobs.session import session
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.duties import Duty
from lake_config.settings import Settings, load
from ops.source_counts import source_rows
from ops.source_servers import running_sources
from privacy.approval import sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from simulation.city import simulate
from simulation.deliver import deliver

DEPARTMENT, TABLE = "medical_insurance", "settlements"
FIRST_DAY = date(2026, 3, 2)
ROWS_PER_PERSON = 6
OFFICER = "甲"


@dataclass(frozen=True)
class Stage:
    """A lake in a temporary folder whose source holds `rows` rows of the big table."""

    settings: Settings
    contract: Contract
    rows: int

    def job(self, number: int) -> Job:
        """The big table on the `number`-th delivery date."""
        return self.of(TABLE, number)

    def of(self, table: str, number: int) -> Job:
        day = FIRST_DAY + timedelta(days=number)
        return Job(
            self.settings, self.contract, self.contract.table(table), day, "land"
        )

    def land_parents(self, number: int) -> None:
        """What the big table's rows refer to, off the clock."""
        for name in {item.parent_table for item in self.job(number).table.references}:
            reconcile(self.of(name, number), collect(self.of(name, number)))

    def folder(self, name: str) -> Path:
        """A fresh place for the baseline's tables."""
        path = self.settings.layers.state / "bench" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f"{path.name}-", dir=path.parent)) / "t"

    def ranges(self) -> list[str]:
        """The reader's own partitions, for a baseline as parallel as it is."""
        job = self.job(0)
        server = self.contract.server_for(job.table, "dev")
        place = address(job, server)
        with exporter(job, server, place) as connection:
            return page_ranges(pages_of(connection, table_name(job, place)))

    def jdbc(self, **options: Any) -> Any:
        """Spark's own reader on the same table, as a careful engineer would call it."""
        job = self.job(0)
        server = self.contract.server_for(job.table, "dev")
        place = address(job, server)
        properties = {
            "driver": DRIVER,
            "user": server.user,
            "password": self.settings.secret(server.secret),
        }
        if options.pop("tuned", False):
            properties["fetchsize"] = str(FETCH_ROWS)
        return job.spark.read.jdbc(
            url=f"jdbc:postgresql://{place['host']}:{place['port']}/{place['database']}",
            table=job.table.source["table"],
            properties=properties,
            **options,
        )


@contextmanager
def stage(rows: int) -> Iterator[Stage]:
    """Invent the rows, deliver them, sign the contract, start Spark."""
    with tempfile.TemporaryDirectory(prefix="lake-bench-") as home:
        os.chmod(home, 0o700)
        settings = load({"LAKE_HOME": home})
        every = load_contracts(settings.contracts)
        contract = next(item for item in every if item.department == DEPARTMENT)
        init_keys(settings)
        init_ledger(settings)
        enrol_officer(settings, OFFICER)
        sign(settings, OFFICER, contract, POLICY_VERSION)
        persons = rows // ROWS_PER_PERSON
        simulate(settings.layers, [contract], persons, 1, FIRST_DAY, _quiet)
        with running_sources(settings, [contract], _quiet):
            deliver(settings, [contract], FIRST_DAY, _quiet)
            session(settings, Duty.COLLECTOR, "bench")
            table = contract.table(TABLE)
            found = source_rows(settings, contract, table, FIRST_DAY)
            yield Stage(settings, contract, found)


def _quiet(_: str) -> None:
    """A benchmark prints its result alone."""
