"""What trickles, or lies still, is given up; what is merely slow is not."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from jobs.readers.patience import JITTER, fetched, jittered, watched
from jobs.step_limit import no_longer_than
from lake_config.errors import JobFailed


@contextmanager
def service(parts: int, pause: float) -> Iterator[httpx.Client]:
    """Answers in so many parts, with a pause after each."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802 (the library's name)
            self.send_response(429)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", str(parts))
            self.end_headers()
            try:
                for _ in range(parts):
                    self.wfile.write(b"x")
                    time.sleep(pause)
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        with httpx.Client(base_url=base, timeout=5, trust_env=False) as http:
            yield http
    finally:
        server.shutdown()
        server.server_close()


def test_an_answer_that_trickles_is_given_up() -> None:
    began = time.monotonic()
    with service(500, 0.1) as http, pytest.raises(httpx.HTTPError):
        fetched(http, "/", {}, 0.4)
    assert time.monotonic() - began < 25, "50 s until it ends"


def test_a_slow_answer_comes_whole() -> None:
    with service(5, 0.02) as http:
        answer = fetched(http, "/", {}, 5)
    assert (answer.status_code, answer.content) == (429, b"xxxxx")
    assert answer.headers["Retry-After"] == "7"


def test_waits_differ_and_are_never_shorter_than_asked_for() -> None:
    waits = [jittered(2) for _ in range(200)]
    assert min(waits) >= 2 and max(waits) <= 2 * (1 + JITTER)
    assert len(set(waits)) > 100


def test_a_step_that_waits_for_ever_is_ended_and_says_so() -> None:
    began = time.monotonic()
    with pytest.raises(JobFailed, match="已中止"), no_longer_than(0.2):
        threading.Event().wait(60)
    assert time.monotonic() - began < 30


def test_a_lock_nobody_gives_back_is_such_a_wait() -> None:
    reading, writing = os.pipe()
    try:
        with pytest.raises(JobFailed), no_longer_than(0.2):
            os.read(reading, 1)
    finally:
        os.close(reading)
        os.close(writing)


def test_a_step_that_ends_in_time_leaves_no_alarm() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with no_longer_than(5):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_thread_has_no_alarm() -> None:
    ended = []

    def step() -> None:
        with no_longer_than(0.01):
            time.sleep(0.05)
            ended.append(True)

    thread = threading.Thread(target=step)
    thread.start()
    thread.join()
    assert ended


def waited(looks: list[object]) -> float:
    """Seconds until a silent line is hung up, when it is looked at with these results."""
    given = iter(looks)

    def works() -> bool:
        found = next(given, False)
        if isinstance(found, Exception):
            raise found
        return bool(found)

    began = time.monotonic()
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    with ours, theirs, watched(ours.fileno(), works, 0.3):
        assert ours.recv(1) == b"", "hung up"
    return time.monotonic() - began


@pytest.mark.parametrize(
    "looks",
    [
        [False, False],
        [OSError("no way there"), False],
        [AssertionError("a garbled answer"), TypeError("none at all")],
        [True, False, False],
    ],
)
def test_a_line_behind_which_nobody_works_is_hung_up(looks: list[object]) -> None:
    assert waited(looks) >= 0.1 * len(looks)


def test_one_bad_look_is_not_enough() -> None:
    """Between the end of the work and its answer there may be a look."""
    assert waited([False, True, False, True, False, False]) >= 0.6


def test_a_line_that_is_not_waited_on_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with watched(ours.fileno(), lambda: False, 3):
            pass
        theirs.send(b"x")
        assert ours.recv(1) == b"x"
