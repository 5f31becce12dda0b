"""A TCP proxy before a source that does to a connection what bad networks do.

`struck` says how connections are hurt, from the byte of the source's answers (or of our
questions) on at which a fault strikes, the first connection only or all of them.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

CHUNK = 1 << 14
PIECE = 13
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER by which closing is a reset."""


@dataclass(frozen=True)
class Fault:
    """`kind` is one of KINDS; `connection` counts from 0, None is every one."""

    kind: str
    after: int = 0
    connection: int | None = None

    def meets(self, number: int) -> bool:
        return self.connection in (None, number)


class Struck(Exception):
    """The connection ends here."""


class FaultProxy:
    """Hands bytes on between `port`, which it chose, and the source's own.

    `told` is how many bytes the source has answered on each connection.
    """

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.port = 0
        self._fault = Fault("none")
        self._number = 0
        self.told: dict[int, int] = {}

    def strike(self, fault: Fault) -> None:
        """From the next connection on, counted anew."""
        self._fault, self._number, self.told = fault, 0, {}

    async def serve(self, started: threading.Event) -> None:
        server = await asyncio.start_server(self._met, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        async with server:
            await server.serve_forever()

    async def _met(
        self, client: asyncio.StreamReader, answers: asyncio.StreamWriter
    ) -> None:
        number, fault = self._number, self._fault
        self._number += 1
        kind = fault.kind if fault.meets(number) else "none"
        if kind == "refused":
            _end(answers, reset=True)
            return
        source, questions = await asyncio.open_connection("127.0.0.1", self.upstream)
        asked = "cut" if kind == "question" else "none"
        told = "none" if kind == "question" else kind
        ways = [
            self._handed_on(-1, client, questions, asked, fault.after),
            self._handed_on(number, source, answers, told, fault.after),
        ]
        running = [asyncio.ensure_future(way) for way in ways]
        await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        for task in running:
            task.cancel()
        for writer in (answers, questions):
            _end(writer, reset=kind == "reset")

    async def _handed_on(
        self,
        number: int,
        source: asyncio.StreamReader,
        to: asyncio.StreamWriter,
        kind: str,
        after: int,
    ) -> None:
        """Until one side ends, or the fault ends it."""
        passed = 0
        with suppress(OSError, Struck):
            while content := await source.read(CHUNK):
                before = content[: max(0, after - passed)]
                passed += len(content)
                self.told[number] = passed
                to.write(before)
                await to.drain()
                if rest := content[len(before) :]:
                    await KINDS[kind](to, rest, passed - len(rest) == after)
                    await to.drain()


async def _passed(to: asyncio.StreamWriter, rest: bytes, first: bool) -> None:
    to.write(rest)


async def _ended(to: asyncio.StreamWriter, rest: bytes, first: bool) -> None:
    raise Struck


async def _late(to: asyncio.StreamWriter, rest: bytes, first: bool) -> None:
    await asyncio.sleep(0.1)
    to.write(rest)


async def _trickled(to: asyncio.StreamWriter, rest: bytes, first: bool) -> None:
    """Byte by byte for a while, then in small pieces."""
    size = 1 if first else 1_000
    for start in range(0, len(rest), size):
        to.write(rest[start : start + size])
        await to.drain()
        await asyncio.sleep(0 if start > 50 * size else 0.001)


async def _lost(to: asyncio.StreamWriter, rest: bytes, first: bool) -> None:
    to.write(rest[PIECE:] if first else rest)


async def _doubled(to: asyncio.StreamWriter, rest: bytes, first: bool) -> None:
    to.write(rest[:PIECE] + rest if first else rest)


async def _silent(to: asyncio.StreamWriter, rest: bytes, first: bool) -> None:
    """Nothing comes any more, and nobody hangs up."""
    await asyncio.sleep(3_600)


KINDS = {
    "none": _passed,
    "cut": _ended,
    "reset": _ended,
    "question": _ended,
    "refused": _ended,
    "late": _late,
    "trickle": _trickled,
    "loss": _lost,
    "twice": _doubled,
    "half_open": _silent,
}
TOXICS = tuple(kind for kind in KINDS if kind != "none")


def _end(writer: asyncio.StreamWriter, reset: bool) -> None:
    line = writer.get_extra_info("socket")
    if reset and line is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    writer.close()


@contextmanager
def fault_proxy(upstream: int) -> Iterator[FaultProxy]:
    """Runs in a thread beside the test."""
    proxy, started = FaultProxy(upstream), threading.Event()
    loop = asyncio.new_event_loop()
    serving = loop.create_task(proxy.serve(started))
    thread = threading.Thread(target=_run, args=(loop, serving), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(serving.cancel)
        thread.join(10)


def _run(loop: asyncio.AbstractEventLoop, serving: asyncio.Task[None]) -> None:
    with suppress(asyncio.CancelledError):
        loop.run_until_complete(serving)
    for task in asyncio.all_tasks(loop):
        task.cancel()
