"""P10: one small Airflow task on the resident Spark server, against spark-submit of the same.

Measured is the command that a task runs: Airflow's own share is the same on both sides.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from benchmarks.measure import compare
from benchmarks.stage import DEPARTMENT, TABLE, Stage
from jobs.session import static_settings
from lake_config.duties import Duty
from lake_config.settings import ROOT, write_private
from ops.archives import spark_home
from ops.spark_service import warm_up

GOAL = "baseline takes at least 6 times the wall time (ratio at most 0.17)"


def run(stage: Stage) -> dict[str, Any]:
    """Landing one table, each time of another delivery date."""
    numbers = itertools.count(1)
    submitted = replace(stage.settings, spark="submit")
    values = {"spark.master": "local[2]", **static_settings(submitted, Duty.COLLECTOR)}
    conf = stage.settings.layers.state / "spark" / "submit.conf"
    write_private(conf, "".join(f"{key} {value}\n" for key, value in values.items()))
    submit = [
        str(spark_home() / "bin" / "spark-submit"),
        "--properties-file",
        str(conf),
    ]

    def land(before: Sequence[str], settings: Any) -> None:
        day = stage.job(next(numbers)).date.isoformat()
        command = [*before, "land", "--department", DEPARTMENT, "--table", TABLE]
        environment = {
            **os.environ,
            **settings.environment,
            "PYTHONPATH": str(ROOT),
            "SPARK_HOME": str(spark_home()),
            "PYSPARK_PYTHON": sys.executable,
            "PYSPARK_DRIVER_PYTHON": sys.executable,
        }
        subprocess.run(
            [*command, "--date", day],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
        )

    warm_up(stage.settings)
    return compare(
        "P10",
        GOAL,
        stage.rows,
        lambda: land([*submit, str(ROOT / "jobs" / "__main__.py")], submitted),
        lambda: land([sys.executable, "-m", "jobs"], stage.settings),
    )
