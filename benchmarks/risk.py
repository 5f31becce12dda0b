"""The risk gate: how many people share what is told of a whole city, and what it costs.

`risk` counts invented people, in a process of its own; `risk-cost` masks settlements with
the gate and without, from the same file, without Spark.
"""

from __future__ import annotations

import resource
import secrets
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from audit.ledger import init_ledger, open_ledger
from benchmarks.measure import compare, facts
from benchmarks.stage import DEPARTMENT, FIRST_DAY, TABLE
from jobs.committed_rows import in_pieces
from jobs.published_value import published_value
from jobs.risk_gate import looked_at
from jobs.staged import write_pieces
from lake_config.contract import Column, Table
from lake_config.contract_loader import contract_of
from lake_config.duties import Duty
from lake_config.layers import CURATED
from lake_config.settings import Settings, load
from privacy.keys import init_keys
from privacy.leak_scan import cells_to_scan, found_in, scanned_columns
from privacy.mask_frame import mask
from privacy.policy import STATISTICS
from privacy.risk.decide import Decision, decide, people_at_least
from privacy.risk.ladder import Parts, parts_of
from privacy.risk.measure import groups
from privacy.scopes import Scope, first_keys, scope_in_force
from quality.frames import collected
from simulation.city import clean_rows
from simulation.people import chunks_of, people_of
from storage.store import Store, store_of

SEED = 7
POLICE = 20
SMALL = 20_000
TOLD = ("county_code", "birth_date", "sex_code")
GOAL = (
    f"county, birth year and sex keep k of {POLICE} at a million persons; under 1 GiB"
)
COST_GOAL = "masking with the gate at most 1.3 times the wall time without"


def run(persons: int) -> dict[str, Any]:
    """The city of `persons`, and one of 20,000, each in a process of its own."""
    small, large = (_alone(size) for size in (SMALL, persons))
    found = {f"{name}, {SMALL:,} persons": told for name, told in small.items()}
    found |= {f"{name}, {persons:,} persons": told for name, told in large.items()}
    return facts("risk", GOAL, persons, found)


def _alone(persons: int) -> dict[str, Any]:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, persons).result()


def _measured(persons: int) -> dict[str, Any]:
    register = contract_of(load().contracts, "public_security").table("residents")
    narrow = only(register, *TOLD)
    with tempfile.TemporaryDirectory(prefix="lake-risk-") as folder:
        files = _register(Path(folder), register, persons)
        found = {
            "county, birth year, sex": _told(decided_of(files, narrow)),
            "the whole register": _told(decided_of(files, register)),
        }
        began, cpu = time.monotonic(), time.process_time()
        decided_of(files, register)
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        **found,
        "the whole register decided in": f"{wall:.1f} s, {cpu:.1f} CPU-seconds",
        "peak MiB": round(peak),
    }


def only(table: Table, *names: str) -> Table:
    """The table with these columns and its persons alone."""
    kept = (*names, *(item.name for item in parts_of(table, STATISTICS).persons))
    columns = tuple(item for item in table.columns if item.name in kept)
    return replace(table, columns=columns)


def decided_of(files: list[Path], table: Table) -> Decision:
    parts = parts_of(table, STATISTICS)
    rows = looked_at([pl.scan_parquet(file) for file in files], parts)
    return decide(rows, parts, POLICE, STATISTICS)


def _told(decision: Decision) -> str:
    levels = ", ".join(f"{name} {how}" for name, how in decision.levels.items())
    before, after = decision.before.smallest, decision.after.smallest
    return (
        f"k {before} by the policy alone, {after} as told after {decision.steps} steps "
        f"({levels}), {decision.left_out} rows left out"
    )


def _register(folder: Path, table: Table, persons: int) -> list[Path]:
    """The residents' columns that the gate looks at, chunk by chunk."""
    files = []
    for chunk in range(chunks_of(persons)):
        people = people_of(SEED, chunk, persons)
        rng = np.random.default_rng([SEED, chunk])
        days = np.datetime64("2026-01-01") - rng.integers(0, 9_000, len(people))
        cells = {
            "identity_number": people.identity_number,
            "sex_code": people.sex,
            "birth_date": people.birth,
            "address": people.address,
            "county_code": people.county,
            "relation_code": np.array(["01", "02", "10"])[people.role],
            "marital_code": np.where(people.role < 2, "20", "10"),
            "registered_on": days,
        }
        file = folder / f"part-{chunk:05d}.parquet"
        landed = [landed_as(table.column(name)) for name in cells]
        pl.DataFrame(cells).with_columns(landed).write_parquet(file)
        files.append(file)
    return files


