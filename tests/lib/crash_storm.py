"""Kill −9, at moments drawn by chance, of the process group that runs a step.

After each kill the step is begun again, as the scheduler does it; some of those are killed
too. Now and then it is the Spark server that dies, and the step has to say so in words
after which it is tried again.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from statistics import median

from lake_config.errors import SKIPPED
from lake_config.settings import Settings
from ops.exit_codes import error_of
from ops.processes import Service, stop
from ops.spark_service import forget_spark, start_sparks
from tests.lib.delivered_day import STEPS, Delivery

KILLED = -signal.SIGKILL
TRIES = 4
"""Of the scheduler: one, and three retries."""
OF_THE_VERY_COMMAND, OF_THE_SERVER = 20, 50
"""Each so many kills one hits `python -m jobs`, and the Spark server."""
UNTIL_THE_RETRY = (0.0, 0.0, 0.0, 0.7)
"""Seconds in which Spark may end what the dead one had asked of it."""


@dataclass
class Server:
    """The resident Spark server, which may die."""

    settings: Settings
    services: list[Service] = field(default_factory=list)

    def start(self) -> None:
        self.services = start_sparks(self.settings, brief=True)

    def die(self) -> None:
        for service in self.services:
            os.killpg(service.process.pid, signal.SIGKILL)
            service.process.wait()

    def stop(self) -> None:
        for service in self.services:
            stop(service)
        forget_spark(self.settings)


@contextmanager
def mortal_spark(settings: Settings) -> Iterator[Server]:
    server = Server(settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@dataclass
class Storm:
    """What was killed, and what it took to get over it."""

    server: Server
    chance: random.Random
    seconds: dict[str, float] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    too_late: int = 0
    died_at: list[float] = field(default_factory=list)

    def measure(self, deliveries: list[Delivery]) -> None:
        """How long each step takes when nobody kills it."""
        taken: dict[str, list[float]] = {step: [] for step in STEPS}
        for delivery in deliveries:
            for step in STEPS:
                began = time.monotonic()
                finish(delivery, step)
                taken[step].append(time.monotonic() - began)
        self.seconds = {step: round(median(taken[step]), 2) for step in STEPS}

    def hit(self, delivery: Delivery, step: str) -> bool:
        """One kill; False when the step had ended before, which does not count."""
        number = self.kills.total() + 1
        moment = self.chance.uniform(0, self.seconds[step])
        if number % OF_THE_SERVER == 0:
            return self._server_hit(delivery, step, moment)
        if number % OF_THE_VERY_COMMAND == 0:
            return self._command_hit(delivery, step)
        return self._count(step, _killed(delivery.started(step), moment))

    def _command_hit(self, delivery: Delivery, step: str) -> bool:
        """Its loading is most of its life: the moment is drawn over a longer one."""
        child = delivery.started_anew(step)
        time.sleep(self.chance.uniform(0, 3 + self.seconds[step]))
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        return self._count(f"{step}, python -m jobs", child.wait() == KILLED)

    def _server_hit(self, delivery: Delivery, step: str, moment: float) -> bool:
        child = delivery.started(step)
        child.join(moment)
        met = child.exitcode is None
        self.server.die()
        child.join()
        self.server.start()
        assert passes(child.exitcode), delivery.said(step)
        return self._count(f"{step}, Spark server", met)

    def _count(self, what: str, met: bool) -> bool:
        if met:
            self.kills[what] += 1
            self.died_at.append(time.time())
            time.sleep(self.chance.choice(UNTIL_THE_RETRY))
        else:
            self.too_late += 1
        return met


def finish(delivery: Delivery, step: str) -> int:
    """As the scheduler does: again while the error is one that may pass. How often."""
    for again in range(TRIES):
        code = delivery.ended(step)
        if code in (0, *SKIPPED):
            return again
        assert passes(code), delivery.said(step)
    raise AssertionError(delivery.said(step))


def passes(code: int | None) -> bool:
    return code in (0, *SKIPPED) or bool(code and error_of(code).transient)


def _killed(child: BaseProcess, moment: float) -> bool:
    """The whole group; False when it had ended before."""
    child.join(moment)
    if child.exitcode is None and child.pid:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:  # it is not yet at the head of its group
            os.kill(child.pid, signal.SIGKILL)
    child.join()
    return child.exitcode == KILLED
