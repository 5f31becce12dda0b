"""What the lake should have accepted and released, told from the simulation alone.

Accepted are the delivered rows without the planted defects; no raw zone is asked. Expected
is what the plain masker and the plain risk gate make of them, released what delta-rs
reads. Which tokens change is the receipt's word: that is found by a sample.
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

from audit.ledger import open_ledger
from audit.receipts import find
from lake_config.contract import Contract, Table
from lake_config.layers import CURATED, batch_id
from lake_config.settings import Settings
from privacy.keys import key_id
from privacy.policy import STATISTICS, TOKEN, treatment
from privacy.risk.decide import people_at_least
from privacy.risk.ladder import first_levels, parts_of
from simulation.city import rows_of
from simulation.row_digest import row_digest
from tests.lib import plain_risk
from tests.lib.plain_masker import masked, normal, secret, token
from tests.lib.plain_risk import Plain

Row = dict[str, Any]
Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TrueTable:
    """One table three times; `accepted` and `expected` have the same order of rows, and
    none that the risk gate leaves out. `changing`: person tokens do not last."""

    table: Table
    accepted: list[Row]
    expected: list[Row]
    released: list[Row]
    changing: bool

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
    risk = _risk(settings, contract, table, day)
    kept, told = gated(settings, contract, table, rows, expected, risk)
    folder = settings.layers.shared_table(CURATED, contract.department, table.name)
    released = DeltaTable(str(folder)).to_pyarrow_table().to_pylist()
    return TrueTable(table, kept, told, released, risk.get("tokens", "same") != "same")


def _risk(settings: Settings, contract: Contract, table: Table, day: date) -> Row:
    batch = batch_id(contract.department, table.name, day)
    masked_ = find(open_ledger(settings), "masked", batch)
    assert masked_ is not None
    return dict(masked_.body["risk"])


def gated(
    settings: Settings,
    contract: Contract,
    table: Table,
    rows: list[Row],
    cells: list[Row],
    risk: Row,
) -> tuple[list[Row], list[Row]]:
    """The rows that stay, as delivered and as they are told, in one order."""
    parts = parts_of(table, STATISTICS)
    if not parts.about_people:
        return rows, cells
    plain = Plain(
        tuple(item.name for item in parts.persons),
        {item.name: item.semantic_type for item in parts.quasi},
        {item.name: item.semantic_type for item in parts.sensitive},
    )
    people = [
        {
            item.name: normal(item.semantic_type, row[item.name])
            for item in parts.persons
        }
        for row in rows
    ]
    looked_at = [
        {**told, **who, "_place": place}
        for place, (told, who) in enumerate(zip(cells, people, strict=True))
    ]
    first = first_levels(parts, STATISTICS)
    least = people_at_least(contract)
    _, levels, kept = plain_risk.decided(plain, looked_at, first, least)
    assert kept is not None, table.name
    blank = plain_risk.untold(plain, kept, levels)
    found = []
    for one in kept:
        told = dict(cells[one["_place"]])
        for name, groups in blank.items():
            if groups is None or plain_risk.key(one, levels) in groups:
                told[name] = None
        told |= {
            name: plain_risk.coarser(levels[name], one[name]) for name in plain.quasi
        }
        row = rows[one["_place"]]
        _change_tokens(settings, contract, table, told, row, risk["tokens"])
        found.append(told)
    return [rows[one["_place"]] for one in kept], found


def _change_tokens(
    settings: Settings,
    contract: Contract,
    table: Table,
    told: Row,
    row: Row,
    measure: str,
) -> None:
    event = parts_of(table, STATISTICS).event
    for column in table.columns:
        kind = column.semantic_type
        token_ = treatment(kind, STATISTICS) == TOKEN and not column.primary_key
        if not token_ or measure == "same":
            continue
        told[column.name] = None
        meant = normal(kind, row[column.name])
        period = event and told[event.name] and told[event.name].replace(day=1)
        if measure == "month" and meant and period:
            name = key_id(CURATED, STATISTICS, contract.department, kind)
            key_ = secret(settings, name)
            told[column.name] = token(key_, "person_key", f"{meant}@{period}")


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
