"""A Spark standalone cluster as processes: one master, two workers, all on loopback.

The same jobs run on it by one setting (`LAKE_SPARK_MASTER`). Master, workers and executors
know each other by a secret, and talk encrypted; their pages answer only to a signed token
that nobody is given (the lake has pages of its own).
"""

from __future__ import annotations

import base64
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from lake_config.settings import ROOT, Settings, load, write_private
from ops.archives import spark_home
from ops.processes import Service, free_port, listening, start, stop, wait_until

CLUSTER_SECRET = "spark_cluster"  # noqa: S105 (a file name)
LOG4J = ROOT / "lake_config" / "log4j2.properties"
WORKERS = 2
WORKER_MEMORY = "6g"
LOOPBACK = "127.0.0.1"
MASTER, WORKER = "master", "worker"
CLASSES = {
    MASTER: "org.apache.spark.deploy.master.Master",
    WORKER: "org.apache.spark.deploy.worker.Worker",
}
PAGES_FILTER = "org.apache.spark.ui.JWSFilter"


@contextmanager
def running_cluster(settings: Settings) -> Iterator[str]:
    """From start to stop; gives the master's address."""
    write_private(settings.layers.secrets / CLUSTER_SECRET, secrets.token_urlsafe(32))
    conf = settings.layers.state / "spark" / "cluster.conf"
    write_private(conf, _properties(settings))
    services: list[Service] = []
    try:
        address = _master(settings, services)
        for number in range(1, WORKERS + 1):
            _worker(settings, services, number, address)
        yield address
    finally:
        for service in reversed(services):
            stop(service)


def _master(settings: Settings, services: list[Service]) -> str:
    port = free_port()
    where = ["--host", LOOPBACK, "--port", str(port)]
    services.append(_started(settings, "spark-master", MASTER, where))
    wait_until(services[-1], lambda: listening(port), 60)
    return f"spark://{LOOPBACK}:{port}"


def _worker(
    settings: Settings, services: list[Service], number: int, master: str
) -> None:
    port = free_port()
    folder = settings.layers.state / "spark" / f"worker-{number}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    size = ["--cores", "2", "--memory", WORKER_MEMORY, "--work-dir", str(folder)]
    where = ["--host", LOOPBACK, "--port", str(port), *size, master]
    name = f"spark-worker-{number}"
    services.append(_started(settings, name, WORKER, where))
    wait_until(services[-1], lambda: listening(port), 60)


def _started(settings: Settings, name: str, part: str, where: list[str]) -> Service:
    environment = {
        **_environment(),
        "SPARK_LOCAL_IP": LOOPBACK,
        "SPARK_LOCAL_DIRS": str(settings.layers.state / "spark" / "local"),
    }
    log = settings.layers.logs / f"{name}.log"
    return start(name, _command(settings, part, where), log, environment)


def _command(settings: Settings, part: str, where: list[str]) -> list[str]:
    conf = settings.layers.state / "spark" / "cluster.conf"
    program = str(spark_home() / "bin" / "spark-class")
    pages = ["--webui-port", "0", "--properties-file", str(conf)]
    return [program, CLASSES[part], *pages, *where]


def _environment() -> dict[str, str]:
    return {
        "SPARK_HOME": str(spark_home()),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": f"-Dlog4j2.configurationFile=file:{LOG4J}",
        "PYTHONPATH": str(ROOT),
    }


def become(part: str, where: list[str]) -> NoReturn:
    """A container's one process becomes a master, or a worker of the master named last."""
    settings = load()
    conf = settings.layers.state / "spark" / "cluster.conf"
    write_private(conf, _properties(settings))
    command = _command(settings, part, where)
    os.execvpe(command[0], command, {**os.environ, **_environment()})  # noqa: S606


def _properties(settings: Settings) -> str:
    page_key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    values = {
        **authenticated(settings),
        "spark.ui.filters": PAGES_FILTER,
        f"spark.{PAGES_FILTER}.param.secretKey": page_key,
        "spark.master.rest.enabled": "false",
        "spark.worker.cleanup.enabled": "true",
    }
    return "".join(f"{key} {value}\n" for key, value in values.items())


def authenticated(settings: Settings) -> dict[str, str]:
    """What all parts of a cluster, drivers too, must agree on."""
    return {
        "spark.authenticate": "true",
        "spark.authenticate.secret": settings.secret(CLUSTER_SECRET),
        "spark.network.crypto.enabled": "true",
        "spark.network.crypto.cipher": "AES/GCM/NoPadding",
    }


if __name__ == "__main__":
    become(sys.argv[1], sys.argv[2:])
