"""Work on the lake itself: the ledger is verified, late tables are found, alerts go out,
and what is past its retention ends.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.exceptions import AirflowException
from airflow.sdk import DAG, CronDataIntervalTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException
from job_command import transient_codes

from lake_config.settings import ROOT

TIME_LIMIT = timedelta(hours=2)


def run_command(*arguments: str) -> None:
    """One `./lake` command; a code that may pass is tried again, any other fails."""
    command = [sys.executable, "-m", "ops", *arguments]
    code = subprocess.run(command, cwd=ROOT, check=False).returncode
    said = f"./lake {' '.join(arguments)} ended with exit code {code}"
    if code in transient_codes():
        raise AirflowException(said)
    if code:
        raise AirflowFailException(said)


def maintenance(dag_id: str, shown: str, cron: str, *commands: str, **more: Any) -> DAG:
    """A DAG of commands, one after the other, whatever became of those before."""

    @dag(
        dag_id=dag_id,
        dag_display_name=shown,
        schedule=CronDataIntervalTimetable(cron, timezone="Asia/Shanghai"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args={"execution_timeout": TIME_LIMIT, **more},
        tags=["maintenance"],
    )
    def made() -> None:
        before = None
        for command in commands:
            words = command.split()

            @task(task_id="_".join(words), trigger_rule="all_done")
            def run(arguments: list[str]) -> None:
                run_command(*arguments)

            this = run(words)
            if before is not None:
                before >> this
            before = this

    return made()


ledger_verification = maintenance(
    "ledger_verification", "审计账本核验", "30 5 * * *", "verify"
)
alert_delivery = maintenance(
    "alert_delivery", "告警补发", "*/10 * * * *", "alerts send"
)
freshness = maintenance("freshness", "时效检查", "30 8 * * *", "alerts check")
ledger_copies = maintenance(
    "ledger_copies", "审计账本副本", "*/15 * * * *", "storage copy-ledger"
)
store_reads = maintenance("store_reads", "存储访问核对", "15 * * * *", "storage reads")
retention = maintenance("retention", "保存期限清理", "0 3 * * *", "retain")
