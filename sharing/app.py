"""A read-only Delta Sharing endpoint over published versions.

Each answer that hands out links is in the ledger, durably, before its first byte; when the
ledger cannot be written nothing is served. Unknown and forbidden look the same.
"""

from __future__ import annotations

import secrets
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse

from audit.ledger import open_ledger
from lake_config.errors import LakeError
from lake_config.settings import Settings
from privacy.policy import STATISTICS
from sharing import database
from sharing.answers import (
    HEADERS,
    NO_TOKEN,
    NOT_FOUND,
    Refused,
    broken,
    closed,
    refused,
)
from sharing.links import init_link_key, link, opened
from sharing.tables import (
    SHARE,
    SharedTable,
    files_of,
    metadata_line,
    ndjson,
    snapshot,
    tables_of,
)

PROTOCOL = {"protocol": {"minReaderVersion": 1}}
LARGEST_BODY = 64 * 1024
PER_SECOND = 20
TABLE = "/shares/{share}/schemas/{schema}/tables/{name}"
HISTORY = (
    "startingVersion",
    "endingVersion",
    "startingTimestamp",
    "endingTimestamp",
    "timestamp",
)


class SharingService:
    """The endpoints of one lake; refuses to start without its ledger and keys."""

    def __init__(self, settings: Settings) -> None:
        open_ledger(settings)
        init_link_key(settings)
        self.settings = settings
        self.engine = database.engine_of(settings)
        self.base = urlsplit(settings.sharing_url)
        self.recent: dict[str, deque[float]] = defaultdict(
            lambda: deque(maxlen=PER_SECOND)
        )

    def person_of(self, request: Request) -> database.Person:
        given = request.headers.getlist("authorization")
        kind, _, token = (given[0] if len(given) == 1 else "").partition(" ")
        person = (
            database.holder(self.engine, token) if kind == "Bearer" and token else None
        )
        if person is None:
            _refused(self.settings, request, "?", "?", "unauthenticated")
            raise NO_TOKEN
        times = self.recent[person.name]
        if len(times) == PER_SECOND and time.monotonic() - times[0] < 1:
            raise Refused(429, "RESOURCE_EXHAUSTED", "请求过于频繁，请稍后再试。")
        times.append(time.monotonic())
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
            _refused(self.settings, request, person.name, "?", "not_found")
            raise NOT_FOUND
        return person, table

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
        return Response(headers={"Delta-Table-Version": str(table.versions[-1])})

    def metadata(
        self, request: Request, share: str, schema: str, name: str
    ) -> Response:
        _, table = self.table_of(request, share, schema, name)
        newest = table.versions[-1]
        found = snapshot(self.settings.layers, table, newest)
        return _answer([PROTOCOL, metadata_line(found)], newest)

    async def query(
        self, request: Request, share: str, schema: str, name: str
    ) -> Response:
        person, table = self.table_of(request, share, schema, name)
        wanted = _wanted_version(table, await _body(request))
        found = snapshot(self.settings.layers, table, wanted)
        folder = self.settings.layers.shared_table(table.recipient, schema, name)
        files = files_of(found, folder)
        _recorded(self.settings, request, person, table, wanted, len(files))
        lines = [PROTOCOL, metadata_line(found)]
        lines += [
            _file(self.settings, self.base, path, size, person.name)
            for path, size in files
        ]
        return _answer(lines, wanted)

    def file(self, request: Request, token: str, name: str) -> Response:
        if request.query_params:
            raise Refused(403, "PERMISSION_DENIED", "链接无效或已过期。")
        found = opened(self.settings, token)
        if found is None or found[0].name != name or not found[0].is_file():
            raise Refused(403, "PERMISSION_DENIED", "链接无效或已过期。")
        return FileResponse(
            found[0], media_type="application/octet-stream", headers=HEADERS
        )


def _listed(table: SharedTable) -> dict[str, str]:
    return {"name": table.name, "schema": table.schema, "share": SHARE}


async def _body(request: Request) -> dict[str, Any]:
    content = await request.body()
    if len(content) > LARGEST_BODY:
        raise Refused(413, "INVALID_PARAMETER_VALUE", "请求内容过大。")
    try:
        found = await request.json() if content else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "INVALID_PARAMETER_VALUE", "请求内容不是 JSON 对象。")
    return found


def _wanted_version(table: SharedTable, body: dict[str, Any]) -> int:
    """The newest published version, or exactly that one by number; no history."""
    newest = table.versions[-1]
    if any(body.get(name) is not None for name in HISTORY):
        raise Refused(400, "INVALID_PARAMETER_VALUE", "不提供历史版本和变更数据。")
    if body.get("version") not in (None, newest):
        raise Refused(400, "INVALID_PARAMETER_VALUE", "只提供最新发布的版本。")
    return newest


def _file(
    settings: Settings, base: Any, path: Path, size: int, person: str
) -> dict[str, Any]:
    """A `file` action: no statistics, they are values too."""
    token = link(settings, path, person)
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
        "request": f"{STATISTICS}:{secrets.token_hex(8)}",
        "source": request.client.host if request.client else "?",
    }
    open_ledger(settings).append("read", person.name, table.key, body)


def _refused(
    settings: Settings, request: Request, person: str, table: str, reason: str
) -> None:
    body = {
        "person": person,
        "table": table,
        "reason": reason,
        "request": secrets.token_hex(8),
        "source": request.client.host if request.client else "?",
    }
    open_ledger(settings).append("read_refused", person, table, body)


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
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    prefix = service.base.path.rstrip("/")
    for method, path, name in ROUTES:
        app.add_api_route(prefix + path, getattr(service, name), methods=[method])
    app.add_api_route("/health", service.health, methods=["GET"])
    files = "/files/{token}/{name}"
    app.add_api_route(files, service.file, methods=["GET", "HEAD"])
    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(LakeError, closed)
    app.add_exception_handler(Exception, broken)
    return app
