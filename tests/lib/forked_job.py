"""One step of a job in a process of its own, forked from one that has loaded its libraries.

`python -m jobs` spends two seconds on loading before it does anything; tests with a
hundred refusals would spend four minutes on that.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

from pyspark.sql import DataFrame

import jobs.collect
import jobs.gate
import jobs.mask
import jobs.publish
from jobs.__main__ import main

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def ended(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    killing: tuple[int, int] | None = None,
) -> tuple[int, str]:
    """Exit code, and all that was said.

    `killing` is the id of a process that dies by a signal between the source's totals and
    the read of its rows.
    """
    child = FORKS.Process(target=_run, args=(arguments, environment, log, killing))
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode, log.read_text("utf-8")


def _run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    killing: tuple[int, int] | None,
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if killing:
        _kill_before_the_rows(*killing)
    sys.exit(main(list(arguments)))


def _kill_before_the_rows(process: int, sign: int) -> None:
    write = jobs.collect.write_once

    def after_the_death(frame: DataFrame, path: Path) -> None:
        os.kill(process, sign)
        time.sleep(1)
        write(frame, path)

    jobs.collect.write_once = after_the_death
