"""Services as child processes: started with a log file, waited for, stopped by id.

A child is asked to end when its parent dies, so that nothing outlives the command that
started it. Knows nothing of what the services do.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lake_config.errors import ComponentMissing
from lake_config.settings import OTHERS

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 15
_HELD: list[socket.socket] = []
"""Ports that were given away, kept from everybody else."""


@dataclass(frozen=True, slots=True)
class Service:
    """A running child process with its name and log, and how it is started again."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    again: Callable[[], Service]

    def alive(self) -> bool:
        return self.process.poll() is None


def die_with_parent() -> None:
    """Run in the child before exec: SIGTERM when the parent is gone (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(
    name: str,
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    user: str | None = None,
) -> Service:
    """Start `command` in its own process group, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            umask=OTHERS,
            preexec_fn=die_with_parent,
        )
    return Service(
        name, process, log, partial(start, name, command, log, environment, user)
    )


def wait_until(service: Service, ready: Callable[[], bool], seconds: float) -> None:
    """Return once `ready()`; raise when the service ends or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not service.alive():
            break
        if ready():
            return
        time.sleep(0.2)
    stop(service)
    raise ComponentMissing(
        f"服务 {service.name} 在 {seconds:.0f} 秒内没有就绪。"
        f"原因见日志 {service.log}，排除后重新执行同一命令。"
    )


def stop(service: Service) -> None:
    """End the service and its children: politely first, then at once."""
    for sign, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5)):
        if not service.alive():
            return
        os.killpg(service.process.pid, sign)
        try:
            service.process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def bury(service: Service) -> bool:
    """True when it has ended; then nothing it had started in its group is left either.

    The dead leader is reaped last: until then nobody else can have the group's number.
    """
    process = service.process
    if process.returncode is not None:
        return True
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    if os.waitid(os.P_PID, process.pid, options) is None:
        return False
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return True


def free_port() -> int:
    """A loopback port nobody listens on, and nobody else is given by chance.

    It stays bound without listening until this process ends: the system hands it out no
    second time, and a server that may take an address again (SO_REUSEADDR, as all of ours)
    may listen on it.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    _HELD.append(probe)
    return int(probe.getsockname()[1])


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
