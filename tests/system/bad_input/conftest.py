"""One small lake for each file of tests of bad input, which leave sources spoilt and tickets
open behind them; starting its servers costs half a minute."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest

from lake_config.contract import Contract
from lake_config.settings import Settings
from ops.processes import Service, stop
from tests.lib import bad_servers as servers
from tests.lib.bad_sources import Source
from tests.lib.small_lake import DAY, lake

PLACES = {
    "PostgreSQL": ("medical_insurance", "insured_persons"),
    "MariaDB": ("human_resources", "job_seekers"),
    "CSV": ("civil_affairs", "marriage_registrations"),
    "XLSX": ("transport", "vehicle_certificates"),
    "JSON lines": ("public_security", "incidents"),
    "Parquet": ("transport", "etc_passages"),
    "REST": ("transport", "coach_tickets"),
}


@dataclass(frozen=True)
class BadLake:
    """Its settings and contracts, and a table per transport."""

    settings: Settings
    contracts: Mapping[str, Contract]
    started: list[Service] = field(default_factory=list)

    def source(self, department: str, table: str) -> Source:
        contract = self.contracts[department]
        about = (self.settings, contract, contract.table(table))
        return Source(*about, DAY, self.started)

    @property
    def places(self) -> dict[str, Source]:
        return {on: self.source(*place) for on, place in PLACES.items()}


@pytest.fixture(scope="module")
def bad_lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadLake]:
    """Contracts are copies of its own; nothing is published yet."""
    home = tmp_path_factory.mktemp("bad")
    with lake(home / "lake", 1_000, 3) as (settings, contracts):
        copies = home / "config" / "contracts"
        shutil.copytree(settings.contracts, copies)
        here = replace(settings, contracts=copies)
        _without_breakers(here)
        made = BadLake(here, {item.department: item for item in contracts})
        with servers.addressed(made.places["REST"], pageSize=300):
            try:
                yield made
            finally:
                for service in made.started:
                    stop(service)


def _without_breakers(settings: Settings) -> None:
    """A file where their folder belongs: no test finds a source paused by another's."""
    folder = settings.layers.state / "breakers"
    shutil.rmtree(folder, ignore_errors=True)
    folder.touch()
