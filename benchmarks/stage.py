"""Where benchmarks play: a PostgreSQL source, one big table, one warm Spark session."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
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
    page_ranges,
    pages_of,
    table_name,
)
from jobs.readers.postgresql_login import exporter
from jobs.reconcile import reconcile
from jobs.session import session
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.duties import Duty
from lake_config.settings import Settings, load
from ops.processes import stop
from ops.source_counts import source_rows
from ops.source_servers import running_sources
from ops.spark_service import running_spark
from ops.store_server import start_store
from privacy.approval import sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from simulation.city import simulate
from simulation.deliver import deliver
from storage.department_keys import SEALED
from storage.setup import set_up

DEPARTMENT, TABLE = "medical_insurance", "settlements"
FIRST_DAY = date(2026, 3, 2)
ROWS_PER_PERSON = 6
OFFICER = "甲"
MEMORY = "4g"
"""The heap that C18 allows."""


@dataclass(frozen=True)
class Stage:
    """A lake in a temporary folder whose source holds `rows` rows of the big table."""

    settings: Settings
    contract: Contract
    rows: int

    def job(self, number: int, command: str = "land") -> Job:
        """The big table on the `number`-th delivery date."""
        return self.of(TABLE, number, command)

    def of(self, table: str, number: int, command: str = "land") -> Job:
        """Masking is another duty: on a store it has an account and a server of its own."""
        command = command if self.settings.store else "land"
        day = FIRST_DAY + timedelta(days=number)
        return Job(
            self.settings, self.contract, self.contract.table(table), day, command
        )

    def land_parents(self, number: int) -> None:
        """What the big table's rows refer to, off the clock."""
        for name in {item.parent_table for item in self.job(number).table.references}:
            reconcile(self.of(name, number), collect(self.of(name, number)))

    def folder(self, name: str) -> Path:
        """A fresh place for the baseline's tables, where the collector may write."""
        attempt = f"{name}-{secrets.token_hex(4)}"
        return self.settings.layers.raw_attempt(DEPARTMENT, TABLE, date.max, attempt)

    def address(self, path: Path) -> str:
        return self.job(0).store.spark_address(path)

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
def stage(rows: int, store: bool = False, resident: bool = False) -> Iterator[Stage]:
    """Invent the rows, deliver them, sign the contract, start Spark (and an S3 store)."""
    with (
        tempfile.TemporaryDirectory(prefix="lake-bench-") as home,
        ExitStack() as stack,
    ):
        os.chmod(home, 0o700)
        settings = load({"LAKE_HOME": home, "LAKE_SPARK_MEMORY": MEMORY})
        every = load_contracts(settings.contracts)
        contract = next(item for item in every if item.department == DEPARTMENT)
        init_keys(settings)
        init_ledger(settings)
        enrol_officer(settings, OFFICER)
        sign(settings, OFFICER, contract, POLICY_VERSION)
        if store:
            settings = _stored(stack, settings, contract)
        persons = rows // ROWS_PER_PERSON
        simulate(settings.layers, [contract], persons, 1, FIRST_DAY, _quiet)
        stack.enter_context(running_sources(settings, [contract], _quiet))
        deliver(settings, [contract], FIRST_DAY, _quiet)
        if store or resident:
            stack.enter_context(running_spark(settings))
        session(settings, Duty.COLLECTOR, "bench")
        found = source_rows(settings, contract, contract.table(TABLE), FIRST_DAY)
        yield Stage(settings, contract, found)


def _stored(stack: ExitStack, settings: Settings, contract: Contract) -> Settings:
    """The chosen S3 server, encrypted as in production."""
    server = start_store(settings)
    stack.callback(stop, server.service)
    made = replace(
        settings,
        store=server.settings.store,
        store_ca=server.settings.store_ca,
        store_encryption=SEALED,
    )
    set_up(made, [contract])
    return made


def _quiet(_: str) -> None:
    """A benchmark prints its result alone."""
