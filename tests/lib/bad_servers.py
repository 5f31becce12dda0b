"""Ways in which a department's server can be bad: gone, silent, dying, refusing, rambling.

Inside the context of a way it is so; behind it server, login and address are as before.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from signal import SIGKILL, SIGQUIT

import psycopg
import pymysql

from lake_config.settings import read_private, write_private
from ops.processes import free_port
from ops.source_servers import servers_folder, start_mariadb, start_postgres, start_rest
from simulation.deliver import mariadb, postgres
from simulation.deliver.rest_service import service_folder
from tests.lib.bad_sources import Source, Way, hand_over
from tests.lib.small_lake import DAY

PROCESS_FILES = {
    "postgresql": ("postgresql/data/postmaster.pid", SIGQUIT),
    "mysql": ("mariadb/pid", SIGKILL),
}
"""Where a server wrote its process id, and the signal that ends it at once."""

START = {"postgresql": start_postgres, "mysql": start_mariadb, "api": start_rest}


@contextmanager
def addressed(source: Source, **own: object) -> Iterator[None]:
    """The lake is told another address of the server."""
    path = source.settings.layers.state / "endpoints.json"
    before = path.read_text("utf-8")
    endpoints = json.loads(before)
    endpoints[source.contract.department][source.server.name].update(own)
    write_private(path, json.dumps(endpoints))
    try:
        yield
    finally:
        write_private(path, before)


def place_at(source: Source, port: int) -> dict[str, object]:
    rest = source.server.kind == "api"
    return {"location": f"http://127.0.0.1:{port}"} if rest else {"port": port}


@contextmanager
def closed_port(source: Source) -> Iterator[Source]:
    hand_over(source)
    with addressed(source, **place_at(source, free_port())):
        yield source


@contextmanager
def silent_port(source: Source) -> Iterator[Source]:
    """Somebody listens and never says a word."""
    hand_over(source)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with addressed(source, **place_at(source, listener.getsockname()[1])):
            yield source


@contextmanager
def dies_while_read(source: Source) -> Iterator[Source]:
    """The totals were told; before the rows are read the server is gone."""
    hand_over(source)
    name, sign = PROCESS_FILES[source.server.kind]
    file = servers_folder(source.settings) / name
    process = int(file.read_text().split()[0])
    try:
        yield replace(source, killing=(process, int(sign)))
    finally:
        os.waitpid(process, 0)
        start_again(source)
        _await_recovery(source)


def _await_recovery(source: Source) -> None:
    """A database listens before it has put its files in order."""
    for _ in range(120):
        try:
            ADMINISTRATORS[source.server.kind](source, "select 1")
        except (psycopg.Error, pymysql.Error):
            time.sleep(0.5)
        else:
            return
    raise TimeoutError(source.server.kind)


def start_again(source: Source) -> None:
    """A dead server, on another port, for everybody who used the old one."""
    kind, department = source.server.kind, source.contract.department
    path = source.settings.layers.state / "endpoints.json"
    endpoints = json.loads(path.read_text("utf-8"))
    old = endpoints[department][source.server.name].copy()
    service, port = START[kind](source.settings, department)
    source.started.append(service)
    for places in endpoints.values():
        for place in places.values():
            if place == old:
                place.update(place_at(source, port))
    write_private(path, json.dumps(endpoints))


@contextmanager
def wrong_password(source: Source) -> Iterator[Source]:
    hand_over(source)
    path = source.settings.layers.secrets / source.server.secret
    good = read_private(path)
    write_private(path, "not-the-password")
    try:
        yield source
    finally:
        write_private(path, good)


@contextmanager
def no_password(source: Source) -> Iterator[Source]:
    with wrong_password(source):
        (source.settings.layers.secrets / source.server.secret).unlink()
        yield source


def administered(spoil: str, mend: str = "") -> Way:
    """A way that the database's administrator brings about."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        hand_over(source)
        names = {"user": source.server.user, "table": source.table.source["table"]}
        administer = ADMINISTRATORS[source.server.kind]
        administer(source, spoil.format(**names))
        yield source
        if mend:
            administer(source, mend.format(**names))

    return way


def _postgresql(source: Source, statement: str) -> None:
    about = (source.settings, source.contract, source.server)
    with postgres.connect(*about, source.server.address["database"]) as owner:
        owner.execute(statement.encode())


def _mariadb(source: Source, statement: str) -> None:
    about = (source.settings, source.contract, source.server)
    with mariadb.connect(*about) as owner, owner.cursor() as cursor:
        cursor.execute(f"use `{source.server.address['database']}`")
        cursor.execute(statement)


ADMINISTRATORS = {"postgresql": _postgresql, "mysql": _mariadb}


def misbehaving(after: int = 0, **kinds: int) -> Way:
    """The REST service misbehaves, after so many good pages (simulation/deliver)."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        hand_over(source)
        folder = service_folder(source.settings, source.contract.department)
        control = folder / "control.json"
        control.write_text(json.dumps({"after": after, **kinds}), "utf-8")
        try:
            yield source
        finally:
            control.unlink()
            if "die" in kinds:
                start_again(source)

    return way


def served(damage: Callable[[bytes], bytes]) -> Way:
    """The REST service hands out other rows than it should."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        hand_over(source)
        folder = service_folder(source.settings, source.contract.department)
        path = folder / f"{source.table.name}.jsonl"
        path.write_bytes(damage(path.read_bytes()))
        yield source

    return way


@contextmanager
def gone_from_service(source: Source) -> Iterator[Source]:
    hand_over(source)
    folder = service_folder(source.settings, source.contract.department)
    (folder / f"{source.table.name}.jsonl").unlink()
    yield source


@contextmanager
def lapsed_authorisation(source: Source) -> Iterator[Source]:
    """A copy of the contracts in which the authorisation ends the day before."""
    hand_over(source)
    contracts = source.settings.home / "lapsed_contracts"
    shutil.copytree(source.settings.contracts, contracts, dirs_exist_ok=True)
    path = contracts / f"{source.contract.department}.yaml"
    text = path.read_text("utf-8")
    assert source.contract.authorisation_expires in text
    path.write_text(text.replace(source.contract.authorisation_expires, f"{DAY}"))
    yield replace(source, settings=replace(source.settings, contracts=contracts))
