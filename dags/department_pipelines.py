"""One DAG per department, generated from its contract.

Per table `land` (collect, reconcile) and `release` (mask, publish), per department one
`gate` between them, so that a table is judged after its parents have landed. `gate` and
`release` run whatever became of their neighbours: each refuses by itself when a receipt
is missing, so that one broken table does not hold back the others.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    Asset,
    CronDataIntervalTimetable,
    Param,
    dag,
    get_current_context,
    task,
)
from job_command import report_failure, run_job

from lake_config.calendar import CITY_TIME
from lake_config.contract import Contract, Table
from lake_config.contract_loader import sound_contracts
from lake_config.settings import load

SETTINGS = load()
SPARK_POOL = "spark"
DEFAULTS = {
    # Waits of 20, 40, 80, 160 and three times 300 s: 20 minutes in all, so that a part of
    # Airflow or a source may be away for a quarter of an hour (docs/adr/0019).
    "retries": 7,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(hours=4),
    "on_failure_callback": report_failure,
    "pool": SPARK_POOL,
}


def published_asset(contract: Contract, table: Table) -> Asset:
    """What other DAGs wait for: a published version of this table."""
    return Asset(f"lake://{contract.department}/{table.name}")


def _step(contract: Contract, table: Table | None, step: str, **options: Any) -> Any:
    """One task; its params say what it is about, also to the failure callback."""
    name = f"{step}.{table.name}" if table else step
    params = {
        "department": contract.department,
        "table": table.name if table else None,
        "step": step,
    }

    @task(task_id=name.replace(".", "_"), params=params, **options)
    def run(department: str, table_name: str | None, which: str) -> None:
        run_job(which, department, table_name, get_current_context())

    return run(contract.department, params["table"], step)


def timetable(contract: Contract) -> CronDataIntervalTimetable | None:
    """The contract's cycle in the city's own time."""
    if not SETTINGS.schedules:
        return None
    return CronDataIntervalTimetable(contract.schedule, timezone=str(CITY_TIME))


def department_dag(contract: Contract) -> DAG:
    """All tasks of one department, wired as the module docstring says."""

    @dag(
        dag_id=contract.department,
        dag_display_name=f"{contract.business_name}数据归集",
        schedule=timetable(contract),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args=DEFAULTS,
        params={"delivery_date": Param(None, type=["null", "string"], format="date")},
        tags=["department"],
    )
    def pipeline() -> None:
        gate = _step(contract, None, "gate", trigger_rule="all_done")
        for table in contract.tables:
            release = _step(
                contract,
                table,
                "release",
                trigger_rule="all_done",
                outlets=[published_asset(contract, table)],
            )
            _step(contract, table, "land") >> gate >> release

    return pipeline()


SOUND, _ = sound_contracts(SETTINGS.contracts)
"""The others are told by `broken_contracts.py`: one mistake must not stop everybody."""

for _contract in SOUND:
    globals()[_contract.department] = department_dag(_contract)
