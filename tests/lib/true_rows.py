"""What the lake should have accepted and released, told from the simulation alone.

Accepted are the delivered rows without the planted defects; no receipt and no raw zone is
asked. Expected is what the plain masker makes of them, released what delta-rs reads.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import combinations_with_replacement
from typing import Any

import polars as pl
from deltalake import DeltaTable

from lake_config.contract import Contract, Table
from lake_config.layers import CURATED
from lake_config.settings import Settings
from privacy.policy import STATISTICS, TOKEN, treatment
from simulation.city import rows_of
from simulation.row_digest import row_digest
from tests.lib.plain_masker import masked

Row = dict[str, Any]
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TrueTable:
    """One table three times; `accepted` and `expected` have the same order of rows."""

    table: Table
    accepted: list[Row]
    expected: list[Row]
    released: list[Row]

    @property
    def identity_columns(self) -> list[str]:
        """Columns that name a person for sure."""
        return [
            column.name
            for column in self.table.columns
            if column.semantic_type == "identity_number"
        ]

    @property
    def token_columns(self) -> list[str]:
        return [
            column.name
            for column in self.table.columns
            if treatment(column.semantic_type, STATISTICS) == TOKEN
        ]

    def tokens(self) -> set[str]:
        """Every token of the released table."""
        cells = {row[name] for row in self.released for name in self.token_columns}
        return cells - {None}

    def pairs(self, column: str) -> set[tuple[str, str]]:
        """(value, token) of rows that their other cells identify: no key is needed."""
        open_cells = [
            name for name in self.expected[0] if name not in self.token_columns
        ]
        true, seen = defaultdict(list), defaultdict(list)
        for row, cells in zip(self.accepted, self.expected, strict=True):
            true[tuple(cells[name] for name in open_cells)].append(row[column])
        for row in self.released:
            seen[tuple(row[name] for name in open_cells)].append(row[column])
        alike = ((true[key], seen[key]) for key in true.keys() & seen.keys())
        return {
            (values[0], tokens[0])
            for values, tokens in alike
            if len(values) == len(tokens) == 1
        }


def true_table(
    settings: Settings, contract: Contract, table: Table, day: date
) -> TrueTable:
    rows = accepted_rows(settings, contract, table, day)
    # Whatever type a source gave its cells, the simulation has them as text.
    texts = tuple(replace(column, landed_type="string") for column in table.columns)
    expected = masked(
        replace(table, columns=texts), rows, STATISTICS, CURATED, contract.department,
        settings,
    )  # fmt: skip
    folder = settings.layers.shared_table(CURATED, contract.department, table.name)
    released = DeltaTable(str(folder)).to_pyarrow_table().to_pylist()
    return TrueTable(table, rows, expected, released)


def accepted_rows(
    settings: Settings, contract: Contract, table: Table, day: date
) -> list[Row]:
    """Delivered rows whose digest is not that of a planted defect."""
    defects = pl.read_parquet(settings.layers.truth / "defects.parquet").filter(
        department=contract.department, table=table.name
    )
    planted = set(defects["row_digest"])
    rows = pl.concat(rows_of(settings.layers, contract.department, table.name, day))
    named = rows.iter_rows(named=True)
    return [row for row in named if row_digest(row.values()) not in planted]


def multiset(rows: Iterable[Row]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row.values()) for row in rows)


def join_sizes(columns: Mapping[Place, Iterable[Any]]) -> dict[tuple[Place, ...], int]:
    """For each two columns (or one twice), how many pairs of rows agree in them."""
    counts = {place: Counter(cells) for place, cells in columns.items()}
    return {
        (one, two): sum(
            number * counts[two][cell] for cell, number in counts[one].items()
        )
        for one, two in combinations_with_replacement(counts, 2)
    }
