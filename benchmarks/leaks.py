"""What the leak scan costs: masking settlements and scanning them against masking alone."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.measure import compare
from benchmarks.risk import DEPARTMENT, FIRST_DAY, TABLE, settlements
from jobs.committed_rows import in_pieces
from jobs.context import Job
from jobs.delta_files import commit_new
from jobs.key_use import keys_for, record_key_use
from jobs.leak_report import scan_of
from jobs.published_value import published_value
from jobs.staged import schema_of, write_pieces
from lake_config.contract_loader import contract_of
from lake_config.layers import CURATED
from privacy.mask_frame import key_names, mask, published_columns
from privacy.policy import STATISTICS

GOAL = "masking with the leak scan at most 1.3 times the CPU time without"
Pieces = list[pl.LazyFrame]


def run(rows: int) -> dict[str, Any]:
    """Settlements of one file into staging, with their log; no canaries, as by default."""
    with settlements(rows) as (settings, store, file):
        contract = contract_of(settings.contracts, DEPARTMENT)
        job = Job(settings, contract, contract.table(TABLE), FIRST_DAY, "release")
        scope = keys_for(job)
        record_key_use(job, job.batch, key_names(job.table, scope), scope.purpose)

        def masked() -> tuple[Path, Pieces]:
            pieces = in_pieces(store, file)
            told = [
                mask(piece, job.table, scope, settings, published_value)
                for piece in pieces
            ]
            return _written(job, told), pieces

        def scanned() -> None:
            folder, pieces = masked()
            scan = scan_of(job, folder, rows, pieces)
            if not scan["ok"]:
                raise AssertionError(f"a clean table was refused: {scan['found']}")

        return compare("leak-cost", GOAL, rows, masked, scanned)


def _written(job: Job, pieces: Pieces) -> Path:
    name = secrets.token_hex(4)
    folder = job.layers.staged(CURATED, DEPARTMENT, TABLE, FIRST_DAY, name)
    job.store.remove(folder.parent)
    files = write_pieces(job.store, pieces, folder)
    columns = published_columns(job.table, STATISTICS)
    commit_new(job.store, folder, schema_of(columns, pieces), files)
    return folder
