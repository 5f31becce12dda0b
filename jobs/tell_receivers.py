"""Right after an alert: whoever is to be told is told, in a process of its own.

A job never fails and never waits long for it: `./lake alerts send` has its own limits and
is ended when it keeps to none. What is outstanding goes out with the maintenance DAG.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from lake_config.settings import ROOT, Settings

RECEIVERS = "notify_urls"
"""Secret file: one Apprise address per line. Without it there is only the log."""

SECONDS = 20


def tell_receivers(settings: Settings, seconds: float = SECONDS) -> None:
    if not (settings.layers.secrets / RECEIVERS).exists():
        return
    places = {
        "LAKE_HOME": str(settings.home),
        "LAKE_CONTRACTS": str(settings.contracts),
    }
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-m", "ops", "alerts", "send"],
            cwd=ROOT,
            env={**os.environ, **places},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
