"""A Spark server closes sessions nobody uses: ten minutes later the next job works as before.

Found by a quarter of an hour without Airflow's database: whatever in pyspark looks for the
active session found the closed one, in every later job.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from lake_config.settings import ROOT, Settings
from tests.lib.crash_storm import mortal_spark
from tests.lib.one_department import signed_lake

JOB = """
import sys
from jobs.session import session
from lake_config.duties import Duty
from lake_config.settings import load
from pyspark.sql import SparkSession
spark = session(load(), Duty.COLLECTOR, "idle")
print(spark.client._session_id, SparkSession.active().range(3).count())
if "close" in sys.argv:
    spark.client.release_session()
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("idle")
    with mortal_spark(signed_lake(home, home / "contracts", "丙")) as server:
        yield server.settings


def job(settings: Settings, *words: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", JOB, *words],
        env={**os.environ, **settings.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=300,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


def test_after_the_server_closed_a_session_jobs_have_another(lake: Settings) -> None:
    first, rows = job(lake, "close")
    second = job(lake)
    assert rows == "3" and second[1] == "3"
    assert second[0] != first
    assert job(lake) == second, "and keep that one"
