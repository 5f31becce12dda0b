"""A department's own paged REST service, as a small server process.

POST /token with user and secret gives a token that expires; GET /v1/<table>?cursor=&limit=
gives {total, rows, next_cursor}. `control.json` beside the rows makes it misbehave:
{"after": 2, "fail": 3} is three failures after two good pages. It can throttle, fail,
forbid, expire tokens, skip, repeat and empty pages (stall), let the total drift, garble
bytes, halve characters, give a key twice (double), apologise in HTML, and die in the
middle of an answer.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lake_config.contract import Contract, Server, Table
from lake_config.settings import Settings
from simulation.city import rows_of
from simulation.deliver.logins import reader_password

TOKEN_SECONDS = 300
DATED = re.compile(r"/([0-9]{4}-[0-9]{2}-[0-9]{2})/")
"""An address below a delivery date serves the rows of that date."""

DOUBLED = b'"rows": [{"key": 1, "key": 2, '
REFUSALS = {"throttle": 429, "fail": 500, "forbid": 403}
SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "garble": lambda content: content.replace(b'": "', b'": "\xff'),
    "halve": lambda content: _halved(*content.rpartition(b'"next_cursor"')),
    "double": lambda content: content.replace(b'"rows": [{', DOUBLED, 1),
    "apologise": lambda content: "<html>系统维护中</html>".encode(),
}


def _halved(rows: bytes, *rest: bytes) -> bytes:
    """Every text of a row begins with half a character."""
    return b"".join([rows.replace(b'": "', b'": "\\ud83d'), *rest])


def service_folder(settings: Settings, department: str) -> Path:
    """Where the service reads its rows, its one account and its control file."""
    return settings.layers.sources / department / "service"


def deliver(
    settings: Settings,
    contract: Contract,
    server: Server,
    tables: list[Table],
    day: date,
) -> None:
    """Put the rows of `day` where the running service serves them from."""
    folder = service_folder(settings, contract.department)
    folder.mkdir(parents=True, exist_ok=True)
    account = {"user": server.user, "secret": reader_password(settings, server)}
    (folder / "account.json").write_text(json.dumps(account), encoding="utf-8")
    if server.keeps_past:
        folder = folder / day.isoformat()
        folder.mkdir(exist_ok=True)
    for table in tables:
        path = folder / f"{table.source['path'].rsplit('/', 1)[-1]}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for rows in rows_of(settings.layers, contract.department, table.name, day):
                for row in rows.iter_rows(named=True):
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")


class Service:
    """State of one running service: accounts, tokens, misbehaviour left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tokens: dict[str, float] = {}

    def misbehave(self, kind: str) -> bool:
        """True while control.json still asks for this misbehaviour; counts it down."""
        return not self._control().get("after") and self.count_down(kind)

    def count_down(self, kind: str) -> bool:
        control = self._control()
        left = int(control.get(kind, 0))
        if left:
            text = json.dumps({**control, kind: left - 1})
            (self.folder / "control.json").write_text(text, encoding="utf-8")
        return left > 0

    def _control(self) -> dict[str, int]:
        path = self.folder / "control.json"
        return json.loads(path.read_text("utf-8")) if path.exists() else {}

    def login(self, given: dict[str, Any]) -> dict[str, Any] | None:
        account = json.loads((self.folder / "account.json").read_text("utf-8"))
        if given != account:
            return None
        token = secrets.token_urlsafe(24)
        self.tokens[token] = time.monotonic() + TOKEN_SECONDS
        return {"token": token, "expires_in": TOKEN_SECONDS}

    def page(self, table: str, cursor: int, limit: int) -> dict[str, Any]:
        path = self.folder / f"{table}.jsonl"
        lines = path.read_text("utf-8").splitlines()
        if self.misbehave("skip"):
            cursor += limit
        rows = [json.loads(line) for line in lines[cursor : cursor + limit]]
        after = cursor + len(rows)
        following = str(after) if after < len(lines) else None
        if self.misbehave("repeat"):
            following = str(cursor)
        if self.misbehave("stall"):
            rows, following = [], str(cursor + 1)
        total = len(lines) + self.misbehave("drift")
        return {"total": total, "rows": rows, "next_cursor": following}


def handler_of(service: Service) -> type[BaseHTTPRequestHandler]:  # noqa: C901 (a class)
    """A request handler bound to one service."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 - the library's name
            length = int(self.headers.get("Content-Length", 0))
            answer = service.login(json.loads(self.rfile.read(length)))
            self._send(401 if answer is None else 200, answer or {"error": "login"})

        def do_GET(self) -> None:  # noqa: N802 - the library's name
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            if service.misbehave("expire"):
                service.tokens.clear()
            refusal = next(filter(service.misbehave, REFUSALS), None)
            if refusal:
                self._send(REFUSALS[refusal], {"error": refusal})
            elif service.tokens.get(token, 0) < time.monotonic():
                self._send(401, {"error": "token"})
            else:
                self._page()

        def _page(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            table = parts.path.rsplit("/", 1)[-1]
            if dated := DATED.match(parts.path):
                table = f"{dated[1]}/{table}"
            if not (service.folder / f"{table}.jsonl").is_file():
                self._send(404, {"error": "unknown"})
                return
            cursor, limit = int(query["cursor"][0]), int(query["limit"][0])
            self._send(200, service.page(table, cursor, min(limit, 5_000)))
            service.count_down("after")

        def _send(self, code: int, body: dict[str, Any]) -> None:
            content = json.dumps(body, ensure_ascii=False).encode()
            if code == 200:
                for kind in filter(service.misbehave, SPOILED):
                    content = SPOILED[kind](content)
            self.send_response(code)
            self.send_header("Retry-After", "1")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if code == 200 and service.misbehave("die"):
                self.wfile.write(content[: len(content) // 2])
                os._exit(1)
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Silent: addresses of requests would be the only thing to log."""

    return Handler


def main(folder: str, port: str) -> None:
    service = Service(Path(folder))
    ThreadingHTTPServer(("127.0.0.1", int(port)), handler_of(service)).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
