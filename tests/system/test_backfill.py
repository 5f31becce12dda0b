"""A back-fill by Airflow's own command, unattended, and Spark's memory meanwhile.

In CI a few dates of two departments: memory is told there, and not judged, since Python
workers are still being added (1.3 to 2.2 GB over six runs). The month of all departments,
which judges it, is the same test with LAKE_TEST_DATES=30 and LAKE_TEST_SAVE=file.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from audit.ledger import open_ledger
from audit.verify import verify
from lake_config.calendar import CITY_TIME, DAY
from lake_config.layers import batch_id
from lake_config.settings import EVERY_DUTY
from ops.spark_service import gc_log
from ops.supervisor import running
from tests.lib.memory import Samples, drawn, sampled
from tests.lib.running_lake import (
    RunningLake,
    airflow,
    running_lake,
    small_contracts,
    until,
)

DUE = timedelta(hours=2)
"""When the last of a day's runs is due: before it a back-fill cannot make that day's."""

DATES = int(os.environ.get("LAKE_TEST_DATES", "3"))
SAVE = os.environ.get("LAKE_TEST_SAVE", "")
PERSONS = 1_500
MONTH = {
    "civil_affairs": ["funerals"],
    "human_resources": ["job_seekers"],
    "medical_insurance": ["institutions"],
    "public_security": ["residents"],
    "transport": ["coach_tickets"],
}
"""A table of each, one for every way of delivery: a drop, MariaDB, PostgreSQL, REST."""
SHORT = {"civil_affairs": ["funerals"], "medical_insurance": ["institutions"]}
ENDED = {"success", "failed"}
GROWTH = 1.2
SETTLED_DATES = 15
"""Fewer dates end before all workers are there."""


def test_a_back_fill_runs_unattended_and_spark_does_not_grow(
    tmp_path: Path, seen: Callable[[str], None]
) -> None:
    tables = MONTH if DATES > len(MONTH) else SHORT
    last = (datetime.now(CITY_TIME) - DUE).date()
    days = [last - DAY * number for number in reversed(range(DATES))]
    small_contracts(tmp_path / "contracts", tables)
    with running_lake(tmp_path / "lake", tmp_path / "contracts", PERSONS, days) as lake:
        with sampled(running(lake.settings)["spark"], 5) as samples:
            runs = _back_filled(lake, days)
    states = Counter(run["state"] for run in runs)
    published = _published(lake)
    wanted = {
        batch_id(item.department, name, day): 1
        for item in lake.contracts
        for table in item.tables
        for name in (table.name, *(one.name for one in table.statistics))
        for day in days
    }
    result = _result(tables, runs, samples, _live_heap(lake))
    if SAVE:
        Path(SAVE).write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
        title = f"Resident memory of the Spark service, {len(runs)} back-filled runs"
        Path(SAVE).with_suffix(".svg").write_text(drawn(result["spark_mb"], title))
    seen(
        f"back-fill: {len(runs)} runs ({DATES} dates x {len(tables)} departments), "
        f"{published.total()} tables published in {result['minutes']} min, "
        f"Spark {result['spark_mb_settled']} -> {result['spark_mb_end']} MB"
    )
    assert states == {"success": DATES * len(tables)}
    assert published == wanted
    assert verify(lake.settings).ok
    if len(days) < SETTLED_DATES:
        return
    assert result["spark_mb_end"] <= GROWTH * result["spark_mb_settled"]


def _back_filled(lake: RunningLake, days: list[date]) -> list[dict[str, Any]]:
    """All runs, when all have ended; nothing is done meanwhile but looking."""
    first, last = days[0] - DAY, days[-1] - DAY
    names = [item.department for item in lake.contracts]
    for name in names:
        _create(lake, name, first, last)
    for name in names:
        lake.api.unpause(name)
    patience = 300 + 200 * len(days) * len(names)

    def ended() -> bool:
        return {run["state"] for run in runs()} <= ENDED

    def runs() -> list[dict[str, Any]]:
        """Without what the schedule begins beside the back-fill in the hours before DUE."""
        every = [run for name in names for run in lake.api.runs(name)]
        return [run for run in every if run["run_type"] == "backfill"]

    until(ended, patience, every=5)
    return runs()


def _create(lake: RunningLake, name: str, first: date, last: date) -> None:
    """Logical dates begin the day before the delivery dates that they end with."""
    command = ["backfill", "create", "--dag-id", name, "--max-active-runs", "1"]
    command += ["--from-date", f"{first}T00:00:00+08:00"]
    command += ["--to-date", f"{last}T23:59:00+08:00"]
    airflow(lake.settings, *command)


def _published(lake: RunningLake) -> Counter[str]:
    """How often each batch was published."""
    events = open_ledger(lake.settings).events()
    return Counter(event.subject for event in events if event.kind == "published")


def _live_heap(lake: RunningLake) -> list[int]:
    """MB in use after each collection of Spark's garbage."""
    log = gc_log(lake.settings, EVERY_DUTY)
    parts = sorted(log.parent.glob(f"{log.name}.*"), reverse=True)
    text = "".join(part.read_text() for part in [*parts, log])
    return [int(mb) for mb in re.findall(r"->(\d+)M\(", text)]


def _result(
    tables: dict[str, list[str]],
    runs: list[dict[str, Any]],
    samples: Samples,
    heap: list[int],
) -> dict[str, Any]:
    """What the file holds; settled is the highest while the first fifth of dates ran."""
    end = samples[-1][0]
    settled = max(mb for second, mb in samples if second <= max(60, end / 5))
    seconds: dict[str, dict[str, float]] = {name: {} for name in tables}
    for run in sorted(runs, key=lambda run: run["run_after"]):
        seconds[run["dag_id"]][run["data_interval_end"][:10]] = _seconds(run)
    fifth = max(1, len(heap) // 5)
    return {
        "tables": tables,
        "persons": PERSONS,
        "minutes": round(end / 60, 1),
        "spark_mb_settled": settled,
        "spark_mb_end": max(mb for second, mb in samples if second >= end * 0.8),
        "live_heap_mb": [min(heap[:fifth]), min(heap[-fifth:])] if heap else [],
        "seconds_of_runs": seconds,
        "spark_mb": samples[:: max(1, len(samples) // 200)],
    }


def _seconds(run: dict[str, Any]) -> float:
    times = [datetime.fromisoformat(run[name]) for name in ("start_date", "end_date")]
    return round((times[1] - times[0]).total_seconds(), 1)
