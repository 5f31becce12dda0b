"""What the store says that it served: one line per request, kept apart from the store.

`LAKE_HOME/store_log/<day>.jsonl`, each line `time, account, operation, bucket, key,
status, source`. A city's log shipper writes such lines; for a server of our own this
module takes its audit webhook. Of what that sends, these seven facts are kept: it also
tells request headers, and with them the keys of raw (SSE-C).
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from lake_config.settings import Settings, load, write_private
from ops.processes import Service, free_port, listening, start, wait_until

TOKEN, LARGEST = "store_log_token", 1 << 20
START_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as the store's log tells it; `time` is UTC in ISO form."""

    time: str
    account: str
    operation: str
    bucket: str
    key: str
    status: int
    source: str

    @classmethod
    def told(cls, entry: dict[str, Any]) -> Self:
        """From an audit entry; KeyError or TypeError where it is none."""
        api = entry["api"]
        return cls(
            str(entry["time"]),
            str(entry.get("accessKey", "")),
            str(api["name"]),
            str(api.get("bucket", "")),
            str(api.get("object", "")),
            int(api.get("statusCode", 0)),
            str(entry.get("remotehost", "")),
        )

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.time)


def keep(folder: Path, request: Request) -> None:
    """One whole line, in the file of its day."""
    line = json.dumps(asdict(request), ensure_ascii=False).encode() + b"\n"
    path = folder / f"{request.moment:%Y-%m-%d}.jsonl"
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
    finally:
        os.close(handle)


def requests(folder: Path, since: datetime) -> Iterator[Request]:
    """What was served since then; lines that cannot be read count as none."""
    first = f"{since - timedelta(days=1):%Y-%m-%d}"
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem < first:
            continue
        with path.open("rb") as file:
            for line in file:
                with suppress(ValueError, TypeError):
                    found = Request(**json.loads(line))
                    if found.moment >= since:
                        yield found


def start_receiver(settings: Settings) -> tuple[Service, dict[str, str]]:
    """A receiver on loopback, and what makes a server of our own send to it.

    Without a queue on disk: it would hold the keys that the entries tell. What is lost
    while nobody receives shows as a gap.
    """
    path = settings.layers.secrets / TOKEN
    if not path.exists():
        write_private(path, secrets.token_urlsafe(30))
    port = free_port()
    command = [sys.executable, "-m", "ops.store_log", str(port)]
    log = settings.layers.logs / "store-log.log"
    service = start("store-log", command, log, settings.environment)
    wait_until(service, lambda: listening(port), START_SECONDS)
    told = {
        "ENABLE": "on",
        "ENDPOINT": f"http://127.0.0.1:{port}/",
        "AUTH_TOKEN": f"Bearer {settings.secret(TOKEN)}",
    }
    return service, {f"MINIO_AUDIT_WEBHOOK_{key}_LAKE": it for key, it in told.items()}


def serve(settings: Settings, port: int) -> None:
    """Take entries until ended; an entry is kept before it is acknowledged."""
    folder = settings.layers.store_log
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    token = f"Bearer {settings.secret(TOKEN)}"

    class Handler(BaseHTTPRequestHandler):
        protocol_version, timeout = "HTTP/1.1", 30

        def log_message(self, *_: object) -> None:
            """Entries are kept, not told."""

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, LARGEST))
            known = hmac.compare_digest(self.headers.get("Authorization", ""), token)
            self.send_response(_taken(folder, body) if known else 403)
            self.send_header("Content-Length", "0")
            self.end_headers()

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


def _taken(folder: Path, body: bytes) -> int:
    """HTTP status; an empty body only asks whether somebody is there."""
    if not body.strip():
        return 200
    try:
        keep(folder, Request.told(json.loads(body)))
    except (ValueError, KeyError, TypeError):
        return 400
    except OSError:
        return 503
    return 200


if __name__ == "__main__":
    serve(load(unchecked_store=True), int(sys.argv[1]))
