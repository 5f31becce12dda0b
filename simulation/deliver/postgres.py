"""A department's front-end database in PostgreSQL: tables without keys, one reader."""

from __future__ import annotations

from datetime import date

import psycopg
from psycopg import sql

from lake_config.contract import Contract, Server, Table, dated_address
from lake_config.settings import Settings
from simulation.city import rows_of
from simulation.deliver.logins import ADMIN, admin_password, reader_password


def connect(
    settings: Settings, contract: Contract, server: Server, database: str
) -> psycopg.Connection:
    """The simulated department's own administrator."""
    endpoint = settings.endpoint(contract.department, server.name)
    return psycopg.connect(
        host=endpoint["host"],
        port=endpoint["port"],
        dbname=database,
        user=ADMIN,
        password=admin_password(settings),
        autocommit=True,
    )


def deliver(
    settings: Settings,
    contract: Contract,
    server: Server,
    tables: list[Table],
    day: date,
) -> None:
    """Replace the database's tables by the rows of `day`; a dated schema is a fresh one."""
    place = dated_address(server.address, day)
    database, schema = (
        str(place["database"]),
        sql.Identifier(place.get("schema", "public")),
    )
    with connect(settings, contract, server, "postgres") as admin:
        _prepare(admin, database, server, reader_password(settings, server))
    with connect(settings, contract, server, database) as owner:
        reader = sql.Identifier(server.user)
        owner.execute(sql.SQL("create schema if not exists {}").format(schema))
        owner.execute(sql.SQL("grant usage on schema {} to {}").format(schema, reader))
        owner.execute(sql.SQL("set search_path to {}").format(schema))
        for table in tables:
            _create(owner, table)
            _copy(settings, owner, contract, table, day)
            owner.execute(
                sql.SQL("grant select on {} to {}").format(
                    sql.Identifier(table.source["table"]), reader
                )
            )


def _prepare(
    admin: psycopg.Connection, database: str, server: Server, password: str
) -> None:
    known = admin.execute("select 1 from pg_database where datname = %s", [database])
    if known.fetchone() is None:
        admin.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    role = admin.execute("select 1 from pg_roles where rolname = %s", [server.user])
    verb = sql.SQL("alter" if role.fetchone() else "create")
    admin.execute(
        sql.SQL("{} role {} login password {}").format(
            verb, sql.Identifier(server.user), sql.Literal(password)
        )
    )


def _create(owner: psycopg.Connection, table: Table) -> None:
    name = sql.Identifier(table.source["table"])
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(item.name), sql.SQL(item.physical_type))
        for item in table.columns
    )
    owner.execute(sql.SQL("drop table if exists {}").format(name))
    owner.execute(sql.SQL("create table {} ({})").format(name, columns))


def _copy(
    settings: Settings,
    owner: psycopg.Connection,
    contract: Contract,
    table: Table,
    day: date,
) -> None:
    copy = sql.SQL("copy {} from stdin").format(sql.Identifier(table.source["table"]))
    with owner.cursor() as cursor, cursor.copy(copy) as stream:
        for rows in rows_of(settings.layers, contract.department, table.name, day):
            for row in rows.iter_rows():
                stream.write_row(row)
