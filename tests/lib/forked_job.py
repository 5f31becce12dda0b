"""One step of a job in a process of its own, forked from one that has loaded its libraries.

`python -m jobs` spends two seconds on loading before it does anything; tests with a
hundred refusals would spend four minutes on that.
"""

from __future__ import annotations

import importlib
import itertools
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from pyspark.sql import DataFrame

import jobs.collect
import jobs.gate
import jobs.landing
import jobs.mask
import jobs.publish
from jobs.__main__ import main

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


LONGEST_WAIT = 120.0
Preparation = Callable[[], None]
"""What a process does to itself before the step; a function of a module, for it is sent."""


def nothing() -> None:
    """Prepares nothing."""


def started(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    prepare: Preparation = nothing,
) -> BaseProcess:
    """The step, running at the head of a process group of its own."""
    child = FORKS.Process(target=_run, args=(arguments, environment, log, prepare))
    child.start()
    return child


def supervised(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    prepare: Preparation,
    code: Path,
) -> BaseProcess:
    """A process that waits for the step, as the scheduler's does; the step's exit code
    goes into a file, for it may outlive who waits for it."""
    about = (arguments, environment, log, prepare, code)
    child = FORKS.Process(target=_supervise, args=about)
    child.start()
    return child


def _supervise(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    prepare: Preparation,
    code: Path,
) -> None:
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        _run(arguments, environment, log, prepare)
    except SystemExit as end:
        written = code.with_suffix(".part")
        written.write_text(str(end.code))
        written.rename(code)
    finally:
        os._exit(0)


def ended(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    prepare: Preparation = nothing,
) -> tuple[int, str]:
    """Exit code, and all that was said."""
    child = started(arguments, environment, log, prepare)
    child.join()
    assert child.exitcode is not None
    return child.exitcode, log.read_text("utf-8")


def _run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    prepare: Preparation,
) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    prepare()
    sys.exit(main(list(arguments)))


def kill_before_the_rows(process: int, sign: int) -> None:
    """Another process dies between the source's totals and the read of its rows."""
    write = jobs.landing.write_once

    def after_the_death(frame: DataFrame, path: Path) -> None:
        os.kill(process, sign)
        time.sleep(1)
        write(frame, path)

    jobs.landing.write_once = after_the_death


def die_at(place: str, after: float = 0.0, passing: int = 0) -> None:
    """The process group dies when it comes to a place, after so many visits of it, or so
    many seconds later."""
    visits = itertools.count()

    def dying(*given: object, **named: object) -> object:
        if next(visits) < passing:
            return whole(*given, **named)
        if not after:
            os.killpg(0, signal.SIGKILL)
        threading.Timer(after, os.killpg, (0, signal.SIGKILL)).start()
        return whole(*given, **named)

    whole = replaced(place, dying)


def wait_at(place: str, reached: Path, go_on: Path, passing: int = 0) -> None:
    """Stop at a place, after so many visits of it, until a file is there.

    Not for ever: nobody waits for a process whose test has failed.
    """
    visits, deadline = itertools.count(), time.monotonic() + LONGEST_WAIT

    def waiting(*given: object, **named: object) -> object:
        if next(visits) == passing:
            reached.touch()
            while not go_on.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
        return whole(*given, **named)

    whole = replaced(place, waiting)


def replaced(place: str, function: Callable[..., object]) -> Callable[..., object]:
    """Put something in the place of `module:name` or `module:Class.name`.

    A place that moved must not pass for one that was survived.
    """
    module, _, name = place.partition(":")
    owner = importlib.import_module(module)
    *classes, last = name.split(".")
    for part in classes:
        owner = getattr(owner, part)
    whole: Callable[..., object] = getattr(owner, last)
    setattr(owner, last, function)
    return whole
