"""What a long run of a test found, kept in tests/results/ with what it ran on.

A run is long when LAKE_TEST_TIMES says how often each thing is to be done, or a test's own
variable how much of it; any other run leaves the working tree as it is. No result there is
typed by hand.
"""

from __future__ import annotations

import json
import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results"
LIBRARIES = ("pyspark", "delta-spark", "deltalake", "polars", "hypothesis")
TIMES = os.environ.get("LAKE_TEST_TIMES", "")


def times(usual: int) -> int:
    """How often, in this run."""
    return int(TIMES or usual)


def keep(
    name: str, found: dict[str, Any], summed: tuple[str, ...], long: bool = bool(TIMES)
) -> None:
    """A long run adds itself to those before it: it may be done in several parts."""
    if not long:
        return
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    before = json.loads(path.read_text("utf-8"))["runs"] if path.exists() else []
    runs = [*before, {**found, "ran_on": _ran_on()}]
    sums = {fact: sum(run[fact] for run in runs) for fact in summed}
    text = json.dumps({"in_all": sums, "runs": runs}, indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", "utf-8")


def _ran_on() -> dict[str, Any]:
    found = {name: version(name) for name in LIBRARIES}
    return {
        "date": f"{date.today()}",
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        **found,
    }
