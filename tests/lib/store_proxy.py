"""Stands before a store: loses answers to commits whose deed was done, or holds commits up.

Speaks plain HTTP to the client, TLS to the store; requests pass unchanged, so that their
signatures hold. A process of its own: delta-rs keeps Python's lock while it waits.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from lake_config.settings import ROOT

HOP = {"connection", "transfer-encoding", "keep-alive", "content-length"}
COMMIT = "/_delta_log/0"


@contextmanager
def losing_answers(
    store: str, authority: str, losing: Path, held_up: float = 0
) -> Iterator[str]:
    """The address of a proxy before the store.

    While the file `losing` is there, answers to commits are lost; each adds a line to it.
    Every commit is held up for so many seconds before the store gets it.
    """
    command = [sys.executable, "-m", "tests.lib.store_proxy", store, authority]
    proxy = subprocess.Popen(
        [*command, str(losing), str(held_up)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert proxy.stdout is not None
    try:
        yield proxy.stdout.readline().strip()
    finally:
        proxy.kill()
        proxy.wait()


class Passing(BaseHTTPRequestHandler):
    """Hands requests on; `serve` says where to."""

    protocol_version = "HTTP/1.1"
    store: str
    trusted: ssl.SSLContext
    losing: Path
    held_up: float

    def do(self) -> None:
        if self.command == "PUT" and COMMIT in self.path:
            time.sleep(self.held_up)
        status, headers, content = self._asked()
        if status < 300 and self._lost():
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", headers.get("content-length", "0"))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do

    def _asked(self) -> tuple[int, dict[str, str], bytes]:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length) if length else None
        upstream = http.client.HTTPSConnection(self.store, context=self.trusted)
        how = {"skip_host": True, "skip_accept_encoding": True}
        upstream.putrequest(self.command, self.path, **how)
        for name, value in self.headers.items():
            upstream.putheader(name, value)
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, {"content-length": str(len(content)), **headers}, content

    def _lost(self) -> bool:
        hit = self.command == "PUT" and COMMIT in self.path and self.losing.exists()
        if hit:
            with self.losing.open("a") as file:
                file.write(f"{self.path}\n")
        return hit

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            self.close_connection = True


def serve(store: str, authority: str, losing: Path, held_up: float) -> None:
    Passing.store = urlsplit(store).netloc
    Passing.trusted = ssl.create_default_context(cafile=authority)
    Passing.losing, Passing.held_up = losing, held_up
    server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
    server.daemon_threads = True
    sys.stdout.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2], Path(sys.argv[3]), float(sys.argv[4]))
