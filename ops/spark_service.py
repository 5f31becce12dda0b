"""The resident Spark Connect servers that tasks share (2 s a task instead of 17 s).

Loopback only, behind a token that lies in `secrets/`. Their addresses are written to
`state/spark.json`, where lake_config/settings.py finds them; docs/adr/0002 has the figures.
One for everything on local folders; one per duty on a store, since all who use a server
share its account.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from jobs.session import CONNECT_TOKEN, static_settings
from lake_config.duties import Duty
from lake_config.errors import ComponentMissing, LakeError
from lake_config.settings import EVERY_DUTY, ROOT, Settings, write_private
from ops.archives import spark_home
from ops.processes import Service, free_port, listening, start, stop, wait_until
from ops.spark_cluster import authenticated

SERVER_CLASS = "org.apache.spark.sql.connect.service.SparkConnectServer"
REDACTED = "(?i)secret|password|passwd|token|access[.]?key|credential|encryption[.]?key"


BRIEF = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
"""For a server that lives minutes: compiling for the long run took 40 % of the demo. The
first-level compiler's own 48 MB overflow, and cleaning them up costs as much again."""


def gc_log(settings: Settings, duty: str) -> Path:
    """How full the heap was after each collection: what of it is really in use."""
    return settings.layers.logs / f"spark-{duty}-gc.log"


def lasting(settings: Settings, duty: str) -> str:
    """For a server that lives weeks: its heap is there from the start and never more, so
    that a growing process means a leak."""
    heap = f"-Xms{settings.spark_memory} -XX:+AlwaysPreTouch"
    return (
        f"{heap} -Xlog:gc:file={gc_log(settings, duty)}:uptime:filecount=2,filesize=4m"
    )


EXECUTORS = {
    "spark.cores.max": "2",
    "spark.executor.cores": "1",
    "spark.executor.memory": "1g",
    "spark.executorEnv.PYTHONPATH": str(ROOT),
}
"""Of one duty's server on a cluster: one executor on each of two workers."""

SPARK_DUTIES = (Duty.COLLECTOR,)
"""All others work without: masking reads and writes by itself (docs/adr/0025)."""


def start_sparks(settings: Settings, brief: bool = False) -> list[Service]:
    """Start the servers and announce their addresses; returns once they listen."""
    write_private(settings.layers.secrets / CONNECT_TOKEN, secrets.token_urlsafe(32))
    duties = SPARK_DUTIES if settings.store else (EVERY_DUTY,)
    ports = {str(duty): free_port() for duty in duties}
    services = {duty: _start(settings, duty, ports[duty], brief) for duty in ports}
    try:
        for duty, service in services.items():
            wait_until(service, partial(listening, ports[duty]), 90)
    except LakeError:
        for service in services.values():
            stop(service)
        raise
    found = {duty: f"sc://localhost:{port}" for duty, port in ports.items()}
    write_private(settings.layers.state / "spark.json", json.dumps(found))
    return list(services.values())


def _start(settings: Settings, duty: str, port: int, brief: bool) -> Service:
    conf = settings.layers.state / "spark" / f"connect-{duty}.conf"
    write_private(conf, _properties(settings, duty, port, brief))
    name = "spark" if duty == EVERY_DUTY else f"spark-{duty}"
    log = settings.layers.logs / f"{name}.log"
    return start(name, _command(conf), log, _environment())


@contextmanager
def running_spark(settings: Settings, brief: bool = False) -> Iterator[None]:
    """The servers from start to stop."""
    services = start_sparks(settings, brief)
    try:
        yield
    finally:
        for service in services:
            stop(service)
        forget_spark(settings)


def warm_up(settings: Settings) -> None:
    """In a process of its own, which leaves its session to the first task."""
    environment = {**os.environ, **_environment(), **settings.environment}
    command = [sys.executable, "-m", "ops.warm_up"]
    log = settings.layers.logs / "warm-up.log"
    with log.open("wb") as output:
        run = subprocess.run(
            command, env=environment, stdout=output, stderr=output, check=False
        )
    if run.returncode:
        raise ComponentMissing(f"Spark 服务没有通过试运行，见 {log}。")


def forget_spark(settings: Settings) -> None:
    """Remove the addresses of servers that were stopped."""
    (settings.layers.state / "spark.json").unlink(missing_ok=True)


def _properties(settings: Settings, duty: str, port: int, brief: bool) -> str:
    """A private properties file: a token on the command line would show in `ps`."""
    values = {
        "spark.master": settings.spark_master,
        **static_settings(settings, duty),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.authenticate.token": settings.secret(CONNECT_TOKEN),
        # A killed client's write must not commit a minute later.
        "spark.connect.execute.manager.detachedTimeout": "10s",
        "spark.connect.execute.manager.maintenanceInterval": "5s",
        "spark.connect.session.manager.defaultSessionTimeout": "10m",
        "spark.pyspark.python": sys.executable,
        "spark.redaction.regex": REDACTED,
    }
    if settings.spark_master.startswith("spark://"):
        values |= {**authenticated(settings), **EXECUTORS}
    more = BRIEF if brief else lasting(settings, duty)
    values["spark.driver.extraJavaOptions"] += f" {more}"
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