def landed_as(column: Column) -> pl.Expr:
    """As the source's reader would leave the column in raw."""
    types = {"date": pl.Date(), "bigint": pl.Int64()}
    decimal = column.landed_type.startswith("decimal")
    type_ = pl.Decimal(12, 2) if decimal else types.get(column.landed_type, pl.String())
    return pl.col(column.name).cast(type_)


def cost(rows: int) -> dict[str, Any]:
    """Masking `rows` settlements from one file into staging, and scanning them, with the
    gate and without; as any version but the first, which has more steps to try."""
    with settlements(rows) as (settings, store, file):
        contract = contract_of(settings.contracts, DEPARTMENT)
        table = contract.table(TABLE)
        parts, least = parts_of(table, STATISTICS), people_at_least(contract)
        first = decide(
            looked_at(in_pieces(store, file), parts), parts, least, STATISTICS
        )
        before = first.body()

        def masked(decision: Decision | None) -> None:
            _written(settings, store, file, table, decision)

        def gated() -> None:
            looked = looked_at(in_pieces(store, file), parts)
            masked(decide(looked, parts, least, STATISTICS, before))

        return compare("risk-cost", COST_GOAL, rows, lambda: masked(None), gated)


def _written(
    settings: Settings,
    store: Store,
    file: Path,
    table: Table,
    decision: Decision | None,
) -> None:
    """As the step does it: pieces, files, and a look at every cell that is text."""
    pieces = [
        mask(piece, table, scope_of(settings), settings, published_value, decision)
        for piece in in_pieces(store, file)
    ]
    facts_ = (CURATED, DEPARTMENT, TABLE, FIRST_DAY, secrets.token_hex(4))
    folder = settings.layers.staged(*facts_)
    files = write_pieces(store, pieces, folder)
    rows = pl.scan_parquet([folder / item["path"] for item in files])
    types = rows.collect_schema()
    for name in scanned_columns(types):
        found_in(collected(cells_to_scan(rows, name, types[name])))
    if decision is not None:
        collected(groups(rows, Parts((), decision.parts.quasi, ()), decision.levels))
    store.remove(folder)


def scope_of(settings: Settings, department: str = DEPARTMENT) -> Scope:
    ledger = open_ledger(settings)
    return scope_in_force(settings, ledger, CURATED, STATISTICS, department)


@contextmanager
def lake_of(department: str) -> Iterator[Settings]:
    """A lake with the keys of one department's curated tables, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="lake-risk-") as home:
        settings = load({"LAKE_HOME": home})
        Path(home).chmod(0o700)
        init_keys(settings)
        whose = (CURATED, STATISTICS, department)
        first_keys(settings, init_ledger(settings), *whose, "benchmark")
        yield settings


@contextmanager
def settlements(rows: int) -> Iterator[tuple[Settings, Store, Path]]:
    """A lake with so many settlements, clean and invented, in one file of raw."""
    with lake_of(DEPARTMENT) as settings:
        store = store_of(settings, Duty.MASKER)
        folder = settings.layers.raw_attempt(DEPARTMENT, TABLE, FIRST_DAY, "a")
        folder.mkdir(parents=True)
        file = folder / "part-0.parquet"
        collected(_invented(settings, rows)).write_parquet(file)
        yield settings, store, file


def _invented(settings: Settings, rows: int) -> pl.LazyFrame:
    contract, persons = contract_of(settings.contracts, DEPARTMENT), rows // 5
    frames = []
    for chunk in range(chunks_of(persons)):
        people = people_of(SEED, chunk, persons)
        named = {
            table.name: found
            for table, found in clean_rows(contract, people, SEED, chunk, FIRST_DAY)
        }
        landed = [landed_as(item) for item in contract.table(TABLE).columns]
        frames.append(named[TABLE].with_columns(landed))
    return pl.concat(frames).lazy().head(rows)
