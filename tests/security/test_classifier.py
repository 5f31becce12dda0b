"""Must show 3: all contracts' columns and many confusers, with names shown and hidden.

A direct identifier is what a contract says is one. Once the contract's classes and Chinese
names are hidden and the column's technical name is left; once more nothing but the values
is. What no value can tell is listed here and in docs/reference/classification.md.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np
import polars as pl
import pytest

from lake_config.contract import Contract, Table
from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT
from privacy.classification.classes import DEFAULT, DIRECT
from privacy.classification.measures import Sample
from privacy.classification.watch import Watched, watched
from privacy.classify import findings, lineage, propose, samples, watched_columns
from privacy.person_count import born, person_number
from privacy.policy import STATISTICS, treatment
from privacy.table_tags import fourteen_years_before
from simulation.city import clean_rows
from simulation.defects import plant
from simulation.people import people_of
from tests.lib.confusers import CONFUSERS, cells
from tests.lib.quality_cases import column, table

PERSONS, ROWS = 3_000, 1_000
DAY = date(2026, 3, 2)
TOLD_BY_VALUES = frozenset(
    "identity_number mobile bank_card plate vin person_name address".split()
)
"""Direct identifiers that are found with hidden names as well."""

SEED = random.SystemRandom().randrange(1 << 32)


SHOWN, TECHNICAL, VALUES = "names shown", "Chinese names hidden", "all names hidden"
RUNS = (SHOWN, TECHNICAL, VALUES)


@dataclass(frozen=True, slots=True)
class Judged:
    """One column: what it is, and what it is held for."""

    where: str
    truth: str
    proposed: str
    confuser: bool = False


@lru_cache(maxsize=1)
def simulated() -> tuple[tuple[Contract, Table, pl.DataFrame], ...]:
    """All departments' rows about some people, with errors in them."""
    people = people_of(SEED % 10_000, 0, PERSONS)
    rng = np.random.default_rng(SEED)
    return tuple(
        (contract, item, plant(contract, item, rows, rng, 0.003)[0])
        for contract in load_contracts(ROOT / "lake_config" / "contracts")
        for item, rows in clean_rows(contract, people, SEED, 0, DAY)
    )


@lru_cache(maxsize=1)
def columns() -> dict[tuple[str, ...], dict[str, Watched]]:
    """What every column shows: the same in both runs."""
    found: dict[tuple[str, ...], dict[str, Watched]] = {
        (contract.department, item.name): {
            name: watched(rows[name]) for name in rows.columns
        }
        for contract, item, rows in simulated()
    }
    for kind, (name, _, maker) in CONFUSERS.items():
        made = cells(maker, ROWS, random.Random(f"{SEED} {kind}"))
        found[kind,] = {name: watched(pl.Series(name, made))}
    return found


@lru_cache(maxsize=1)
def looked_at() -> dict[tuple[str, ...], dict[str, Sample]]:
    return {where: samples(found) for where, found in columns().items()}


@lru_cache(maxsize=3)
def judged(run: str) -> tuple[Judged, ...]:
    return (*_of_contracts(run), *_of_confusers(run))


def _as_shown(about: Table, run: str) -> Table:
    """What the classifier may know of a table: without its contract's classes and Chinese
    names it is one that nobody has described yet."""
    if run == SHOWN:
        return about
    told = [
        replace(item, business_name="", semantic_type=DEFAULT) for item in about.columns
    ]
    return replace(about, business_name="", columns=tuple(told))


def _of_contracts(run: str) -> Iterator[Judged]:
    for contract, item, _ in simulated():
        shown = looked_at()[contract.department, item.name]
        known = _as_shown(item, run)
        for found in propose(known, shown, hidden=run == VALUES):
            truth = item.column(found.column).semantic_type
            where = f"{contract.department}.{item.name}.{found.column}"
            yield Judged(where, truth, found.name)


def _of_confusers(run: str) -> Iterator[Judged]:
    for kind, (name, label, _) in CONFUSERS.items():
        about = table("things", [column(name)], business_name="业务事项")
        about = _as_shown(_labelled(about, label), run)
        [found] = propose(about, looked_at()[kind,], hidden=run == VALUES)
        yield Judged(kind, "not_personal", found.name, True)


def _labelled(about: Table, label: str) -> Table:
    [only] = about.columns
    return replace(about, columns=(replace(only, business_name=label),))


