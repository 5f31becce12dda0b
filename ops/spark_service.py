"""The resident Spark Connect server that all tasks share (2 s a task instead of 17 s).

Loopback only, behind a token that lies in `secrets/`. Its address is written to
`state/spark.json`, where lake_config/settings.py finds it; docs/adr/0002 has the figures.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys

from jobs.session import CONNECT_TOKEN, static_settings
from lake_config.errors import ComponentMissing
from lake_config.settings import ROOT, Settings, write_private
from ops.archives import spark_home
from ops.processes import Service, free_port, listening, start, wait_until

SERVER_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"


BRIEF = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
"""For a server that lives minutes: compiling for the long run took 40 % of the demo. The
first-level compiler's own 48 MB overflow, and cleaning them up costs as much again."""


def start_spark(settings: Settings, brief: bool = False) -> Service:
    """Start the server and announce its address; returns once it listens."""
    port, token = free_port(), secrets.token_urlsafe(32)
    write_private(settings.layers.secrets / CONNECT_TOKEN, token)
    conf = settings.layers.state / "spark" / "connect.conf"
    write_private(conf, _properties(settings, port, token, brief))
    service = start(
        "spark", _command(conf), settings.layers.logs / "spark.log", _environment()
    )
    wait_until(service, lambda: listening(port), 90)
    address = json.dumps({"url": f"sc://localhost:{port}"})
    write_private(settings.layers.state / "spark.json", address)
    return service


def warm_up(settings: Settings) -> None:
    """In a process of its own, which leaves its session to the first task."""
    environment = {**os.environ, **_environment(), "LAKE_HOME": str(settings.home)}
    command = [sys.executable, "-m", "ops.warm_up"]
    log = settings.layers.logs / "warm-up.log"
    with log.open("wb") as output:
        run = subprocess.run(
            command, env=environment, stdout=output, stderr=output, check=False
        )
    if run.returncode:
        raise ComponentMissing(f"Spark 服务没有通过试运行，见 {log}。")


def forget_spark(settings: Settings) -> None:
    """Remove the address of a server that was stopped."""
    (settings.layers.state / "spark.json").unlink(missing_ok=True)


def _properties(settings: Settings, port: int, token: str, brief: bool) -> str:
    """A private properties file: a token on the command line would show in `ps`."""
    values = {
        "spark.master": "local[2]",
        **static_settings(settings),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.authenticate.token": token,
        # A killed client's write must not commit a minute later.
        "spark.connect.execute.manager.detachedTimeout": "10s",
        "spark.connect.execute.manager.maintenanceInterval": "5s",
        "spark.connect.session.manager.defaultSessionTimeout": "10m",
        "spark.pyspark.python": sys.executable,
        "spark.redaction.regex": "(?i)secret|password|passwd|token|access[.]?key|credential",
    }
    if brief:
        values["spark.driver.extraJavaOptions"] += f" {BRIEF}"
    return "".join(f"{key} {value}\n" for key, value in values.items())


def _command(conf: os.PathLike[str]) -> list[str]:
    submit = str(spark_home() / "bin" / "spark-submit")
    return [
        submit,
        "--properties-file",
        str(conf),
        "--class",
        SERVER_CLASS,
        "spark-internal",
    ]


def _environment() -> dict[str, str]:
    return {
        "SPARK_HOME": str(spark_home()),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
    }
