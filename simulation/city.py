"""Invents the city: all departments' rows of one delivery date, and the truth apart.

Rows are kept as Parquet parts of text under the departments' own `sources/` folder; the
deliveries are made from there. One chunk of households is in memory at a time.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from importlib import import_module
from pathlib import Path

import numpy as np
import polars as pl

from lake_config.contract import Contract, Table
from lake_config.layers import Layers, batch_id
from simulation.canaries import with_canaries
from simulation.defects import plant
from simulation.people import COUNTIES, People, chunks_of, people_of
from simulation.row_digest import row_digest
from simulation.truth import TruthWriter

Say = Callable[[str], None]
DEFECT_RATE = 0.003
DELIVERY_SEED = 3


def rows_folder(layers: Layers, department: str, table: str, day: date) -> Path:
    """Where the invented rows of one table wait for their delivery."""
    return layers.sources / department / "rows" / day.isoformat() / table


def simulate(
    layers: Layers,
    contracts: Sequence[Contract],
    persons: int,
    seed: int,
    day: date,
    say: Say,
    rate: float = DEFECT_RATE,
    canaries: int = 0,
) -> None:
    """Write every department's rows of `day`, and truth/people and truth/defects.

    The first `canaries` people are recognisable.
    """
    for contract in contracts:
        for table in contract.tables:
            folder = rows_folder(layers, contract.department, table.name, day)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
    total = chunks_of(persons)
    with TruthWriter(layers.truth) as truth:
        for chunk in range(total):
            people = with_canaries(people_of(seed, chunk, persons), canaries)
            truth.people(_people_frame(people))
            for contract in contracts:
                _department_chunk(
                    layers, contract, people, seed, chunk, day, rate, truth
                )
            say(f"  虚构人口：第 {chunk + 1}/{total} 块，{len(people):,} 人")


def _people_frame(people: People) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "identity_number": people.identity_number,
            "name": people.name,
            "mobile": people.mobile,
            "address": people.address,
            "county": [COUNTIES[code] for code in people.county],
        }
    )


def _department_chunk(
    layers: Layers,
    contract: Contract,
    people: People,
    seed: int,
    chunk: int,
    day: date,
    rate: float,
    truth: TruthWriter,
) -> None:
    for table, rows in clean_rows(contract, people, seed, chunk, day):
        rng = _generator(seed, chunk, f"{contract.department}.{table.name}")
        damaged, defects = plant(contract, table, rows, rng, rate)
        folder = rows_folder(layers, contract.department, table.name, day)
        damaged.write_parquet(folder / f"part-{chunk:05d}.parquet")
        batch = batch_id(contract.department, table.name, day)
        truth.defects(
            contract.department,
            table.name,
            batch,
            [(rule, row_digest(damaged.row(place))) for rule, place in defects],
        )


def clean_rows(
    contract: Contract, people: People, seed: int, chunk: int, day: date
) -> Iterator[tuple[Table, pl.DataFrame]]:
    """The department's rows about one chunk of people, without defects."""
    module = import_module(f"simulation.departments.{contract.department}")
    rng = _generator(seed, chunk, contract.department)
    records = module.records(people, rng, np.datetime64(day, "D"), chunk)
    for table in contract.tables:
        if table.name in records:
            names = [column.name for column in table.columns]
            columns = {name: list(records[table.name][name]) for name in names}
            yield table, pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))


def _generator(seed: int, chunk: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, chunk, DELIVERY_SEED, *name.encode()])


def rows_of(
    layers: Layers, department: str, table: str, day: date
) -> Iterator[pl.DataFrame]:
    """The rows of one table, part by part."""
    folder = rows_folder(layers, department, table, day)
    for path in sorted(folder.glob("part-*.parquet")):
        yield pl.read_parquet(path)
