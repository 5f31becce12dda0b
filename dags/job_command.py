"""One Airflow task = one `python -m jobs` command in a process of its own.

Translates exit codes into Airflow's words: 98 and 99 skip, a transient code is retried, any
other refusal fails at once. No pyspark, no data, no secret passes through here.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

from airflow.exceptions import AirflowException
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from lake_config import errors
from lake_config.calendar import CITY_TIME
from lake_config.settings import ROOT

PR_SET_PDEATHSIG = 1
TERMINATED = 128 + signal.SIGTERM
"""How a job ends that was asked to: by a shutdown, or because its task died."""


def transient_codes() -> frozenset[int]:
    """Exit codes after which the same command may succeed later."""
    found = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    lake_errors = [kind for kind in found if issubclass(kind, errors.LakeError)]
    return frozenset(kind.exit_code for kind in lake_errors if kind.transient)


def delivery_date(context: Mapping[str, Any]) -> date:
    """The date a run is about: given by a person, else the end of its data interval."""
    given = context["params"].get("delivery_date")
    if given:
        return date.fromisoformat(given)
    end = context["dag_run"].data_interval_end
    return end.astimezone(CITY_TIME).date()


def run_job(
    step: str, department: str, table: str | None, context: Mapping[str, Any]
) -> None:
    """Run one step to its end; raises what Airflow should do about it."""
    command = _command(step, department, table, delivery_date(context))
    if not context["params"].get("delivery_date"):
        command.append("--scheduled")
    code = subprocess.run(command, cwd=ROOT, preexec_fn=_die_with_task).returncode
    conclude(step, code, context["ti"].try_number)


def conclude(step: str, code: int, tries: int) -> None:
    """What an exit code means to Airflow.

    A second try with nothing to do means that the first one did it all, and died or lost
    Airflow before it could say so: that is a success, of which others are told.
    """
    if code == errors.NOTHING_TO_DO and tries > 1:
        return
    if code in errors.SKIPPED:
        raise AirflowSkipException(f"{step} has nothing to do (exit code {code})")
    if code in transient_codes() or code < 0 or code == TERMINATED:
        raise AirflowException(f"{step} ended with exit code {code}; will be retried")
    if code:
        raise AirflowFailException(f"{step} refused with exit code {code}")


def report_failure(context: Mapping[str, Any]) -> None:
    """Failure callback: the job itself puts it into the ledger and the alert log."""
    task = context["task"]
    command = _command(
        "failed",
        task.params["department"],
        task.params["table"],
        delivery_date(context),
    )
    subprocess.run([*command, "--step", task.params["step"]], cwd=ROOT, check=False)


def _command(step: str, department: str, table: str | None, day: date) -> list[str]:
    which = ["--table", table] if table else []
    command = [sys.executable, "-m", "jobs", step, "--department", department]
    return [*command, *which, "--date", day.isoformat()]


def _die_with_task() -> None:
    """A killed task must not leave a writer behind."""
    os.setpgid(0, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
