"""What the engine says of a cell it cannot read reaches no output, also without Connect."""

from __future__ import annotations

import os
import subprocess
import sys

from lake_config.settings import ROOT, Settings
from tests.lib.failing_day import CASTS

CELL = "王伟 23120219900307001X 13812345678"


def test_a_quoted_cell_is_told_to_the_caller_alone(settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CASTS, CELL],
        cwd=ROOT,
        env={**os.environ, "LAKE_HOME": str(settings.home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 42, "the engine does quote it"
    said = done.stdout + done.stderr
    assert not [word for word in CELL.split() if word in said]
