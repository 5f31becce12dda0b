"""A read-only Delta Sharing endpoint over published versions.

Each answer that hands out links is in the ledger, durably, before its first byte; when the
ledger cannot be written nothing is served. Unknown and forbidden look the same.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request, Response

from audit.events import Json
from audit.ledger import open_ledger
from audit.receipts import still_granted, withdrawn_grants
from lake_config.calendar import city_today
from lake_config.duties import Duty
from lake_config.errors import LakeError, TableDamaged
from lake_config.settings import Settings
from sharing import database
from sharing.answers import (
    HEADERS,
    NO_LINK,
    NO_TOKEN,
    NOT_FOUND,
    TOO_OFTEN,
    Refused,
    broken,
    closed,
    refused,
)
from sharing.file_answer import file_answer
from sharing.links import init_link_key, link, opened
from sharing.published_files import PublishedFiles, Version
from sharing.queries import Content, wanted_version
from sharing.refusals import NOBODY, Refusals
from sharing.tables import (
    SHARE,
    SharedTable,
    metadata_line,
    ndjson,
    tables_of,
)
from sharing.throttle import Throttle
from storage.store import store_of

PROTOCOL = {"protocol": {"minReaderVersion": 1}}
TABLE = "/shares/{share}/schemas/{schema}/tables/{name}"


class SharingService:
    """The endpoints of one lake; refuses to start without its ledger and keys.

    All of them are plain functions: files and the ledger are read off the event loop.
    """

    def __init__(self, settings: Settings) -> None:
        open_ledger(settings)
        init_link_key(settings)
        self.settings = settings
        self.store = store_of(settings, Duty.SHARING)
        self.published = PublishedFiles(self.store, settings.layers)
        self.engine = database.engine_of(settings)
        self.base = urlsplit(settings.sharing_url)
        self.refusals = Refusals(settings)
        self.by_address, self.by_person = Throttle(), Throttle()

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """From start to stop: repeated refusals are written every minute, and at last."""
        writing = asyncio.create_task(self.refusals.write_every_minute())
        yield
        writing.cancel()
        self.refusals.write_counts()

    async def throttled(self, request: Request) -> None:
        """Before anything else is looked at, so that guessing costs us next to nothing."""
        if not self.by_address.allows(_source(request)):
            raise TOO_OFTEN

    def person_of(self, request: Request) -> database.Person:
        given = request.headers.getlist("authorization")
        kind, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        digest = database.token_digest(token)
        person = database.holder(self.engine, digest) if kind == "Bearer" else None
        if person is None:
            self.refusals.note(NOBODY, "unauthenticated", _source(request))
            raise NO_TOKEN
        if not self.by_person.allows(person.name):
            raise TOO_OFTEN
        return person

    def tables(
        self,
        request: Request,
    ) -> tuple[database.Person, dict[tuple[str, str], SharedTable]]:
        person = self.person_of(request)
        return person, tables_of(open_ledger(self.settings), person.recipient)

    def table_of(
        self, request: Request, share: str, schema: str, name: str
    ) -> tuple[database.Person, SharedTable]:
        person, found = self.tables(request)
        table = found.get((schema, name)) if share == SHARE else None
        if table is None:
            self.refusals.note(person.name, "not_found", _source(request))
            raise NOT_FOUND
        return person, table

    def whole(
        self, request: Request, person: database.Person, table: SharedTable
    ) -> Version:
        """The version that was published, or a refusal that is on record."""
        try:
            return self.published.of(table)
        except TableDamaged as error:
            self.refusals.note(person.name, "table_damaged", _source(request))
            logging.getLogger("sharing").error("%s", error)
            raise

    def health(self) -> dict[str, str]:
        return {"status": "ok"}

    def shares(self, request: Request) -> dict[str, Any]:
        _, found = self.tables(request)
        return {"items": [{"name": SHARE, "id": SHARE}] if found else []}

    def share(self, request: Request, share: str) -> dict[str, Any]:
        _, found = self.tables(request)
        if share != SHARE or not found:
            raise NOT_FOUND
        return {"share": {"name": SHARE, "id": SHARE}}

    def schemas(self, request: Request, share: str) -> dict[str, Any]:
        _, found = self.tables(request)
        if share != SHARE:
            raise NOT_FOUND
        names = sorted({schema for schema, _ in found})
        return {"items": [{"name": name, "share": SHARE} for name in names]}

    def all_tables(self, request: Request, share: str) -> dict[str, Any]:
        _, found = self.tables(request)
        if share != SHARE:
            raise NOT_FOUND
        return {"items": [_listed(table) for table in found.values()]}

    def schema_tables(
        self, request: Request, share: str, schema: str
    ) -> dict[str, Any]:
        _, found = self.tables(request)
        mine = [table for table in found.values() if table.schema == schema]
        if share != SHARE or not mine:
            raise NOT_FOUND
        return {"items": [_listed(table) for table in mine]}

    def version(self, request: Request, share: str, schema: str, name: str) -> Response:
        _, table = self.table_of(request, share, schema, name)
        if request.query_params:
            raise Refused(400, "INVALID_PARAMETER_VALUE", "不提供历史版本。")
        return Response(headers={"Delta-Table-Version": str(table.version)})

    def metadata(
        self, request: Request, share: str, schema: str, name: str
    ) -> Response:
        person, table = self.table_of(request, share, schema, name)
        found = self.whole(request, person, table)
        return _answer([PROTOCOL, metadata_line(found.table)], table.version)

    def query(
        self, request: Request, share: str, schema: str, name: str, content: Content
    ) -> Response:
        person, table = self.table_of(request, share, schema, name)
        wanted = wanted_version(table, content)
        found = self.whole(request, person, table)
        files = found.files
        _recorded(self.settings, request, person, table, wanted, len(files))
        lines = [PROTOCOL, metadata_line(found.table)]
        lines += [
            _file(
                self.settings, self.base, path, size, person.token_digest, table.terms
            )
            for path, size in files
        ]
        return _answer(lines, wanted)

    def file(self, request: Request, token: str, name: str) -> Response:
        found = None if request.query_params else opened(self.settings, token)
        if found is None or database.holder(self.engine, found.token_digest) is None:
            raise NO_LINK
        withdrawn = withdrawn_grants(open_ledger(self.settings))
        if not still_granted(found.terms, withdrawn, city_today()):
            raise NO_LINK
        if found.file.name != name or not self.store.holds(found.file):
            raise NO_LINK
        return file_answer(self.store, found.file, request)


def _listed(table: SharedTable) -> dict[str, str]:
    return {"name": table.name, "schema": table.schema, "share": SHARE}


def _source(request: Request) -> str:
    return request.client.host if request.client else "?"


def _file(
    settings: Settings,
    base: Any,
    path: Path,
    size: int,
    token_digest: str,
    terms: Json,
) -> dict[str, Any]:
    """A `file` action: no statistics, they are values too."""
    token = link(settings, path, token_digest, terms)
    return {
        "file": {
            "url": f"{base.scheme}://{base.netloc}/files/{token}/{path.name}",
            "id": path.stem,
            "partitionValues": {},
            "size": size,
        }
    }


def _answer(lines: list[dict[str, Any]], version: int) -> Response:
    headers = {**HEADERS, "Delta-Table-Version": str(version)}
    return Response(ndjson(lines), media_type="application/x-ndjson", headers=headers)


def _recorded(
    settings: Settings,
    request: Request,
    person: database.Person,
    table: SharedTable,
    version: int,
    files: int,
) -> None:
    """The read is in the ledger before anything leaves."""
    body = {
        "person": person.name,
        "recipient": person.recipient,
        "table": table.key,
        "version": version,
        "files": files,
        "request": f"{table.purpose}:{secrets.token_hex(8)}",
        "source": _source(request),
    }
    open_ledger(settings).append("read", person.name, table.key, body)


ROUTES = (
    ("GET", "/shares", "shares"),
    ("GET", "/shares/{share}", "share"),
    ("GET", "/shares/{share}/schemas", "schemas"),
    ("GET", "/shares/{share}/all-tables", "all_tables"),
    ("GET", "/shares/{share}/schemas/{schema}/tables", "schema_tables"),
    ("GET", TABLE + "/version", "version"),
    ("GET", TABLE + "/metadata", "metadata"),
    ("POST", TABLE + "/query", "query"),
)


def create_app(settings: Settings) -> FastAPI:
    """The service of one lake as a web application."""
    service = SharingService(settings)
    app = FastAPI(
        docs_url=None, redoc_url=None, openapi_url=None, lifespan=service.running
    )
    prefix = service.base.path.rstrip("/")
    first = [Depends(service.throttled)]
    for method, path, name in ROUTES:
        answer = getattr(service, name)
        app.add_api_route(prefix + path, answer, methods=[method], dependencies=first)
    app.add_api_route("/health", service.health, methods=["GET"])
    files = "/files/{token}/{name}"
    app.add_api_route(files, service.file, methods=["GET", "HEAD"])
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(LakeError, closed)
    app.add_exception_handler(Exception, broken)
    return app
