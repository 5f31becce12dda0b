"""The lake's own services: the sharing service, and `./lake up`, which holds all of them."""

from __future__ import annotations

import sys
import time
from urllib.parse import urlsplit

import httpx
from rich.console import Console

from lake_config.contract_loader import sound_contracts
from lake_config.settings import ROOT, Settings
from ops.airflow_service import start_airflow
from ops.processes import Service, start, stop, wait_until
from ops.source_servers import running_sources
from ops.spark_service import forget_spark, start_sparks

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
    """Start everything on loopback and hold it until Ctrl-C."""
    services: list[Service] = []
    contracts, problems = sound_contracts(settings.contracts)
    for problem in problems:
        console.print(problem, style="red", highlight=False)
    with running_sources(settings, contracts, console.print):
        try:
            services = [start_sharing(settings), *start_sparks(settings)]
            url, airflow = start_airflow(settings, console.print)
            services = [*airflow, *services]
            _explain(settings, url)
            while all(service.alive() for service in services):
                time.sleep(1)
        finally:
            for service in services:
                stop(service)
            forget_spark(settings)


def _explain(settings: Settings, url: str) -> None:
    passwords = settings.layers.airflow / "passwords.json"
    console.print(
        f"Airflow   {url}（用户 admin，口令在 {passwords}）\n"
        f"共享服务  {settings.sharing_url}\n按 Ctrl-C 停止全部服务。",
        highlight=False,
    )
