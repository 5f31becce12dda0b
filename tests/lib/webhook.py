"""A real HTTP receiver on 127.0.0.1 that takes alerts, refuses them, or says nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANGS = 60  # seconds


class Webhook:
    """`mood` is how it answers: "takes", "500" or "hangs"; `got` what it took."""

    def __init__(self) -> None:
        self.mood = "takes"
        self.got: list[dict[str, str]] = []
        self.asked = 0
        self.awake = threading.Event()
        self.port = 0

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.port}/hook"

    def titles(self) -> list[str]:
        return [item["title"] for item in self.got]


@contextmanager
def webhook() -> Iterator[Webhook]:
    hook = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # noqa: N802 (the library's name)
            hook.asked += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if hook.mood == "hangs":
                hook.awake.wait(HANGS)
                return
            if hook.mood == "takes":
                hook.got.append(json.loads(body))
            self.send_response(200 if hook.mood == "takes" else 500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    hook.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield hook
    finally:
        hook.awake.set()
        server.shutdown()
        server.server_close()
