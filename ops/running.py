"""The lake's own services: the sharing service, and `./lake up`, which holds all of them."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
from rich.console import Console

from lake_config.contract_loader import sound_contracts
from lake_config.settings import ROOT, Settings
from ops.airflow_database import airflow_database
from ops.airflow_service import start_airflow
from ops.processes import Service, start, stop, wait_until
from ops.source_servers import running_sources
from ops.spark_service import forget_spark, start_sparks
from ops.supervisor import Supervisor

console = Console()


def start_sharing(settings: Settings) -> Service:
    """The Delta Sharing service as a process of its own."""
    environment = {
        **settings.environment,
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "sharing"]
    service = start(
        "sharing", command, settings.layers.logs / "sharing.log", environment
    )
    wait_until(service, lambda: _answers(settings.sharing_url), 60)
    return service


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        answer = httpx.get(f"{parts.scheme}://{parts.netloc}/health", timeout=2)
    except httpx.HTTPError:
        return False
    return answer.is_success


def run_services(settings: Settings) -> None:
    """Start everything on loopback and look after it until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    contracts, problems = sound_contracts(settings.contracts)
    for problem in problems:
        console.print(problem, style="red", highlight=False)
    with ExitStack() as stack:
        stack.callback(forget_spark, settings)
        stack.enter_context(running_sources(settings, contracts, _say))
        database = stack.enter_context(airflow_database(settings, _say))
        services = [*database]
        stack.callback(lambda: _stop_all(services))
        services += [start_sharing(settings), *start_sparks(settings)]
        url, airflow = start_airflow(settings, _say)
        services = [*airflow, *reversed(services)]
        watch = Supervisor(settings, services, _say)
        stack.callback(watch.stop_all)
        _explain(settings, url)
        while True:
            watch.turn()
            time.sleep(1)


def _stop_all(services: list[Service]) -> None:
    for service in services:
        stop(service)


def _say(text: str) -> None:
    console.print(f"{time.strftime('%H:%M:%S')} {text}", highlight=False)


def _explain(settings: Settings, url: str) -> None:
    passwords = settings.layers.airflow / "passwords.json"
    console.print(
        f"Airflow   {url}（用户 admin，口令在 {passwords}）\n"
        f"共享服务  {settings.sharing_url}\n"
        "各服务分别运行，中止后自动重启；单独停止或重启：./lake service\n"
        "按 Ctrl-C 停止全部服务。",
        highlight=False,
    )
