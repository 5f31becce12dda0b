"""Work on the lake itself: today the daily verification of the ledger."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from airflow.sdk import CronDataIntervalTimetable, dag, task
from airflow.sdk.exceptions import AirflowFailException

from lake_config.settings import ROOT


@dag(
    dag_id="ledger_verification",
    dag_display_name="审计账本核验",
    schedule=CronDataIntervalTimetable("30 5 * * *", timezone="Asia/Shanghai"),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["maintenance"],
)
def ledger_verification() -> None:
    @task
    def verify() -> None:
        code = subprocess.run(
            [sys.executable, "-m", "ops", "verify"], cwd=ROOT
        ).returncode
        if code:
            raise AirflowFailException(f"ledger verification ended with {code}")

    verify()


ledger_verification()
