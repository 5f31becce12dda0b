"""The rows of a landed attempt, as whoever judges them sees them.

Read from the files its commit names, in the job's own process: the engine that wrote the
rows does not judge them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from jobs.context import Job
from jobs.delta_files import files_added
from lake_config.errors import JobFailed
from storage.file_facts import rows_of
from storage.store import Store

STDERR = 2
PIECE_ROWS = 250_000
"""Rows of a table and what is made of them lie in memory for so many at a time."""


def committed_rows(store: Store, attempt: Path) -> pl.LazyFrame:
    """Whatever else lies in the folder is not read."""
    names = sorted(files_added(store, attempt, 0))
    files = [store.address(attempt / name) for name in names]
    return pl.scan_parquet(
        files, glob=False, storage_options=store.options(attempt) or None
    )


def committed_pieces(store: Store, attempt: Path) -> list[pl.LazyFrame]:
    """The same a piece at a time, in the same order."""
    names = sorted(files_added(store, attempt, 0))
    return [piece for name in names for piece in in_pieces(store, attempt / name)]


def in_pieces(store: Store, file: Path) -> list[pl.LazyFrame]:
    """The rows of one file, at least one piece; FileNotFoundError when it is not there."""
    rows = pl.scan_parquet(
        store.address(file), glob=False, storage_options=store.options(file) or None
    )
    starts = range(0, max(1, rows_of(store, file)), PIECE_ROWS)
    return [rows.slice(start, PIECE_ROWS) for start in starts]


@contextmanager
def _nothing_printed() -> Iterator[None]:
    """A panic in the engine is printed by its own hook, before Python can catch it."""
    sys.stderr.flush()
    kept = os.dup(STDERR)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


@contextmanager
def no_cell_told(job: Job, doing: str = "整批判定") -> Iterator[None]:
    """Engines quote cells in their messages, so none is passed on, nor printed by them."""
    try:
        with _nothing_printed():
            yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        kind = type(error).__name__
        raise JobFailed(
            f"{job.batch}：{doing}中断（{kind}），没有留下任何结果，稍后重试。"
        ) from None
