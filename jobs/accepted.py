"""Which rows of a gated attempt are accepted and which lie in quarantine.

Filters over the committed rows and the list of rules they break, never copies: in pieces
that fit into memory, moments by the city's clock. Apart from `gate`, so that masking does
not load Great Expectations (four seconds a task).
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow as pa
import pyarrow.parquet as pq

from jobs.committed_rows import committed_pieces, in_pieces
from jobs.context import Job
from jobs.steps import Gated
from lake_config.calendar import CITY_TIME
from lake_config.contract import Rule
from lake_config.errors import OutOfTurn
from quality.broken_rows import stopped
from quality.row_rules import ROW, RULES

ALL_RULES = "_rules"
KEPT = pa.schema([("_row", pa.int64()), ("rules", pa.list_(pa.string()))])


def keep_broken_rows(job: Job, path: Path, broken: pa.Table) -> None:
    """Which rows break which rules, in one file that is there whole or not at all."""
    content = BytesIO()
    pq.write_table(broken.cast(KEPT), content, compression="zstd")
    job.store.write(job.layers.broken_rows(path), content.getvalue())


def broken_rows_of(job: Job, path: Path) -> pl.DataFrame:
    """`_row, rules` as the gate kept them for an attempt, before any replay."""
    try:
        return pl.read_parquet(BytesIO(job.store.read(job.layers.broken_rows(path))))
    except FileNotFoundError:
        raise OutOfTurn(f"{job.batch}：把关的判定文件不在了，请重新把关。") from None


def quarantined(job: Job, gated: Gated, rules: tuple[Rule, ...]) -> list[pl.LazyFrame]:
    """Rows that break a stop rule, with all rules they break in `_rules`.

    Without those that a replay let through.
    """
    path = gated.raw(job)
    broken = broken_rows_of(job, path)
    held = broken.filter(pl.col(ROW).is_in(stopped(rules, broken).implode())).lazy()
    for piece in _corrected(job, gated):
        held = held.join(piece.select(ROW), on=ROW, how="anti")
    held = held.rename({RULES: ALL_RULES})
    pieces = committed_pieces(job.store, path)
    return [_by_city_clock(piece.join(held, on=ROW)) for piece in pieces]


def accepted(job: Job, gated: Gated, rules: tuple[Rule, ...]) -> list[pl.LazyFrame]:
    """All other rows, with the delivered columns only."""
    path = gated.raw(job)
    refused = stopped(rules, broken_rows_of(job, path)).to_frame().lazy()
    pieces = [
        piece.join(refused, on=ROW, how="anti")
        for piece in committed_pieces(job.store, path)
    ]
    names = [column.name for column in job.table.columns]
    every = [*pieces, *_corrected(job, gated)]
    return [_by_city_clock(piece.select(names)) for piece in every]


def _by_city_clock(rows: pl.LazyFrame) -> pl.LazyFrame:
    moments = cs.datetime(time_zone="*").dt.convert_time_zone(str(CITY_TIME))
    return rows.with_columns(moments.dt.replace_time_zone(None))


def _corrected(job: Job, gated: Gated) -> list[pl.LazyFrame]:
    """The corrected rows of a replay, as they were judged; none without a replay."""
    file = gated.corrected(job)
    if file is None:
        return []
    try:
        return in_pieces(job.store, file)
    except FileNotFoundError:
        raise OutOfTurn(
            f"{job.batch}：更正后的行不在了，请重新执行 quarantine replay。"
        ) from None
