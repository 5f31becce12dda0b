"""Compares what the lake did with the truth, after the truth was opened.

Reads raw attempts with delta-rs (no Spark, none of the jobs' code paths), digests the
quarantined rows in plain Python, and compares (table, rule, row digest) as multisets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from lake_config.contract import Contract, Table
from lake_config.layers import Layers
from simulation.row_digest import row_digest

Finding = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Planted and found defects of one table, and how far they agree."""

    planted: int
    found: int
    agreed: int

    @property
    def recall(self) -> float:
        return self.agreed / self.planted if self.planted else 1.0

    @property
    def precision(self) -> float:
        return self.agreed / self.found if self.found else 1.0

    @property
    def perfect(self) -> bool:
        return self.planted == self.found == self.agreed


def planted_defects(truth: Path) -> dict[tuple[str, str], Counter[Finding]]:
    """Per (department, table): how often each (rule, row digest) was planted."""
    frame = pl.read_parquet(truth / "defects.parquet")
    found: dict[tuple[str, str], Counter[Finding]] = {}
    for row in frame.iter_rows(named=True):
        key = (row["department"], row["table"])
        found.setdefault(key, Counter())[row["rule"], row["row_digest"]] += 1
    return found


def found_defects(
    layers: Layers, contract: Contract, table: Table, day: date, attempt: str
) -> Counter[Finding]:
    """Every (rule, row digest) of the batch's quarantine, stop rules only."""
    folder = layers.raw_attempt(contract.department, table.name, day, attempt)
    rows = pl.from_arrow(DeltaTable(str(folder)).to_pyarrow_table())
    if not isinstance(rows, pl.DataFrame):
        raise TypeError("a Delta table always reads as a frame")
    broken = dict(_broken_rules(rows, layers.set_violations(folder)))
    columns = [column.name for column in table.columns]
    bad = rows.filter(pl.col("_row").is_in(list(broken)))
    found: Counter[Finding] = Counter()
    for row in bad.select("_row", *columns).iter_rows():
        digest = row_digest(row[1:])
        found.update((rule, digest) for rule in broken[row[0]])
    return found


def _broken_rules(rows: pl.DataFrame, folder: Path) -> Iterator[tuple[int, list[str]]]:
    narrow = rows.select("_row", pl.col("_violations").alias("rule")).explode("rule")
    parts = [narrow.drop_nulls("rule")]
    if any(folder.glob("*.parquet")):
        parts.append(pl.read_parquet(folder / "*.parquet").select("_row", "rule"))
    grouped = pl.concat(parts).group_by("_row").agg(pl.col("rule").unique())
    yield from grouped.iter_rows()


def compare(planted: Counter[Finding], found: Counter[Finding]) -> Comparison:
    return Comparison(planted.total(), found.total(), (planted & found).total())


def per_rule(
    pairs: Iterable[tuple[Counter[Finding], Counter[Finding]]],
) -> dict[str, Comparison]:
    """Recall and precision per rule kind over all tables."""
    planted: dict[str, Counter[Finding]] = {}
    found: dict[str, Counter[Finding]] = {}
    for wanted, seen in pairs:
        for into, source in ((planted, wanted), (found, seen)):
            for finding, number in source.items():
                kind = finding[0].split(".")[0]
                into.setdefault(kind, Counter())[finding] += number
    kinds = sorted(planted.keys() | found.keys())
    empty: Counter[Finding] = Counter()
    return {
        kind: compare(planted.get(kind, empty), found.get(kind, empty))
        for kind in kinds
    }
