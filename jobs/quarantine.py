"""Quarantined rows: rules and counts for engineers, rows for their own department only."""

from __future__ import annotations

import csv
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import polars as pl

from jobs.accepted import ALL_RULES, quarantined
from jobs.committed_rows import no_cell_told
from jobs.context import ACTOR, Job
from jobs.foreign_folder import new_file
from jobs.steps import Gated
from lake_config.errors import ControlTotalsDiffer
from quality.frames import collected
from quality.suite import rules_for

MOST_NUMBERS = 1_000
READING = "读取隔离行"


def listed(job: Job, who: str) -> list[dict[str, Any]]:
    """Per rule: rows, and the source's record numbers where those are not personal."""
    gated = Gated.load(job)
    number = job.table.record_number
    record = pl.col(number).cast(pl.String) if number else pl.lit(None, pl.String)
    with no_cell_told(job, READING):
        pieces = quarantined(job, gated, rules_for(job.contract, job.table))
        narrow = pl.concat(
            [piece.select(ALL_RULES, record.alias("n")) for piece in pieces]
        )
        by_rule = narrow.explode(ALL_RULES).group_by(pl.col(ALL_RULES).alias("rule"))
        numbers = pl.col("n").drop_nulls().unique().sort().head(MOST_NUMBERS)
        found = collected(by_rule.agg(pl.len().alias("rows"), numbers.alias("numbers")))
    _record(job, "quarantine_listed", who, gated.body["quarantined"])
    return found.sort("rule").to_dicts()


def return_to_department(job: Job, who: str) -> tuple[Path, int]:
    """The full bad rows into the department's own channel; nobody else can read them.

    On record before the first row leaves: what could not be recorded does not happen.
    """
    gated = Gated.load(job)
    names = [column.name for column in job.table.columns]
    count = int(gated.body["quarantined"])
    _record(job, "quarantine_returned", who, count)
    folder = job.layers.returned(job.contract.department)
    name = f"{job.batch}.{gated.attempt}.{secrets.token_hex(4)}.csv"
    with new_file(job.settings.home, folder, name) as file:
        if _write(file, [*names, "broken_rules"], _rows(job, gated, names)) != count:
            raise ControlTotalsDiffer(
                f"{job.batch}：隔离行数与把关时不符，没有退回任何内容。请查明原因。"
            )
    return folder / name, count


def _rows(job: Job, gated: Gated, names: list[str]) -> Iterator[tuple[Any, ...]]:
    """Cells as delivered, and the names of the rules; one piece is in memory at a time."""
    rules = pl.col(ALL_RULES).list.join(" ")
    for piece in quarantined(job, gated, rules_for(job.contract, job.table)):
        with no_cell_told(job, READING):
            rows = collected(piece.select(*names, rules))
        yield from rows.iter_rows()


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
