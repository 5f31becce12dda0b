"""Waiting for a source has an end, however steadily it trickles or how still it lies."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx
import psycopg

ANSWER_SECONDS = 300.0
JITTER = 0.5


def fetched(
    http: httpx.Client,
    path: str,
    query: dict[str, str],
    seconds: float = ANSWER_SECONDS,
) -> httpx.Response:
    """A whole answer within so many seconds; the client's own limit is for each read."""
    until = time.monotonic() + seconds
    parts = []
    with http.stream("GET", path, params=query) as answer:
        for part in answer.iter_bytes():
            parts.append(part)
            if time.monotonic() > until:
                raise httpx.ReadTimeout("the answer trickles", request=answer.request)
    kept = {
        name: answer.headers[name]
        for name in ("Retry-After",)
        if name in answer.headers
    }
    return httpx.Response(answer.status_code, headers=kept, content=b"".join(parts))


def jittered(seconds: float) -> float:
    """Up to half as long again, so that all who wait do not come back at once."""
    return seconds * (1 + JITTER * random.random())  # noqa: S311 (no secret)


@contextmanager
def hung_up_after(connection: psycopg.Connection, seconds: float) -> Iterator[None]:
    """A server that is frozen answers no statement and heeds no limit of its own."""
    timer = threading.Timer(seconds, hang_up, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def hang_up(connection: psycopg.Connection) -> None:
    """Whoever waits on this connection is told that it is broken."""
    with suppress(OSError, psycopg.Error):
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
