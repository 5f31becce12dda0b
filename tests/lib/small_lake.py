"""A whole small lake for tests: real servers, a small invented city, signed contracts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from audit.ledger import init_ledger
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT, Settings, load
from ops.source_servers import running_sources
from ops.spark_service import running_spark
from privacy.approval import sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from simulation.city import simulate
from simulation.deliver import deliver

DAY = date(2026, 3, 2)
OFFICER = "甲"


def quiet(_: str) -> None:
    """Says nothing."""


@contextmanager
def lake(
    home: Path, persons: int, seed: int
) -> Iterator[tuple[Settings, list[Contract]]]:
    """Servers up, one delivery date delivered, contracts signed, Spark running."""
    settings = load({"LAKE_HOME": str(home), "LAKE_SPARK_MEMORY": "1g"})
    contracts = list(load_contracts(settings.contracts))
    init_keys(settings)
    init_ledger(settings)
    enrol_officer(settings, OFFICER)
    for contract in contracts:
        sign(settings, OFFICER, contract, POLICY_VERSION)
    simulate(settings.layers, contracts, persons, seed, DAY, quiet)
    with running_sources(settings, contracts, quiet):
        deliver(settings, contracts, DAY, quiet)
        with running_spark(settings, brief=True):
            yield settings, contracts


def job(
    home: Path, step: str, department: str, table: str = "", day: date = DAY
) -> int:
    """One step as Airflow runs it; its exit code."""
    which = ["--table", table] if table else []
    command = [sys.executable, "-m", "jobs", step, "--department", department, *which]
    run = subprocess.run(
        [*command, "--date", day.isoformat()],
        cwd=ROOT,
        env={
            "LAKE_HOME": str(home),
            "PATH": "/usr/bin:/bin",
            "LAKE_SPARK_MEMORY": "1g",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stderr.write(run.stdout + run.stderr)
    return run.returncode


def lake_command(settings: Settings, *arguments: str) -> tuple[int, str]:
    """`./lake …` as a person would; its exit code and everything it says."""
    done = subprocess.run(
        [sys.executable, "-m", "ops", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            **settings.environment,
            "COLUMNS": "200",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    sys.stderr.write(done.stdout + done.stderr)
    return done.returncode, done.stdout + done.stderr
