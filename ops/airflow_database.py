"""PostgreSQL for Airflow's own database, beside the departments' and not in them.

Its address, with the password, is a secret file; where that file is, Airflow uses it, and
else SQLite. A city puts the address of a server of its own there.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from lake_config.settings import Settings, write_private
from ops.processes import Service, stop
from ops.source_servers import (
    Say,
    forget_foreign_data,
    postgres_programs,
    postgres_server,
)
from simulation.deliver.logins import admin_password

DATABASE_SECRET = "airflow_database"  # noqa: S105 (a file name)
OWN_PASSWORD = f"{DATABASE_SECRET}_password"
"""It is there where the lake made the server itself."""
OWNER = "airflow"


@contextmanager
def airflow_database(settings: Settings, say: Say) -> Iterator[list[Service]]:
    """What `./lake up` holds: nothing where the city has a server, or none can be had."""
    ours = settings.layers.secrets / OWN_PASSWORD
    if (settings.layers.secrets / DATABASE_SECRET).exists() and not ours.exists():
        yield []
    elif postgres_programs() is None:
        say("没有 PostgreSQL，Airflow 使用 SQLite；仅供试用")
        yield []
    else:
        with running_airflow_database(settings) as service:
            yield [service]


@contextmanager
def running_airflow_database(settings: Settings) -> Iterator[Service]:
    """A server with an empty database, announced in the secret file."""
    forget_foreign_data(settings)
    admin_password(settings)  # from here on the servers' folder is this lake's
    path, password = settings.layers.secrets / DATABASE_SECRET, _password(settings)
    service, port = postgres_server(settings, "airflow-database", OWNER, password)
    try:
        place = f"host=127.0.0.1 port={port} user={OWNER} password={password}"
        with psycopg.connect(f"{place} dbname=postgres", autocommit=True) as admin:
            with suppress(psycopg.errors.DuplicateDatabase):
                admin.execute("create database airflow")
        address = f"{OWNER}:{password}@127.0.0.1:{port}/airflow"
        write_private(path, f"postgresql+psycopg://{address}")
        yield service
    finally:
        stop(service)
        path.unlink(missing_ok=True)


def _password(settings: Settings) -> str:
    """It holds from the server's first start."""
    path = settings.layers.secrets / OWN_PASSWORD
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return settings.secret(path.name)
