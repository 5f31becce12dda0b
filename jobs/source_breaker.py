"""The circuit breaker of one source (a department's server), shared by all processes.

Its state is one small file under `state/breakers/`, replaced in one step under a lock. A
probe holds a second lock as long as it runs, so that a killed one keeps nobody waiting.
Only what the source itself did counts: no answer, or broken off.
"""

from __future__ import annotations

import fcntl
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO

from audit.ledger import open_ledger
from jobs.breaker import (
    Breaker,
    Pass,
    Phase,
    answered,
    failed,
    may_try,
    phase,
    tried_now,
)
from jobs.context import Job
from jobs.failures import alert
from jobs.session import ENGINE_ERRORS
from lake_config.calendar import CITY_TIME
from lake_config.contract import Server
from lake_config.errors import (
    DeliveryIncomplete,
    DeliveryUndecodable,
    EmptyDelivery,
    LakeError,
    LedgerBroken,
    LedgerUnwritable,
    SchemaChanged,
    SourcePaused,
    SourceRefusedLogin,
    SourceUnavailable,
)
from lake_config.settings import Settings, write_private

ANSWERED = (
    DeliveryIncomplete,
    DeliveryUndecodable,
    EmptyDelivery,
    SchemaChanged,
    SourceRefusedLogin,
)
"""Refusals by which one knows that the source is there."""

THEIRS = ("java.sql.", "java.net.", "org.postgresql.", "org.mariadb.")
"""What an engine names when it is the source that broke off, and not our disk or Spark."""


LOCK_SECONDS = 5.0


class SourceBreaker:
    """One source's breaker as it lies on disk."""

    def __init__(self, settings: Settings, department: str, server: str) -> None:
        self._file = state_file(settings, department, server)

    def state(self) -> Breaker:
        """As it stands; a file nobody can read stops nobody."""
        try:
            return Breaker(**json.loads(self._file.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return Breaker()

    def enter(self, stack: ExitStack, now: float) -> Pass:
        """Whether to try; a probe holds its lock until the stack ends."""
        try:
            with self._locked():
                said = may_try(self.state(), now, probing=False)
                if said is Pass.PROBE and not self._hold_probe(stack):
                    return may_try(self.state(), now, probing=True)
                return said
        except OSError:
            return Pass.GO

    def changed(self, change: Callable[[Breaker], Breaker]) -> tuple[Breaker, Breaker]:
        """Before and after; a disk that takes no note of it is not the source's fault."""
        before = after = self.state()
        with suppress(OSError), self._locked():
            before = self.state()
            after = change(before)
            if after != before:
                write_private(self._file, json.dumps(asdict(after)))
        return before, after

    def _hold_probe(self, stack: ExitStack) -> bool:
        return _taken(stack.enter_context(self._opened("probe")))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Held for a moment only; who is stopped just then is not waited for."""
        until = time.monotonic() + LOCK_SECONDS
        with self._opened("lock") as file:
            while not _taken(file) and time.monotonic() < until:
                time.sleep(0.02)
            yield

    def _opened(self, name: str) -> IO[bytes]:
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self._file.with_suffix(f".{name}").open("ab")


def _taken(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def release(settings: Settings, department: str, server: str, who: str) -> bool:
    """On record first, the pause of an open breaker ends now; False where none is open."""
    breaker, now = SourceBreaker(settings, department, server), time.time()
    if phase(breaker.state(), now) is not Phase.OPEN:
        return False
    body = {"department": department, "server": server}
    open_ledger(settings).append("source_released", who, department, body)
    _, after = breaker.changed(lambda it: tried_now(it, now))
    return phase(after, now) is not Phase.OPEN


def state_file(settings: Settings, department: str, server: str) -> Path:
    return settings.layers.state / "breakers" / f"{department}.{server}.json"


@contextmanager
def guarded(job: Job, server: Server) -> Iterator[None]:
    """Reading a source; SourcePaused at once while its breaker is open.

    Drops are folders of ours: that nothing has been put there yet is no failure.
    """
    if server.transport == "files":
        yield
        return
    breaker = SourceBreaker(job.settings, job.contract.department, server.name)
    with ExitStack() as stack:
        said = breaker.enter(stack, time.time())
        if said is Pass.WAIT:
            raise _paused(job, server, breaker.state())
        try:
            yield
        except LakeError as error:
            _note(job, server, breaker, error, said is Pass.PROBE)
            raise
        _note(job, server, breaker, None, said is Pass.PROBE)


def _note(
    job: Job,
    server: Server,
    breaker: SourceBreaker,
    error: LakeError | None,
    probe: bool,
) -> None:
    """What an attempt came to; one that tells nothing of the source changes nothing."""
    if isinstance(error, SourceUnavailable) and _theirs(error):
        share = random.random()  # noqa: S311 (jitter, no secret)
        now = time.time()
        before, after = breaker.changed(lambda it: failed(it, now, probe, share))
    elif error is None or isinstance(error, ANSWERED):
        before, after = breaker.changed(answered)
    else:
        return
    if bool(before.opened) != bool(after.opened):
        _tell(job, server, "breaker_open" if after.opened else "breaker_closed")


def _tell(job: Job, server: Server, kind: str) -> None:
    """Without a ledger the step itself cannot end well, and says so."""
    with suppress(LedgerBroken, LedgerUnwritable):
        department = job.contract.department
        alert(job.settings, department, None, job.date, f"{kind}:{server.name}")


def _theirs(error: LakeError) -> bool:
    """Behind an engine's failure the source must be named; its words go no further."""
    behind = error.__context__
    if not isinstance(behind, ENGINE_ERRORS):
        return True
    return any(sign in str(behind) for sign in THEIRS)


def _paused(job: Job, server: Server, state: Breaker) -> SourcePaused:
    source = f"{job.batch}：数据源 {server.name} 连续 {state.failures} 次没有正常应答"
    if phase(state, time.time()) is Phase.OPEN:
        again = datetime.fromtimestamp(state.until, CITY_TIME)
        when = f"暂停访问，{again:%m-%d %H:%M:%S} 以后再试"
    else:
        when = "另一个作业正在试探，有结果后再试"
    return SourcePaused(f"{source}，{when}。请与数源部门确认服务和网络。")
