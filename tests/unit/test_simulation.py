"""The invented city: the same bytes each time, and no defect but those it tells of.

Judged by the slow second implementation of the rules, for every table of every contract.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from lake_config.contract import Contract, Table
from lake_config.contract_loader import load_contracts
from lake_config.layers import Layers
from lake_config.settings import ROOT
from quality.suite import rules_for
from simulation.city import rows_of, simulate
from simulation.defects import KINDS
from simulation.row_digest import row_digest
from tests.lib import plain_rules
from tests.lib.small_lake import DAY, quiet

CONTRACTS = load_contracts(ROOT / "lake_config" / "contracts")
PERSONS = 1_200
TABLES = [(contract, table) for contract in CONTRACTS for table in contract.tables]


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Layers:
    found = Layers(tmp_path_factory.mktemp("city"))
    simulate(found, CONTRACTS, PERSONS, 3, DAY, quiet)
    return found


def as_text(table: Table) -> Table:
    """The table as it would be judged had it come in a text file."""
    columns = [replace(column, landed_type="string") for column in table.columns]
    return replace(table, columns=tuple(columns))


def delivered(layers: Layers, contract: Contract, name: str) -> list[dict[str, object]]:
    frames = rows_of(layers, contract.department, name, DAY)
    return pl.concat(frames).rows(named=True)


@pytest.mark.parametrize(
    ("contract", "table"), TABLES, ids=[table.name for _, table in TABLES]
)
def test_every_planted_defect_is_one_and_there_is_no_other(
    layers: Layers, contract: Contract, table: Table
) -> None:
    rules = [
        rule for rule in rules_for(contract, as_text(table)) if rule.severity == "stop"
    ]
    rows = delivered(layers, contract, table.name)
    parents = {
        reference.parent_table: delivered(layers, contract, reference.parent_table)
        for reference in table.references
    }
    broken = plain_rules.violations(as_text(table), rules, rows, parents)
    found = Counter(
        (rule, row_digest([row[column.name] for column in table.columns]))
        for row, names in zip(rows, broken, strict=True)
        for rule in names
    )
    truth = pl.read_parquet(layers.truth / "defects.parquet").filter(
        department=contract.department, table=table.name
    )
    assert found == Counter(truth.select("rule", "row_digest").iter_rows())


def test_every_kind_of_defect_is_planted(layers: Layers) -> None:
    truth = pl.read_parquet(layers.truth / "defects.parquet")
    planted = {rule.split(".")[0] for rule in truth["rule"]}
    assert planted == set(KINDS)


def test_the_same_seed_gives_the_same_bytes(layers: Layers, tmp_path: Path) -> None:
    again, other = Layers(tmp_path / "again"), Layers(tmp_path / "other")
    simulate(again, CONTRACTS, PERSONS, 3, DAY, quiet)
    simulate(other, CONTRACTS, PERSONS, 4, DAY, quiet)
    assert bytes_of(again) == bytes_of(layers) != bytes_of(other)


def bytes_of(layers: Layers) -> dict[str, bytes]:
    return {
        path.relative_to(layers.home).as_posix(): path.read_bytes()
        for path in sorted(layers.home.rglob("*.parquet"))
    }
