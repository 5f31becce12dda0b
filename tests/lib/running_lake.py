"""A small lake under `./lake up`, as a city runs it, and what a person may do to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import yaml

from audit.ledger import init_ledger
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT, Settings, load
from ops.airflow_service import AirflowApi
from ops.processes import Service, free_port, start, stop
from ops.supervisor import ask, running
from privacy.approval import sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from simulation.city import simulate
from simulation.deliver import deliver
from tests.lib.small_lake import OFFICER, quiet

UP_SECONDS = 300


@dataclass(frozen=True)
class RunningLake:
    """Its settings, the contracts in force, the process that holds it, and Airflow."""

    settings: Settings
    contracts: tuple[Contract, ...]
    holder: Service
    api: AirflowApi

    def kill(self, name: str) -> int:
        """kill -9 of one service's process; its former id."""
        process = running(self.settings)[name]
        os.kill(process, signal.SIGKILL)
        return process

    def ask(self, name: str, what: str) -> None:
        ask(self.settings, name, what)

    def await_service(self, name: str, up: bool, seconds: float = 120) -> None:
        until(lambda: (name in running(self.settings)) is up, seconds)


def until(true: Callable[[], bool], seconds: float, every: float = 0.5) -> float:
    """Seconds it took; fails when it never came true."""
    began = time.monotonic()
    while not true():
        waited = time.monotonic() - began
        assert waited < seconds, f"not within {seconds:.0f} s"
        time.sleep(every)
    return time.monotonic() - began


def small_contracts(folder: Path, tables: Mapping[str, Sequence[str]]) -> None:
    """The real contracts of these departments with a few tables, from dated sources."""
    folder.mkdir(parents=True)
    for department, names in tables.items():
        path = ROOT / "lake_config" / "contracts" / f"{department}.yaml"
        data = yaml.safe_load(path.read_text("utf-8"))
        data["schema"] = [item for item in data["schema"] if item["name"] in names]
        data["slaProperties"] = [
            item for item in data["slaProperties"] if item["element"] in names
        ]
        for server in data["servers"]:
            _keep_the_past(server)
        text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
        (folder / path.name).write_text(text, "utf-8")


def _keep_the_past(server: dict[str, object]) -> None:
    """The source keeps the state of each delivery date apart."""
    if server["type"] == "postgresql":
        server["schema"] = "d{date}"
    elif server["type"] == "mysql":
        server["database"] = "at_{date}"
    elif server["type"] == "api":
        server["location"] = f"{server['location']}/{{date}}"


@contextmanager
def running_lake(
    home: Path,
    contracts: Path,
    persons: int,
    days: Sequence[date],
    schedules: bool = True,
) -> Iterator[RunningLake]:
    """Everything up, `days` delivered, contracts signed, and every DAG paused."""
    settings = replace(_new_lake(home, contracts), schedules=schedules)
    found = load_contracts(contracts)
    holder = start(
        "up",
        [sys.executable, "-m", "ops", "up"],
        settings.layers.logs / "up.log",
        {**settings.environment, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )
    try:
        sources = settings.layers.state / "endpoints.json"
        until(sources.exists, 60)
        for day in days:
            simulate(settings.layers, found, persons, 7, day, quiet)
            deliver(settings, found, day, quiet)
        until(lambda: "airflow-scheduler" in running(settings), UP_SECONDS)
        port = json.loads((settings.layers.state / "airflow.json").read_text())["port"]
        api = AirflowApi(settings, f"http://127.0.0.1:{port}")
        api.wait_for_dags({item.department for item in found}, 180)
        yield RunningLake(settings, found, holder, api)
    finally:
        stop(holder)


def _new_lake(home: Path, contracts: Path) -> Settings:
    sharing = f"http://127.0.0.1:{free_port()}/delta-sharing"
    given = {"LAKE_HOME": str(home), "LAKE_CONTRACTS": str(contracts)}
    memory = {"LAKE_SPARK_MEMORY": "1g"}
    settings = replace(load({**given, **memory}), sharing_url=sharing)
    init_keys(settings)
    init_ledger(settings)
    enrol_officer(settings, OFFICER)
    for contract in load_contracts(contracts):
        sign(settings, OFFICER, contract, POLICY_VERSION)
    return settings


def airflow(settings: Settings, *arguments: str) -> str:
    """`./lake airflow …` as a person would; what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", "airflow", *arguments],
        cwd=ROOT,
        env={**os.environ, **settings.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3_000:]
    return said
