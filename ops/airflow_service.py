"""Airflow as three processes on loopback: API server, DAG processor, scheduler.

Small profile: SQLite and one generated administrator. Talks to Airflow only through its
REST API, as any other client would.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx

from lake_config.errors import ComponentMissing
from lake_config.settings import ROOT, Settings, read_private, write_private
from ops.airflow_database import DATABASE_SECRET
from ops.processes import Service, free_port, start, wait_until

USER = "admin"
SPARK_SLOTS = 3


PATIENCE = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "30",
    "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "12",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "5",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "8",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX": "15",
    "AIRFLOW__CORE__KILLED_TASK_CLEANUP_TIME": "20",
}
"""A task outlives a minute without API or database, and says what became of it when they
are back; one that nobody heard of for two minutes is tried again (docs/adr/0019)."""


def airflow_environment(settings: Settings, port: int) -> dict[str, str]:
    """Airflow's settings for this lake; its secrets are made once and kept private."""
    home = settings.layers.airflow
    url = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(
            home / "passwords.json"
        ),
        **_database(settings),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__SECRET_KEY": _secret(home / "api_secret"),
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(home / "jwt_secret"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(settings.layers.logs / "airflow"),
        **PATIENCE,
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "120",
        **settings.environment,
        "PYTHONPATH": str(ROOT),
    }


def _database(settings: Settings) -> dict[str, str]:
    """Airflow reads the address itself, so that no environment holds a password."""
    secret = settings.layers.secrets / DATABASE_SECRET
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    if not secret.exists():
        return {name: f"sqlite:///{settings.layers.airflow}/airflow.db"}
    return {f"{name}_CMD": f"cat {secret}", f"{name}_ASYNC_CMD": f"cat {secret}"}


def _secret(path: Path) -> str:
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return read_private(path)


def start_airflow(
    settings: Settings, say: Callable[[str], None]
) -> tuple[str, list[Service]]:
    """Migrate, start the three processes, and return the API's address and services."""
    port = free_port()
    environment = airflow_environment(settings, port)
    passwords = settings.layers.airflow / "passwords.json"
    if not passwords.exists():
        write_private(passwords, json.dumps({USER: secrets.token_urlsafe(18)}))
    say("Airflow：准备元数据库")
    _airflow(environment, "db", "migrate")
    _airflow(
        environment, "pools", "set", "spark", str(SPARK_SLOTS), "bounds Spark work"
    )
    say("Airflow：启动 API、DAG 处理器、调度器")
    services = _processes(settings, environment, port)
    write_private(settings.layers.state / "airflow.json", json.dumps({"port": port}))
    return f"http://127.0.0.1:{port}", services


def _processes(
    settings: Settings, environment: dict[str, str], port: int
) -> list[Service]:
    """Scheduler first in the returned list: it must be stopped first."""
    logs = settings.layers.logs
    api, processor, scheduler = (
        ["api-server", "--workers", "1"],
        ["dag-processor"],
        ["scheduler", "--skip-serve-logs"],
    )
    web = start("airflow-api", _command(*api), logs / "airflow-api.log", environment)
    wait_until(web, lambda: _healthy(port), 120)
    parse = start(
        "airflow-dags", _command(*processor), logs / "airflow-dags.log", environment
    )
    plan = start(
        "airflow-scheduler",
        _command(*scheduler),
        logs / "airflow-scheduler.log",
        environment,
    )
    return [plan, parse, web]


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "airflow", *arguments]


def airflow_command(settings: Settings, arguments: Sequence[str]) -> int:
    """Airflow's own command line with this lake's settings; needs `./lake up`."""
    path = settings.layers.state / "airflow.json"
    if not path.exists():
        raise ComponentMissing("Airflow 没有运行。请先执行 ./lake up。")
    environment = airflow_environment(settings, json.loads(path.read_text())["port"])
    return subprocess.run(
        _command(*arguments), env={**os.environ, **environment}, check=False
    ).returncode


def _airflow(environment: dict[str, str], *arguments: str) -> None:
    run = subprocess.run(
        _command(*arguments),
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise ComponentMissing(
            f"Airflow 命令 {' '.join(arguments[:2])} 失败：\n{run.stderr[-1500:]}"
        )


def _healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/api/v2/monitor/health").is_success
    except httpx.HTTPError:
        return False


class AirflowApi:
    """A client of Airflow's REST API with one token."""

    def __init__(self, settings: Settings, url: str) -> None:
        passwords = read_private(settings.layers.airflow / "passwords.json")
        login = {"username": USER, "password": json.loads(passwords)[USER]}
        answer = httpx.post(f"{url}/auth/token", json=login, timeout=30)
        answer.raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        self._http = httpx.Client(base_url=f"{url}/api/v2", headers=headers, timeout=30)

    def wait_for_dags(self, wanted: set[str], seconds: float = 90) -> None:
        """Until the DAG processor has parsed all of `wanted`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if wanted <= {dag["dag_id"] for dag in self._get("/dags")["dags"]}:
                return
            time.sleep(0.5)
        raise ComponentMissing("Airflow 没有解析出全部 DAG，见 logs/airflow-dags.log。")

    def unpause(self, dag_id: str) -> None:
        self._http.patch(
            f"/dags/{dag_id}", json={"is_paused": False}
        ).raise_for_status()

    def trigger(self, dag_id: str, day: date) -> str:
        """Start a run for the delivery date; returns its run id."""
        stamp = datetime.now(UTC)
        body = {
            "dag_run_id": f"manual_{day.isoformat()}_{stamp:%H%M%S%f}",
            "logical_date": stamp.isoformat(),
            "conf": {"delivery_date": day.isoformat()},
        }
        answer = self._http.post(f"/dags/{dag_id}/dagRuns", json=body)
        answer.raise_for_status()
        return str(answer.json()["dag_run_id"])

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """The latest hundred runs of a DAG."""
        found: list[dict[str, Any]] = self._get(
            f"/dags/{dag_id}/dagRuns?limit=100&order_by=-run_after"
        )["dag_runs"]
        return found

    def run_state(self, dag_id: str, run_id: str) -> str:
        return str(self._get(f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def tries(self, dag_id: str, run_id: str, task_id: str) -> int:
        """How often a task was begun."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        return int(self._get(path)["try_number"])

    def task_states(self) -> dict[tuple[str, str], dict[str, str]]:
        """Per (DAG, run): task id to state, `none` before it was looked at."""
        tasks = self._get("/dags/~/dagRuns/~/taskInstances?limit=1000")
        found: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        for item in tasks["task_instances"]:
            run = (item["dag_id"], item["dag_run_id"])
            found[run][item["task_id"]] = item["state"] or "none"
        return found

    def _get(self, path: str) -> Any:
        answer = self._http.get(path)
        answer.raise_for_status()
        return answer.json()
