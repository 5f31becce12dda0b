"""The object store for people who run it: set it up, start one, hand out its policies."""

from __future__ import annotations

import time
from pathlib import Path

from rich.console import Console

from lake_config.contract_loader import load_contracts
from lake_config.settings import Settings
from ops.processes import stop
from ops.store_certificates import ensure_truststore
from ops.store_server import start_store
from storage.setup import set_up, write_policies

console = Console()


def init_store(settings: Settings) -> None:
    """Buckets, encryption and accounts; prints what was changed."""
    changes = set_up(settings, load_contracts(settings.contracts))
    if settings.store_ca:
        ensure_truststore(Path(settings.store_ca))
    for line in changes or ["存储已就绪，没有需要改动的。"]:
        console.print(line, highlight=False)


def show_policies(settings: Settings, folder: Path) -> None:
    """The policies as files, for a store without an administration API."""
    for path in write_policies(settings, load_contracts(settings.contracts), folder):
        console.print(str(path), highlight=False, soft_wrap=True)


def serve_store(settings: Settings) -> None:
    """A store of our own on this machine, until Ctrl-C."""
    server = start_store(settings)
    console.print("存储服务已启动，按 Ctrl-C 停止。在另一个终端中设置：")
    for name, value in server.environment.items():
        console.print(f"export {name}={value}", highlight=False, soft_wrap=True)
    try:
        while server.service.alive():
            time.sleep(1)
    finally:
        stop(server.service)
