"""Rows at the source, counted by other people's programs: psql, mariadb, manifests, REST."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import date

import httpx

from lake_config.contract import Contract, Server, Table
from lake_config.settings import Settings

Count = Callable[[Settings, Contract, Server, Table, date], int]


def source_rows(settings: Settings, contract: Contract, table: Table, day: date) -> int:
    """How many rows the source itself says this table has."""
    server = contract.server_for(table, settings.server_environment)
    return COUNTERS[server.kind](settings, contract, server, table, day)


def _database(settings: Settings, contract: Contract, server: Server) -> dict[str, str]:
    place = {**server.address, **settings.endpoint(contract.department, server.name)}
    return {key: str(value) for key, value in place.items()}


def _psql(s: Settings, c: Contract, server: Server, table: Table, day: date) -> int:
    place = _database(s, c, server)
    command = [
        "psql",
        "-At",
        "-h",
        place["host"],
        "-p",
        place["port"],
        "-U",
        server.user,
    ]
    command += ["-d", place["database"], "-c", f'select count(*) from "{table.name}"']  # noqa: S608
    return _asked(command, {"PGPASSWORD": s.secret(server.secret)})


def _mariadb(s: Settings, c: Contract, server: Server, table: Table, day: date) -> int:
    place = _database(s, c, server)
    command = ["mariadb", "--no-defaults", "-N", "-B", "--protocol=tcp"]
    command += ["-h", place["host"], "-P", place["port"], "-u", server.user]
    command += [place["database"], "-e", f"select count(*) from `{table.name}`"]  # noqa: S608
    return _asked(command, {"MYSQL_PWD": s.secret(server.secret)})


def _asked(command: list[str], secret: dict[str, str]) -> int:
    environment = {**os.environ, **secret}
    run = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )
    return int(run.stdout)


def _manifest(s: Settings, c: Contract, server: Server, table: Table, day: date) -> int:
    drop = s.home / _database(s, c, server)["path"] / day.isoformat()
    content = json.loads((drop / "manifest.json").read_text("utf-8"))
    [entry] = [item for item in content["files"] if item["table"] == table.name]
    return int(entry.get("rows_after", entry["rows"]))


def _service(s: Settings, c: Contract, server: Server, table: Table, day: date) -> int:
    base = _database(s, c, server)["location"]
    account = {"user": server.user, "secret": s.secret(server.secret)}
    token = httpx.post(f"{base}/token", json=account).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    query = {"cursor": "0", "limit": "1"}
    answer = httpx.get(base + table.source["path"], params=query, headers=headers)
    return int(answer.json()["total"])


COUNTERS: dict[str, Count] = {
    "postgresql": _psql,
    "mysql": _mariadb,
    "local": _manifest,
    "api": _service,
}
