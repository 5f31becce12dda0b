"""One look at a source's table without taking its rows: its columns as they are today."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from jobs.context import Job
from jobs.readers.extract import address
from jobs.readers.files import entry_of, file_of
from jobs.readers.mysql import opened, seen_mysql
from jobs.readers.postgresql import seen_postgresql
from jobs.readers.postgresql_login import exporter
from jobs.readers.rest import client, first_page
from jobs.readers.seen_files import seen_file, seen_page, with_units
from jobs.readers.workbook import as_text
from lake_config.contract import Server
from lake_config.contract_loads import OPERATION, SEQUENCE
from lake_config.errors import DeliveryUndecodable
from lake_config.source_schema import Seen

FEED_COLUMNS = (OPERATION, SEQUENCE)
"""Of a file of changes; no part of the table."""


def seen_now(job: Job) -> Seen:
    """The columns of the job's table; raises where the source cannot be asked or read."""
    server = job.contract.server_for(job.table, job.settings.server_environment)
    found = LOOKS[server.kind](job, server)
    seen = tuple(column for column in found if column.name not in FEED_COLUMNS)
    if not seen:
        raise DeliveryUndecodable(
            f"{job.batch}：看不出这份交付有哪些列，文件可能为空、损坏或不是约定的格式。"
        )
    return seen


def encoding_agreed(job: Job) -> str:
    """Of a file of text; nothing else can be in a wrong one."""
    server = job.contract.server_for(job.table, job.settings.server_environment)
    textual = job.table.source.get("format") in ("csv", "jsonl")
    return server.encoding if textual else ""


def _postgresql(job: Job, server: Server) -> Seen:
    place = address(job, server)
    with exporter(job, server, place) as connection:
        return seen_postgresql(job, connection, place)


def _mysql(job: Job, server: Server) -> Seen:
    place = address(job, server)
    with opened(job, server, place) as cursor:
        return seen_mysql(job, cursor, place)


def _file(job: Job, server: Server) -> Seen:
    """A copy is looked at: beside a workbook its texts are put."""
    units = entry_of(job, server).get("units")
    path = file_of(job, server)
    if job.table.source["format"] != "xlsx":
        return with_units(seen_file(job, server, path), units)
    with TemporaryDirectory(dir=job.settings.layers.state) as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        as_text(copy, copy.with_suffix(".text.parquet"), [])
        return with_units(seen_file(job, server, copy), units)


def _rest(job: Job, server: Server) -> Seen:
    place = address(job, server)
    with client(job, place["location"]) as http:
        content = first_page(job, server, http, int(place.get("pageSize", 1_000)))
    return seen_page(job, content)


LOOKS: dict[str, Callable[[Job, Server], Seen]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "local": _file,
    "api": _rest,
}
