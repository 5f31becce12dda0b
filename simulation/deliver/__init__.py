"""Hands the invented rows over the way departments do: database, drop, REST service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from lake_config.contract import Contract, Server, Table
from lake_config.settings import Settings
from simulation.deliver import gatekeeper, mariadb, postgres, rest_service

Say = Callable[[str], None]
Deliver = Callable[[Settings, Contract, Server, list[Table], date], None]
BY_KIND: dict[str, Deliver] = {
    "postgresql": postgres.deliver,
    "mysql": mariadb.deliver,
    "local": gatekeeper.deliver,
    "api": rest_service.deliver,
}


def deliver(
    settings: Settings, contracts: Sequence[Contract], day: date, say: Say
) -> None:
    """Deliver every table of `day` to its own server, all tables of a server at once."""
    for contract in contracts:
        for server in contract.servers:
            if server.environment == settings.server_environment:
                tables = [
                    item
                    for item in contract.tables
                    if item.source["server"] == server.name
                ]
                BY_KIND[server.kind](settings, contract, server, tables, day)
                say(f"  交付：{contract.department} {server.name} {len(tables)} 张表")
