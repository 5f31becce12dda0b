"""Set rules by polars agree with plain Python, whatever lies in the keys."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_config.contract import Reference, Rule, Table
from lake_config.errors import ContractError
from lake_config.settings import ROOT
from quality.frames import NO_SPILL
from quality.set_rules import distinct_keys, set_violations
from quality.suite import rules_for
from tests.lib import plain_rules
from tests.lib.quality_cases import (
    FAMILIES,
    INVENTED,
    MEMBERS,
    column,
    contract,
    generated_rows,
    table,
)

Row = dict[str, Any]
TYPES = {
    "string": pl.String,
    "bigint": pl.Int64,
    "date": pl.Date,
    "boolean": pl.Boolean,
    "decimal(18,0)": pl.Decimal(18, 0),
    "decimal(9,2)": pl.Decimal(9, 2),
    "decimal(9,0)": pl.Decimal(9, 0),
    "decimal(12,2)": pl.Decimal(12, 2),
    "timestamp": pl.Datetime("us"),
}
TEXTS = (None, "", " ", "\u3000", "\ufffd", "A\ufffd", "A", "B", "b", "None", "1", "01")
PLACES = table(
    "places", [column("code"), column("number", "integer", landed_type="bigint")]
)
VISITS = table(
    "visits",
    [
        column("office", primary_key=True),
        column("number", "integer", primary_key=True, landed_type="bigint"),
        column("card", unique=True),
        column("place"),
        column("above"),
    ],
    references=(
        Reference("place", "places", "code"),
        Reference("above", "visits", "card"),
        Reference("number", "places", "number"),
    ),
)
WHOLE = contract(PLACES, VISITS)
MUTING = (
    Rule("required.by_another_name", "required", ("place",), "stop"),
    Rule("decodable.card", "decodable", ("card",), "warn"),
)


def framed(made: Table, rows: Sequence[Mapping[str, Any]]) -> pl.LazyFrame:
    """Rows as they lie in raw, in pieces."""
    types = {item.name: TYPES[item.landed_type] for item in made.columns}
    schema = {**types, "_row": pl.Int64}
    cells = [{**row, "_row": number} for number, row in enumerate(rows)]
    return pl.concat([pl.LazyFrame(cells[part::2], schema) for part in (0, 1)])


def expected(
    made: Table,
    rules: Sequence[Rule],
    rows: Sequence[Row],
    parents: Mapping[str, Sequence[Row]],
) -> list[tuple[int, str]]:
    found = plain_rules.violations(made, rules, rows, {**parents, made.name: rows})
    sets = {rule.name for rule in rules if rule.kind in ("unique", "reference")}
    return [
        (row, name) for row, names in enumerate(found) for name in names if name in sets
    ]


TEXT, NUMBER = st.sampled_from(TEXTS), st.sampled_from((None, 0, 1, 2))
ROWS = st.lists(
    st.fixed_dictionaries(
        {"office": TEXT, "number": NUMBER, "card": TEXT, "place": TEXT, "above": TEXT}
    ),
    max_size=12,
)
PARENTS = st.lists(st.fixed_dictionaries({"code": TEXT, "number": NUMBER}), max_size=6)


@given(ROWS, PARENTS, st.sampled_from([(), MUTING[:1], MUTING]))
def test_the_rows_found_are_those_of_plain_python(
    rows: list[Row], parents: list[Row], more: tuple[Rule, ...]
) -> None:
    derived = [rule for rule in rules_for(WHOLE, VISITS) if rule.kind != "decodable"]
    rules = [*derived, *more]
    places = framed(PLACES, parents)
    found = set_violations(VISITS, rules, framed(VISITS, rows), {"places": places})
    assert found.schema == {"_row": pl.Int64, "rule": pl.String}
    wanted = expected(VISITS, rules, rows, {"places": parents})
    assert sorted(found.rows()) == sorted(wanted)


@given(ROWS)
def test_distinct_keys_are_complete_and_different(rows: list[Row]) -> None:
    keys = {(row["office"], row["number"]) for row in rows}
    frame = framed(VISITS, rows)
    assert distinct_keys(VISITS, frame) == sum(None not in key for key in keys)
    assert distinct_keys(PLACES, frame) == len(rows), "without a key every row counts"


@pytest.mark.parametrize("seed", [11, 12])
def test_rows_full_of_nasty_text(seed: int) -> None:
    rules = rules_for(INVENTED, MEMBERS)
    rows = generated_rows(seed, 1500)
    families = [{"family_no": number} for number in ("F1", "F2", None)]
    found = set_violations(
        MEMBERS,
        rules,
        framed(MEMBERS, rows).select("_row", *keys(rules)),
        {"families": framed(FAMILIES, families)},
    )
    wanted = expected(MEMBERS, rules, rows, {"families": families})
    assert sorted(found.rows()) == sorted(wanted)
    assert len({name for _, name in wanted}) == 3


def keys(rules: Sequence[Rule]) -> set[str]:
    """All that the set rules read: narrow columns."""
    sets = [rule for rule in rules if rule.kind in ("unique", "reference")]
    return {name for rule in sets for name in rule.columns}


def referring(
    landed: str, values: list[Any], parent: str, known: list[Any]
) -> list[int]:
    """Rows whose value the parent has not, with the types both sides landed in."""
    above = table("above", [column("key", landed_type=parent)])
    below = table("below", [column("key", landed_type=landed)])
    below = replace(below, references=(Reference("key", "above", "key"),))
    rules = [
        rule for rule in rules_for(contract(above, below), below)
        if rule.kind == "reference"
    ]  # fmt: skip
    rows = framed(below, [{"key": value} for value in values])
    others = framed(above, [{"key": value} for value in known])
    return set_violations(below, rules, rows, {"above": others})["_row"].to_list()


D = Decimal


@pytest.mark.parametrize(
    ("landed", "values", "parent", "known"),
    [
        ("bigint", [7, -120, None], "string", ["-120", None]),
        ("string", ["07", "-120", None], "bigint", [7, -120]),
        ("decimal(18,0)", [D(7), D(-120)], "bigint", [-120]),
        ("decimal(9,0)", [D(7), D(-120)], "decimal(18,0)", [D(-120)]),
        ("decimal(9,2)", [D("7.10"), D("-1.50")], "decimal(9,2)", [D("-1.50")]),
        ("date", [date(2024, 2, 29), date(1, 1, 1)], "date", [date(1, 1, 1)]),
        ("boolean", [True, False, None], "boolean", [False, None]),
    ],
)
def test_keys_that_may_be_compared(
    landed: str, values: list[Any], parent: str, known: list[Any]
) -> None:
    assert referring(landed, values, parent, known) == [0]


@pytest.mark.parametrize(
    ("landed", "parent"),
    [
        ("date", "string"),
        ("decimal(9,2)", "bigint"),
        ("decimal(9,2)", "decimal(18,0)"),
        ("boolean", "string"),
        ("timestamp", "timestamp"),
    ],
)
def test_keys_nobody_has_proven_are_refused(landed: str, parent: str) -> None:
    with pytest.raises(ContractError, match="key"):
        referring(landed, [], parent, [])


def test_a_unique_column_nobody_has_proven_is_refused() -> None:
    made = table("t", [column("at", landed_type="timestamp", unique=True)])
    rules = rules_for(contract(made), made)
    with pytest.raises(ContractError, match="at"):
        set_violations(made, rules, framed(made, []), {})


def test_many_rows_in_several_files(tmp_path: Path) -> None:
    """More than the engine takes at once; what belongs together lies far apart."""
    number, files = 300_000, [tmp_path / name for name in ("a.parquet", "[b].parquet")]
    texts = [f"R{row}" for row in range(number)]
    texts[number - 1], texts[number // 2] = texts[5], texts[7]
    for part, file in enumerate(files):
        own = slice(part * number // 2, (part + 1) * number // 2)
        rows = range(number)[own]
        content = {"key": texts[own], "_row": list(rows)}
        pq.write_table(pa.table(content), file, row_group_size=40_000)
    made = table("many", [column("key", primary_key=True)])
    rules = rules_for(contract(made), made)
    scanned = pl.scan_parquet(files, glob=False)
    found = set_violations(made, rules, scanned, {})
    assert sorted(found["_row"]) == [5, 7, number // 2, number - 1]
    assert distinct_keys(made, scanned) == number - 2


SHORT_OF_MEMORY = """
import sys
import polars as pl
if sys.argv[1] == "ours":
    import quality.frames
rows = pl.LazyFrame({"key": pl.int_range(0, 1_000_000, eager=True)})
texts = rows.select(pl.col("key").cast(pl.String) + "-23120219900307001X")
counts = texts.group_by("key").len().filter(pl.col("len") > 1)
sys.exit(counts.collect(engine="streaming").height)
"""


def test_short_of_memory_no_cell_goes_to_disk(tmp_path: Path) -> None:
    """The engine by itself would spill, and here it may not: it says so and ends."""
    outer = {name: text for name, text in os.environ.items() if name not in NO_SPILL}
    little = {"POLARS_OVERRIDE_TOTAL_MEMORY_MB": "8", "POLARS_OOC_DISK_BUDGET_MB": "0"}
    place = {"POLARS_OOC_SPILL_DIR": str(tmp_path)}
    codes = {
        whose: subprocess.run(
            [sys.executable, "-c", SHORT_OF_MEMORY, whose],
            cwd=ROOT,
            env={**outer, **little, **place},
            stderr=subprocess.DEVNULL,
            timeout=60,
        ).returncode
        for whose in ("ours", "theirs")
    }
    assert codes == {"ours": 0, "theirs": 1}
