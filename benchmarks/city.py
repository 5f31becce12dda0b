"""All departments of a city through their whole pipelines, and what four times costs.

The commands that Airflow would start, one after the other on one resident Spark server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from audit.ledger import init_ledger
from benchmarks.invention import CITY
from benchmarks.measure import cpu_seconds, facts, peak_memory
from benchmarks.stage import FIRST_DAY, OFFICER
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT, Settings, load
from ops.source_counts import source_rows
from ops.source_servers import running_sources
from ops.spark_service import running_spark, warm_up
from privacy.approval import sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from simulation.city import simulate
from simulation.deliver import deliver

GOAL = "4 times the persons: at most 4.4 times the time; the whole city in an hour"
Costs = dict[str, float]


def run(persons: int) -> dict[str, Any]:
    """A quarter of the persons and all of them, each in a lake of its own."""
    small, large = _measured(persons // 4), _measured(persons)
    found: dict[str, Any] = {"persons": f"{persons // 4:,} -> {persons:,}"}
    for name, value in large.items():
        grown = value / small[name] if small[name] else 0
        found[name] = f"{small[name]:,.0f} -> {value:,.0f} (x {grown:.2f})"
    steps = {name: value for name, value in large.items() if name.startswith("s ")}
    sides = [sum(side[name] for name in steps) for side in (small, large)]
    found["s all departments"] = "{:,.0f} -> {:,.0f}".format(*sides)
    found[f"on paper for {CITY:,} persons"] = (
        f"{_estimate(persons, *sides) / 3600:.1f} hours"
    )
    slowest = max(steps, key=lambda name: steps[name] - small[name])
    found["grows most"] = slowest.removeprefix("s ")
    return facts("city", GOAL, persons, found)


def _estimate(persons: int, small: float, large: float) -> float:
    """On the straight line through both measurements."""
    slope = (large - small) / (persons - persons // 4)
    return large + slope * (CITY - persons)


def _measured(persons: int) -> Costs:
    with tempfile.TemporaryDirectory(prefix="lake-city-") as home:
        os.chmod(home, 0o700)
        settings = load({"LAKE_HOME": home, "LAKE_SPARK_MEMORY": "4g"})
        contracts = list(load_contracts(settings.contracts))
        with _city(settings, contracts, persons), peak_memory() as peak:
            cpu = cpu_seconds()
            costs = {
                f"s {contract.department}": _pipeline(settings, contract)
                for contract in contracts
            }
            rows = sum(
                source_rows(settings, contract, table, FIRST_DAY)
                for contract in contracts
                for table in contract.tables
            )
            cpu = cpu_seconds() - cpu
    return {
        "rows of all tables": rows,
        **costs,
        "CPU seconds": cpu,
        "peak MiB of all processes": peak[0],
    }


@contextmanager
def _city(
    settings: Settings, contracts: list[Contract], persons: int
) -> Iterator[None]:
    """Delivered and signed, its servers up, off the clock."""
    init_keys(settings)
    init_ledger(settings)
    enrol_officer(settings, OFFICER)
    for contract in contracts:
        sign(settings, OFFICER, contract, POLICY_VERSION)
    simulate(settings.layers, contracts, persons, 1, FIRST_DAY, _said)
    with running_sources(settings, contracts, _said):
        deliver(settings, contracts, FIRST_DAY, _said)
        with running_spark(settings):
            warm_up(settings)
            yield


def _pipeline(settings: Settings, contract: Contract) -> float:
    """Seconds of `./lake run` for one department; its rows lie in the shared zone then."""
    began = time.monotonic()
    command = [sys.executable, "-m", "ops", "run", contract.department]
    subprocess.run(
        [*command, "--date", FIRST_DAY.isoformat()],
        cwd=ROOT,
        env={**os.environ, **settings.environment},
        check=True,
        stdout=sys.stderr,
    )
    return time.monotonic() - began


def _said(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
