"""The gate over an invented city: a small one's ages come in bands, a large one's do not.

Twenty thousand people in every run; `LAKE_TEST_PERSONS=1000000` shows the million, whose
result `./lake bench risk --persons 1000000 --save` keeps.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date

import polars as pl
import pytest

from jobs.risk_gate import looked_at
from lake_config.contract import Column
from lake_config.contract_loader import contract_of, load_contracts
from lake_config.settings import ROOT
from privacy.policy import STATISTICS
from privacy.risk.decide import Decision, decide, people_at_least
from privacy.risk.ladder import parts_of
from simulation.city import clean_rows
from simulation.people import chunks_of, people_of
from tests.lib import plain_risk
from tests.lib.plain_risk import Plain
from tests.lib.quality_cases import column, table

TOLD = table(
    "told",
    [
        column("who", semantic_type="identity_number"),
        column("county", semantic_type="county_code"),
        column("born", "date", semantic_type="birth_date"),
        column("sex", semantic_type="sex"),
    ],
)
PARTS = parts_of(TOLD, STATISTICS)
PERSONS = int(os.environ.get("LAKE_TEST_PERSONS") or 0)


def city(persons: int) -> pl.DataFrame:
    frames = []
    for chunk in range(chunks_of(persons)):
        people = people_of(7, chunk, persons)
        years = people.birth.astype("datetime64[Y]").astype(int) + 1970
        cells = {
            "who": people.number,
            "county": people.county,
            "born": years,
            "sex": people.sex,
        }
        frames.append(pl.DataFrame(cells))
    return pl.concat(frames).with_columns(pl.col("county", "sex").cast(pl.Categorical))


def decided(persons: int) -> tuple[pl.DataFrame, Decision]:
    police = contract_of(ROOT / "lake_config" / "contracts", "public_security")
    rows = city(persons)
    return rows, decide(rows, PARTS, people_at_least(police), STATISTICS)


def test_of_twenty_thousand_people_ages_come_in_bands(
    seen: Callable[[str], None],
) -> None:
    rows, decision = decided(20_000)
    assert decision.before.smallest < 20 <= decision.after.smallest
    assert decision.levels == {"county": "keep", "born": "birth_band", "sex": "keep"}
    assert 0 < decision.before.small_rows and decision.left_out <= 1_000
    texts = rows.with_columns(pl.col("county", "sex").cast(pl.String))
    plain = Plain(("who",), {item.name: item.semantic_type for item in PARTS.quasi}, {})
    first = {"county": "keep", "born": "birth_year", "sex": "keep"}
    _, levels, kept = plain_risk.decided(plain, texts.to_dicts(), first, 20)
    assert levels == decision.levels and len(kept or ()) == decision.after.rows
    seen(
        f"k of 20: 20,000 people, county, birth year and sex: {decision.before.smallest} "
        f"-> {decision.after.smallest} in bands of five years, "
        f"{decision.left_out} rows left out"
    )


@pytest.mark.skipif(not PERSONS, reason="LAKE_TEST_PERSONS says how many people")
def test_of_a_million_people_county_birth_year_and_sex_keep_twenty(
    seen: Callable[[str], None],
) -> None:
    _, decision = decided(PERSONS)
    assert decision.steps == 0 and decision.left_out == 0
    assert decision.before.smallest >= 20
    seen(f"k of 20: {PERSONS:,} people: {decision.before.smallest}, nothing coarser")


def test_no_table_of_the_smallest_demo_is_refused(seen: Callable[[str], None]) -> None:
    """1,500 people, as `./lake demo` takes them at least; told with less, never not at all."""
    people, shares = people_of(7, 0, 1_500), []
    for contract in load_contracts(ROOT / "lake_config" / "contracts"):
        for one, rows in clean_rows(contract, people, 7, 0, date(2026, 3, 2)):
            parts = parts_of(one, STATISTICS)
            if parts.about_people:
                landed = rows.with_columns(landed_as(item) for item in one.columns)
                looked = looked_at([landed.lazy()], parts)
                found = decide(looked, parts, people_at_least(contract), STATISTICS)
                assert not found.refused, one.name
                assert found.after.smallest >= found.at_least
                shares.append(found.left_out / found.reached.rows)
    seen(
        f"risk gate: {len(shares)} tables of 1,500 people, {max(shares):.1%} left out at most"
    )


def landed_as(item: Column) -> pl.Expr:
    types = {"date": pl.Date(), "bigint": pl.Int64()}
    decimal = item.landed_type.startswith("decimal")
    type_ = pl.Decimal(12, 2) if decimal else types.get(item.landed_type, pl.String())
    return pl.col(item.name).cast(type_)
