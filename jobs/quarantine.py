"""Quarantined rows: rules and counts for engineers, rows for their own department only."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from pyspark.sql import functions as F  # noqa: N812

from jobs.accepted import quarantined
from jobs.context import ACTOR, Job
from jobs.foreign_folder import new_file
from jobs.steps import Gated
from lake_config.errors import ControlTotalsDiffer
from quality.suite import rules_for

MOST_NUMBERS = 1_000


def listed(job: Job, who: str) -> list[dict[str, Any]]:
    """Per rule: rows, and the source's record numbers where those are not personal."""
    gated = Gated.load(job)
    rows = quarantined(job, gated, rules_for(job.contract, job.table))
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
    """The full bad rows into the department's own channel; nobody else can read them.

    On record before the first row leaves: what could not be recorded does not happen.
    """
    gated = Gated.load(job)
    rows = quarantined(job, gated, rules_for(job.contract, job.table))
    names = [column.name for column in job.table.columns]
    rules = F.concat_ws(" ", "_rules").alias("broken_rules")
    count = int(gated.body["quarantined"])
    _record(job, "quarantine_returned", who, count)
    folder = job.layers.returned(job.contract.department)
    name = f"{job.batch}.{gated.attempt}.{secrets.token_hex(4)}.csv"
    with new_file(job.settings.home, folder, name) as file:
        found = rows.select(*names, rules).toLocalIterator()
        if _write(file, [*names, "broken_rules"], found) != count:
            raise ControlTotalsDiffer(
                f"{job.batch}：隔离行数与把关时不符，没有退回任何内容。请查明原因。"
            )
    return folder / name, count


def _write(file: IO[str], names: list[str], rows: Iterable[Any]) -> int:
    writer = csv.writer(file)
    writer.writerow(names)
    count = 0
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
