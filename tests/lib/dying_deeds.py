"""A deed in a process of its own that is killed (SIGKILL) at its n-th change of a file.

A change is a file opened for writing, a write, a sync, a name put in place or taken away:
whatever a power cut or an impatient administrator could come between.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from itertools import count
from typing import Any

from jobs.relink import relink, rotation_of
from lake_config.settings import Settings
from privacy.key_changes import destroy, make_first, rotate
from tests.lib.forked_job import FORKS
from tests.lib.gated_batch import INVENTED

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.truncate")


def first(settings: Settings, scope: str) -> None:
    make_first(settings, _ledger(settings), scope, "tests")


def rotation(settings: Settings, scope: str) -> None:
    rotate(settings, _ledger(settings), scope, "tests")


def destruction(settings: Settings, scope: str) -> None:
    destroy(settings, _ledger(settings), scope, 1, "tests")


def relinking(settings: Settings, scope: str) -> None:
    ledger = _ledger(settings)
    found = rotation_of(ledger, scope)
    relink(settings, ledger, [INVENTED], found, 30, "tests")


def _ledger(settings: Settings) -> Any:
    from audit.ledger import open_ledger

    return open_ledger(settings)


def ended_before(step: int, deed: str, settings: Settings, scope: str) -> bool:
    """Did the deed come to its end before its `step`-th change? Else it died there."""
    child = FORKS.Process(target=_run, args=(step, deed, settings, scope))
    child.start()
    child.join()
    if child.exitcode == -signal.SIGKILL:
        return False
    assert child.exitcode == 0, f"{deed} failed by itself at step {step}"
    return True


def _run(step: int, deed: str, settings: Settings, scope: str) -> None:
    os.umask(0o077)
    changes = count(1)

    def change() -> None:
        if next(changes) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, given: tuple[Any, ...]) -> None:
        if event in CHANGES or (event == "open" and int(given[2] or 0) & WRITES):
            change()

    for name in ("write", "fsync"):
        setattr(os, name, _counted(getattr(os, name), change))
    sys.addaudithook(hook)
    try:
        getattr(importlib.import_module(__name__), deed)(settings, scope)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _counted(function: Any, change: Any) -> Any:
    def counted(*given: Any) -> Any:
        change()
        return function(*given)

    return counted
