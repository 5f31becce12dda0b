"""Compares what the lake did with the truth, after the truth was opened.

Reads raw attempts with delta-rs (no Spark, none of the jobs' code paths), digests the
quarantined rows in plain Python, and compares (table, rule, row digest) as multisets.
Looks for the true people in every cell and log of the shared zone, without patterns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from lake_config.contract import Contract, Table
from lake_config.duties import Duty
from lake_config.settings import Settings
from simulation.row_digest import row_digest
from storage.store import Store, store_of

Finding = tuple[str, str]
WORD = re.compile(r"[\w·-]+")
COULD_HOLD = r"[0-9]{11}|\p{Han}{2}"
"""Every true value has one or the other; dates, amounts, codes and tokens have not."""


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
    settings: Settings, contract: Contract, table: Table, day: date, attempt: str
) -> Counter[Finding]:
    """Every (rule, row digest) of the batch's quarantine, stop rules only."""
    layers, store = settings.layers, store_of(settings, Duty.COLLECTOR)
    folder = layers.raw_attempt(contract.department, table.name, day, attempt)
    rows = pl.from_arrow(store.table(folder).to_pyarrow_table())
    if not isinstance(rows, pl.DataFrame):
        raise TypeError("a Delta table always reads as a frame")
    kept = store.read(layers.broken_rows(folder))
    broken = dict(pl.read_parquet(kept).iter_rows())
    columns = [column.name for column in table.columns]
    bad = rows.filter(pl.col("_row").is_in(list(broken)))
    found: Counter[Finding] = Counter()
    for row in bad.select("_row", *columns).iter_rows():
        digest = row_digest(row[1:])
        found.update((rule, digest) for rule in broken[row[0]])
    return found


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


def true_values_in(
    store: Store, folders: Iterable[Path], truth: Path
) -> tuple[int, int]:
    """(cells looked at, distinct texts that hold a true person's value), all versions."""
    people = pl.read_parquet(truth / "people.parquet")
    anywhere = {*people["identity_number"], *people["mobile"], *people["address"]}
    names, sizes = set(people["name"]), {len(value) for value in anywhere}
    cells, texts = _texts_in(store, folders)
    hits = sum(
        text in names or _holds(text, anywhere, sizes) for text in map(str.strip, texts)
    )
    return cells, hits


def texts_with_a_name(texts: Iterable[str], truth: Path) -> int:
    """Texts in which the name of any true person is written, whoever is meant."""
    names = set(pl.read_parquet(truth / "people.parquet")["name"])
    sizes = {len(name) for name in names}
    return sum(_holds(text, names, sizes) for text in texts)


def _texts_in(store: Store, folders: Iterable[Path]) -> tuple[int, set[str]]:
    """Cells of every Parquet file, whether a version names it or not, and log words."""
    cells, texts = 0, set[str]()
    for path in (path for folder in folders for path in store.files(folder)):
        if path.suffix == ".json":
            texts.update(WORD.findall(store.read(path).decode()))
        elif path.suffix == ".parquet":
            for column in pl.read_parquet(store.read(path)):
                cells += column.len()
                distinct = column.cast(pl.String).unique().drop_nulls()
                texts.update(distinct.filter(distinct.str.contains(COULD_HOLD)))
    return cells, texts


def _holds(text: str, values: set[str], sizes: set[int]) -> bool:
    """Is any part of the text one of the values?"""
    return any(
        text[start : start + size] in values
        for size in sizes
        for start in range(len(text) - size + 1)
    )
