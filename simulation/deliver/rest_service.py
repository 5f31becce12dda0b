"""A department's own paged REST service, as a small server process.

POST /token with user and secret gives a token that expires; GET /v1/<table>?cursor=&limit=
gives {total, rows, next_cursor}. `control.json` beside the rows makes it throttle, expire
tokens, fail, or repeat and skip pages: {"throttle": 3, "expire": 1, "fail": 2, "skip": 1}
are numbers of requests that still misbehave.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
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
        path = self.folder / "control.json"
        control = json.loads(path.read_text("utf-8")) if path.exists() else {}
        left = int(control.get(kind, 0))
        if left:
            path.write_text(json.dumps({**control, kind: left - 1}), encoding="utf-8")
        return left > 0

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
        return {"total": len(lines), "rows": rows, "next_cursor": following}


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
            if service.misbehave("throttle"):
                self._send(429, {"error": "slow down"}, {"Retry-After": "1"})
            elif service.misbehave("fail"):
                self._send(500, {"error": "failed"})
            elif service.tokens.get(token, 0) < time.monotonic():
                self._send(401, {"error": "token"})
            else:
                self._page()

        def _page(self) -> None:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            table = parts.path.rsplit("/", 1)[-1]
            if not (service.folder / f"{table}.jsonl").is_file():
                self._send(404, {"error": "unknown"})
                return
            cursor, limit = int(query["cursor"][0]), int(query["limit"][0])
            self._send(200, service.page(table, cursor, min(limit, 5_000)))

        def _send(
            self, code: int, body: dict[str, Any], headers: dict[str, str] | None = None
        ) -> None:
            content = json.dumps(body, ensure_ascii=False).encode()
            self.send_response(code)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Silent: addresses of requests would be the only thing to log."""

    return Handler


def main(folder: str, port: str) -> None:
    service = Service(Path(folder))
    ThreadingHTTPServer(("127.0.0.1", int(port)), handler_of(service)).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
