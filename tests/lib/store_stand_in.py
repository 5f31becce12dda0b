"""Stores with one fault each: a reverse proxy before the real server that bends one thing.

The server behind stays as it is; clients see the proxy under the same certificate.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

import urllib3
from minio.error import MinioAdminException

from lake_config.settings import Settings
from storage.administrator import Accounts, administrator, client, connections
from storage.check.wire import signed

HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass
class Call:
    """One request on its way, and how to send it on."""

    settings: Settings
    http: urllib3.PoolManager
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def onward(self) -> Reply:
        answer = self.http.request(
            self.method,
            self.settings.store + self.path,
            body=self.body or None,
            headers=self.headers,
            redirect=False,
            retries=False,
        )
        return Reply(answer.status, dict(answer.headers), answer.data)


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


Fault = Callable[[Call], Reply]
DONE = Reply(200, {}, b"")


def without(method: str, header: str) -> Fault:
    """Never heard of this header."""

    def bent(call: Call) -> Reply:
        if call.method == method:
            call.headers.pop(header, None)
        return call.onward()

    return bent


def forgets_conditions(call: Call) -> Reply:
    """Takes a policy with any condition, and keeps it without: for all and for ever."""
    parts = urlsplit(call.path).path.strip("/")
    if call.method != "PUT" or b'"Condition"' not in call.body:
        return call.onward()
    policy = json.loads(call.body)
    for statement in policy["Statement"]:
        statement.pop("Condition", None)
    login = administrator(call.settings)
    if "policy" in call.query:
        client(call.settings, login).set_bucket_policy(parts, json.dumps(policy))
        return Reply(204, {}, b"")
    if parts.endswith("add-canned-policy"):
        Accounts(call.settings, login).put_policy(call.query["name"][0], policy)
        return DONE
    return call.onward()


def forgets_locks(call: Call) -> Reply:
    """Says that an object is locked from now on, and does nothing."""
    if call.method == "PUT" and "retention" in call.query:
        return DONE
    return call.onward()


def lists_late(call: Call) -> Reply:
    """The newest name is not in the list yet."""
    reply = call.onward()
    if "list-type" in call.query:
        one = re.compile(
            rb"<Contents>(?:(?!<Contents>).)*</Contents>(?=(?:(?!<Contents>).)*$)"
        )
        return replace(reply, body=one.sub(b"", reply.body))
    return reply


def ignores_keys(call: Call) -> Reply:
    """Takes a customer's key (SSE-C), and puts and gives the object without it."""
    names = [name for name in call.headers if "-customer-" in name.lower()]
    return _as_administrator(call) if names else call.onward()


def lets_everybody_in(call: Call) -> Reply:
    """What it refuses, it does with the administrator's key."""
    reply = call.onward()
    if reply.status != 403 or call.method not in ("GET", "PUT"):
        return reply
    return _as_administrator(call)


def _as_administrator(call: Call) -> Reply:
    """The same request with no header of the caller's."""
    place = urlsplit(call.path)
    again = signed(
        call.settings.store,
        call.settings.store_region,
        administrator(call.settings),
        call.method,
        unquote(place.path),
        query={} if "X-Amz-Signature" in call.query else one_each(call.query),
        body=call.body,
    )
    answer = again.send(call.http)
    return Reply(answer.status, dict(answer.headers), answer.body)


def one_each(query: dict[str, list[str]]) -> dict[str, str]:
    return {name: values[0] for name, values in query.items()}


def loses_some() -> Fault:
    """Acknowledges every ninth object without keeping it."""
    count = iter(range(1, 1 << 30))

    def bent(call: Call) -> Reply:
        deep = urlsplit(call.path).path.count("/") > 2
        if call.method == "PUT" and deep and next(count) % 9 == 0:
            return Reply(200, {"ETag": '"0"'}, b"")
        return call.onward()

    return bent


@contextmanager
def stand_in(
    settings: Settings, fault: Fault, plain: bool = False
) -> Iterator[Settings]:
    """The same store with this fault, as settings that lead to it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(settings, fault))
    server.daemon_threads = True
    if not plain:
        folder = settings.layers.secrets / "store_tls"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "public.crt", folder / "private.key")
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    scheme = "http" if plain else "https"
    try:
        yield replace(settings, store=f"{scheme}://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(settings: Settings, fault: Fault) -> type[BaseHTTPRequestHandler]:
    http = connections(settings)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30
        # Head and body in two small packets would wait 40 ms for each other.
        disable_nagle_algorithm = True
        wbufsize = -1

        def log_message(self, *_: object) -> None:
            pass

        def _pass(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            headers = {name: value for name, value in self.headers.items()}
            headers.pop("Connection", None)
            call = Call(settings, http, self.command, self.path, headers, body)
            try:
                reply = fault(call)
            except (urllib3.exceptions.HTTPError, MinioAdminException, OSError):
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            empty = self.command == "HEAD" or reply.status == 204
            size = (
                reply.headers.get("Content-Length", "0")
                if self.command == "HEAD"
                else len(reply.body)
            )
            if reply.status != 204:
                self.send_header("Content-Length", str(size))
            self.end_headers()
            if not empty:
                self.wfile.write(reply.body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass

    return Handler