def figures(found: tuple[Judged, ...]) -> tuple[list[str], list[str], int, int]:
    """Direct identifiers that were missed, columns wrongly held for one, and how many
    were found and proposed."""
    direct = [item for item in found if item.truth in DIRECT]
    proposed = [item for item in found if item.proposed in DIRECT]
    missed = [
        f"{item.where} {item.proposed}" for item in direct if item not in proposed
    ]
    wrong = [f"{item.where} {item.proposed}" for item in proposed if item not in direct]
    return missed, wrong, len(direct) - len(missed), len(proposed)


def test_there_are_confusers_enough() -> None:
    assert len(CONFUSERS) >= 60


@pytest.mark.parametrize("run", [SHOWN, TECHNICAL])
def test_every_direct_identifier_is_found(
    run: str, seen: Callable[[str], None]
) -> None:
    missed, wrong, found, proposed = figures(judged(run))
    right = (proposed - len(wrong)) / proposed
    seen(
        f"classifier, {run} (seed {SEED}): recall {found} of {found + len(missed)} direct "
        f"identifiers, precision {right:.3f} ({proposed - len(wrong)} of {proposed}), "
        f"{len(judged(run))} columns of which {len(CONFUSERS)} confusers; wrong: {wrong}"
    )
    assert not missed
    assert right >= 0.95, wrong


def test_without_names_all_that_values_can_tell_is_found(
    seen: Callable[[str], None],
) -> None:
    found = judged(VALUES)
    missed, wrong, good, proposed = figures(found)
    told = [item for item in found if item.truth in TOLD_BY_VALUES]
    lost = [item.where for item in told if item.proposed not in DIRECT]
    right = (proposed - len(wrong)) / proposed
    seen(
        f"classifier, {VALUES} (seed {SEED}): recall {len(told) - len(lost)} of {len(told)} "
        f"of {len(TOLD_BY_VALUES)} classes with a form, {good} of {good + len(missed)} of all; "
        f"precision {right:.3f} ({proposed - len(wrong)} of {proposed}); "
        f"not told: {missed}; wrong: {wrong}"
    )
    assert not lost
    assert right >= 0.95, wrong


@pytest.mark.parametrize("run", RUNS)
def test_what_no_value_can_tell_is_hidden_all_the_same(run: str) -> None:
    """A bare medical or licence number is held for a key or for text: a token, or nothing."""
    for item in judged(run):
        if item.truth in DIRECT:
            assert treatment(item.proposed, STATISTICS).kind != "keep", item


@pytest.mark.parametrize("run", RUNS)
def test_a_found_class_is_the_right_one(run: str) -> None:
    """Of the seven with a form not only that they are somebody's, but what they are."""
    for item in judged(run):
        if item.truth in TOLD_BY_VALUES:
            assert item.proposed == item.truth, item


def test_a_column_taken_from_another_table_is_what_it_is_there() -> None:
    """Lineage: with hidden names a person's key of a parent table is a person's key."""
    for contract, item, _ in simulated():
        origins = lineage(item, contract.tables)
        shown = looked_at()[contract.department, item.name]
        taken = {name: shown[name] for name in origins}
        for found in propose(item, taken, origins, hidden=True):
            assert found.name == origins[found.column]
            assert found.evidence[0].source == "lineage"


def test_the_contracts_as_they_are_leave_nothing_to_confirm() -> None:
    """Else a demo, and every first delivery, would wait for an officer."""
    for contract, item, rows in simulated():
        seen = columns()[contract.department, item.name]
        names = watched_columns(item, rows.schema)
        shown = {name: seen[name] for name in names}
        proposals = propose(item, samples(shown), lineage(item, contract.tables))
        assert findings(item, proposals, shown) == (), (
            f"{contract.department}.{item.name}"
        )


def test_contracts_say_where_children_are() -> None:
    """By identity numbers, in tables that have such a column."""
    since = int(f"{fourteen_years_before(DAY):%Y%m%d}")
    for _, item, rows in simulated():
        names = [
            one.name for one in item.columns if one.semantic_type == "identity_number"
        ]
        for name in names:
            births = rows.select(born(person_number(pl.col(name)))).to_series()
            assert item.minors or not (births > since).any(), f"{item.name}.{name}"
