"""What a standing statistic counts, against counting by hand; what its table looks like."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake_config.contract_statistics import MEASURES, Statistic
from privacy.mask_frame import published_columns
from privacy.policy import STATISTICS
from privacy.small_counts import DOMINANT, LARGEST, PEOPLE, VALUE, WITHHELD
from privacy.standing_statistics import body, cells_of, counted, published_as
from quality.row_values import value
from tests.lib.quality_cases import column, table

VISITS = table(
    "visits",
    [
        column("no", semantic_type="record_key", primary_key=True),
        column("who", semantic_type="person_key"),
        column("home", semantic_type="address"),
        column("born", "date", semantic_type="birth_date"),
        column("on", "date", semantic_type="event_date"),
        column("ill", semantic_type="diagnosis_code"),
        column("paid", "number", semantic_type="amount", physical_type="decimal(12,2)"),
    ],
)
BY = ("on", "home", "born", "ill")
CHAPTERS = {"J20.9": "J00-J99", "J45": "J00-J99", "A01": "A00-B99"}
COUNTIES = {"绥化市北林区中兴路1号": "北林区", "海伦市牛街2号": "海伦市"}


def told(name: str, cell: str | None) -> Any:
    if cell is None:
        return None
    if name == "on":
        return date.fromisoformat(cell).replace(day=1)
    if name == "born":
        return max(1935, int(cell[:4])) // 10 * 10
    return {"home": COUNTIES, "ill": CHAPTERS}[name][cell]


CELLS = {
    "who": [*map(str, range(1, 10)), None],
    "home": [*COUNTIES, None],
    "born": ["1931-02-03", "1990-01-01", "1999-12-31"],
    "on": ["2025-01-01", "2025-01-31", "2025-02-01", None],
    "ill": list(CHAPTERS),
    "paid": ["10.00", "0.00", "990.00"],
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(cells) for name, cells in CELLS.items()}),
    min_size=1,
    max_size=40,
)  # fmt: skip


def statistic(measure: str, by: tuple[str, ...]) -> Statistic:
    return Statistic("s", "统计", by, measure, "paid" if measure == "sum" else "")


@settings(max_examples=40)
@given(
    rows=ROWS,
    measure=st.sampled_from(MEASURES),
    by=st.lists(st.sampled_from(BY), min_size=1, max_size=3, unique=True),
    at_least=st.integers(1, 4),
)
def test_cells_are_those_of_counting_by_hand(
    rows: list[dict[str, Any]], measure: str, by: list[str], at_least: int
) -> None:
    wanted = statistic(measure, tuple(by))
    landed = pl.DataFrame(
        [{"no": str(place), **row} for place, row in enumerate(rows)],
        schema=[item.name for item in VISITS.columns],
        schema_overrides=dict.fromkeys(
            [item.name for item in VISITS.columns], pl.String
        ),
    )
    looked_at = counted(landed.lazy(), VISITS, wanted, value).collect().lazy()
    found = cells_of(looked_at, VISITS, wanted, at_least)
    true: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        true[tuple(told(name, row[name]) for name in by)].append(row)
    few = cells_of_few_illnesses(list(true), by)
    lines = {
        tuple(
            None if name == "ill" else part for name, part in zip(by, cell, strict=True)
        )
        if cell in few
        else cell
        for cell in true
    }
    assert sorted(map(str, lines)) == sorted(map(str, found.select(by).rows()))
    for cell in found.iter_rows(named=True):
        place = tuple(cell[name] for name in by)
        if place not in true:
            assert cell[WITHHELD] and cell[VALUE] is None
            continue
        mine = true[place]
        people = {row["who"] for row in mine}
        assert cell[PEOPLE] == len(people)
        parts: dict[Any, float] = defaultdict(float)
        for row in mine:
            parts[row["who"]] += float(row["paid"])
        whole = sum(parts.values())
        mostly_one = (
            measure == "sum" and whole and max(parts.values()) / whole > DOMINANT
        )
        if len(people) < at_least or mostly_one:
            assert cell[WITHHELD] and cell[VALUE] is None
        if not cell[WITHHELD]:
            exact = {"rows": len(mine), "persons": len(people), "sum": whole}[measure]
            step = 100 if measure == "sum" else 5
            assert cell[VALUE] % step == 0 and abs(cell[VALUE] - exact) <= step / 2
    receipt = body(found, wanted, at_least)
    assert receipt["cells"] == len(lines) and receipt["small"] <= receipt["withheld"]


def cells_of_few_illnesses(cells: list[Any], by: list[str]) -> set[Any]:
    """Those beside which too few others differ from them in the illness alone."""
    if "ill" not in by or len(by) == 1:
        return set()
    place = by.index("ill")
    groups = defaultdict(set)
    for cell in cells:
        groups[cell[:place] + cell[place + 1 :]].add(cell)
    needed = min(3, len({cell[place] for cell in cells}))
    return set().union(*(group for group in groups.values() if len(group) < needed))


@pytest.mark.parametrize("measure", MEASURES)
def test_its_table_is_about_nobody(measure: str) -> None:
    own = published_as(VISITS, statistic(measure, BY))
    assert [item.name for item in own.columns] == [*BY, "value"]
    assert published_columns(own, STATISTICS) == own.columns
    assert {item.semantic_type for item in own.columns} == {"not_personal"}
    assert (
        own.primary_key == ()
        and own.name == "s"
        and own.share_type == VISITS.share_type
    )
    assert own.column("on").business_name.endswith("（月）")


def test_a_table_about_nobody_is_counted_by_its_rows() -> None:
    public = table("drugs", [column("kind", codes=("1", "2")), column("no")])
    wanted = Statistic("s", "统计", ("kind",), "rows")
    rows = pl.LazyFrame({"kind": ["1"] * 30 + ["2"] * 3, "no": ["x"] * 33})
    found = cells_of(counted(rows, public, wanted, value), public, wanted, 5)
    assert found.sort("kind")[PEOPLE].to_list() == [30, 3]
    nobody = replace(VISITS, columns=VISITS.columns[2:])
    wanted = statistic("rows", ("home",))
    rows = pl.LazyFrame({name: [cells[0]] * 90 for name, cells in CELLS.items()})
    found = cells_of(counted(rows, nobody, wanted, value), nobody, wanted, 5)
    assert found[VALUE].to_list() == [None], "nobody knows whose rows they are"


@pytest.mark.parametrize("carer", ["who", "whom"])
def test_a_sum_that_is_mostly_of_one_of_two_people_is_withheld(carer: str) -> None:
    """Thirty payments, twenty of them to one carer, each for somebody else."""
    cared = "whom" if carer == "who" else "who"
    couples = table(
        "care", [*VISITS.columns, column("whom", semantic_type="person_key")]
    )
    rows = pl.DataFrame(
        {
            **{name: [cells[0]] * 30 for name, cells in CELLS.items()},
            cared: [f"{place}" for place in range(30)],
            carer: [f"{100 + max(place, 19)}" for place in range(30)],
        }
    )
    wanted = statistic("sum", ("home",))
    found = cells_of(counted(rows.lazy(), couples, wanted, value), couples, wanted, 5)
    assert found[LARGEST].to_list() == pytest.approx([2 / 3])
    assert found[VALUE].to_list() == [None]
