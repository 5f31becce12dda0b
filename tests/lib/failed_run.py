"""Runs the failing day on a lake, in Airflow, and a job whose engine quotes a cell.

Everything that is started writes its log under the lake's `logs/`, and is stopped again.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import date

from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT, Settings
from ops.airflow_service import AirflowApi, start_airflow
from ops.processes import Service, stop
from ops.spark_service import running_spark
from privacy.approval import sign
from privacy.policy import POLICY_VERSION
from tests.lib.failing_day import CASTS, Person, hand_over, write_contract
from tests.lib.one_department import DEPARTMENT
from tests.lib.small_lake import quiet

LONGEST_RUN = 900
Started = Future[tuple[str, list[Service]]]


def run_failing_day(
    settings: Settings, people: Sequence[Person], officer: str, day: date
) -> int:
    """Exit code of the job whose engine quotes a cell; the rest stands in the ledger."""
    folder = settings.home.parent / "broken_contracts"
    write_contract(folder)
    sign(settings, officer, load_contracts(folder)[0], POLICY_VERSION)
    hand_over(settings, people, day)
    broken = replace(settings, contracts=folder, schedules=False)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(1))
        airflow = pool.submit(start_airflow, broken, quiet)
        stack.callback(_stop_airflow, airflow)
        stack.enter_context(running_spark(settings, brief=True))
        code = _cast(settings, people[0])
        _run_in_airflow(AirflowApi(broken, airflow.result()[0]), day)
        return code


def _stop_airflow(airflow: Started) -> None:
    if airflow.exception() is None:
        for service in airflow.result()[1]:
            stop(service)


def _cast(settings: Settings, person: Person) -> int:
    """In a process and with a log of its own."""
    cell = " ".join(person.values())
    with (settings.layers.logs / "cast.log").open("wb") as log:
        return subprocess.run(
            [sys.executable, "-c", CASTS, cell],
            cwd=ROOT,
            env={**os.environ, "LAKE_HOME": str(settings.home)},
            stdout=log,
            stderr=log,
            check=False,
        ).returncode


def _run_in_airflow(api: AirflowApi, day: date) -> None:
    api.wait_for_dags({DEPARTMENT})
    run = api.trigger(DEPARTMENT, day)
    api.unpause(DEPARTMENT)
    deadline = time.monotonic() + LONGEST_RUN
    while api.run_state(DEPARTMENT, run) not in ("success", "failed"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{DEPARTMENT} has not ended in {LONGEST_RUN} s")
        time.sleep(1)
