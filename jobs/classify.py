"""Classify: what the columns of the newest collected batch are, recorded as proposals.

Reads all delivered rows, a piece at a time, with the masker's account; writes nothing but the
ledger's event.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import reduce
from pathlib import Path

import polars as pl

from audit.receipts import counting
from jobs.committed_rows import committed_pieces, no_cell_told
from jobs.context import Job
from lake_config.errors import OutOfTurn
from lake_config.layers import table_key
from privacy.classification.proposal import Proposal
from privacy.classification.watch import Watched, together, watched
from privacy.classify import RULES, Finding, facts, findings, lineage, propose, samples
from quality.frames import collected

READING = "列类别识别"


@dataclass(frozen=True, slots=True)
class Classified:
    """Proposals for all columns of a batch, and where the contract protects too little."""

    date: date
    proposals: tuple[Proposal, ...]
    findings: tuple[Finding, ...]


def newest_batch(job: Job) -> Job:
    """The job about the table's newest collected delivery; OutOfTurn without one."""
    under = f"{table_key(job.contract.department, job.table.name)}."
    for event in job.ledger.newest_under("collected", under):
        if counting(job.ledger, event.subject) is not None:
            return replace(job, date=date.fromisoformat(event.body["date"]))
    raise OutOfTurn(f"{under[:-1]}：还没有归集到任何一批，无从识别。请先运行归集。")


def classify(job: Job, who: str, hidden: bool = False) -> Classified:
    """Look at the batch and record what is proposed; `hidden` leaves the names aside."""
    received = counting(job.ledger, job.batch)
    if received is None:
        raise OutOfTurn(f"{job.batch}：没有可用的归集回执。")
    where = (job.contract.department, job.table.name, job.date)
    path = job.layers.raw_attempt(*where, received.body["attempt"])
    columns = _columns(job, path)
    origins = lineage(job.table, job.contract.tables)
    proposals = propose(job.table, samples(columns), origins, hidden)
    found = findings(job.table, proposals, columns)
    body = {
        "department": job.contract.department,
        "table": job.table.name,
        "date": job.date.isoformat(),
        "contract": job.contract.digest,
        "rules": RULES,
        "names": "hidden" if hidden else "shown",
        "proposals": [item.facts() for item in proposals],
        "findings": facts(found),
    }
    job.ledger.append("class_proposed", who, job.batch, body)
    return Classified(job.date, proposals, found)


def _columns(job: Job, path: Path) -> dict[str, Watched]:
    """All columns that both the contract and the batch have."""
    try:
        with no_cell_told(job, READING):
            pieces = committed_pieces(job.store, path)
            there = pieces[0].collect_schema().names()
            names = [item.name for item in job.table.columns if item.name in there]
            parts = [_piece(piece, names) for piece in pieces]
    except FileNotFoundError:
        raise OutOfTurn(f"{job.batch}：归集的文件已清理，不能再识别。") from None
    return {name: reduce(together, (part[name] for part in parts)) for name in names}


def _piece(piece: pl.LazyFrame, names: Iterable[str]) -> dict[str, Watched]:
    """One column is in memory at a time."""
    return {
        name: watched(collected(piece.select(pl.col(name).cast(pl.String)))[name])
        for name in names
    }
