"""Quarantined rows: rules and counts for engineers, rows for their own department only."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pyspark.sql import functions as F  # noqa: N812

from jobs.accepted import quarantined
from jobs.context import ACTOR, Job
from jobs.steps import Gated
from quality.suite import rules_for

MOST_NUMBERS = 1_000


def listed(job: Job, who: str) -> list[dict[str, Any]]:
    """Per rule: rows, and the source's record numbers where those are not personal."""
    gated = Gated.load(job)
    rows = quarantined(job, gated.raw(job), rules_for(job.contract, job.table))
    number = job.table.record_number
    record = F.col(number) if number else F.lit(None).cast("string")
    narrow = rows.select(F.explode("_rules").alias("rule"), record.alias("number"))
    found = narrow.groupBy("rule").agg(
        F.count(F.lit(1)).alias("rows"),
        F.slice(F.sort_array(F.collect_set("number")), 1, MOST_NUMBERS).alias(
            "numbers"
        ),
    )
    _record(job, "quarantine_listed", who, gated.body["quarantined"])
    return [row.asDict() for row in found.orderBy("rule").collect()]


def return_to_department(job: Job, who: str) -> tuple[Path, int]:
    """The full bad rows into the department's own channel; nobody else can read them."""
    gated = Gated.load(job)
    rows = quarantined(job, gated.raw(job), rules_for(job.contract, job.table))
    names = [column.name for column in job.table.columns]
    rules = F.concat_ws(" ", "_rules").alias("broken_rules")
    found = rows.select(*names, rules).toLocalIterator()
    folder = job.layers.returned(job.contract.department)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{job.batch}.{gated.attempt}.csv"
    count = _write(path, [*names, "broken_rules"], found)
    _record(job, "quarantine_returned", who, count)
    return path, count


def _write(path: Path, names: list[str], rows: Iterable[Any]) -> int:
    count = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _record(job: Job, kind: str, who: str, rows: int) -> None:
    body = {
        "department": job.contract.department,
        "table": job.table.name,
        "date": job.date.isoformat(),
        "rows": rows,
    }
    job.ledger.append(kind, who or ACTOR, job.batch, body)
