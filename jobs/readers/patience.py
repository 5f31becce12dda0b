"""Waiting for a source has an end, however steadily it trickles or how still it lies."""

from __future__ import annotations

import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import httpx
import psycopg

ANSWER_SECONDS = 300.0
JITTER = 0.5
LOOKS = 3
"""So often it is looked, within the patience, whether a source still works for us."""
CANCELS, CANCEL_SECONDS = 3, 5
Answer = TypeVar("Answer")


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
def hung_up_after(line: int, seconds: float) -> Iterator[None]:
    """A server that is frozen answers no statement and heeds no limit of its own.

    `line` is the connection's file descriptor.
    """
    timer = threading.Timer(seconds, hang_up, (line,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def watched(line: int, works: Callable[[], bool], seconds: float) -> Iterator[None]:
    """While a source works at a long answer its silence is no sign of anything.

    Whether it still does is asked on another connection. Hung up when twice in a row it
    does not: the line between has died, or the answer was lost on it.
    """
    ended = threading.Event()
    looking = (line, works, seconds / LOOKS, ended)
    threading.Thread(target=_watch, args=looking, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _watch(
    line: int, works: Callable[[], bool], pause: float, ended: threading.Event
) -> None:
    idle = 0
    while idle < 2 and not ended.wait(pause):
        idle = 0 if _holds(works) else idle + 1
    if not ended.is_set():
        hang_up(line)


def _holds(works: Callable[[], bool]) -> bool:
    """Whatever a look ends in: a watcher that dies of it would leave the wait without an
    end, and drivers assert what a garbled answer looks like."""
    try:
        return works()
    except Exception:
        return False


def hang_up(line: int) -> None:
    """Whoever waits on this connection is told that it is broken."""
    with suppress(OSError):
        with socket.socket(fileno=os.dup(line)) as own:
            own.shutdown(socket.SHUT_RDWR)


@contextmanager
def asked(
    connection: psycopg.Connection, ask: Callable[[], Answer]
) -> Iterator[Callable[[], Answer]]:
    """The source counts while its rows are read; it stops when they cannot be."""
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask)
        try:
            yield answer.result
        finally:
            _stopped(connection, answer)


def _stopped(connection: psycopg.Connection, answer: Future[Any]) -> None:
    """Without a word of its own: what went wrong before is what is told.

    A cancel can come before its statement does, and nobody hears it in a frozen server.
    """
    for _ in range(CANCELS):
        if wait([answer], timeout=0).done:
            return
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=CANCEL_SECONDS)
        wait([answer], timeout=1)
    if not answer.done():
        hang_up(connection.fileno())
