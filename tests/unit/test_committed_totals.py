"""The lake's totals of the committed files: as in plain Python, and nothing is missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.committed_totals import canonical, committed_totals
from jobs.control_totals import ROW_SUM
from jobs.reconcile import compare
from lake_config.contract_loader import landed_type, load_contracts
from lake_config.errors import JobFailed
from lake_config.settings import ROOT
from simulation.row_digest import canonical_cell
from tests.lib.committed_files import arrow_type, as_arrow, commit, plain_totals
from tests.lib.local import LOCAL
from tests.lib.quality_cases import column, table

SMALL, LARGE = "decimal(12,2)", "decimal(38,10)"
LANDED = {
    "no": "string",
    "name": "string",
    "times": "bigint",
    "paid": SMALL,
    "rate": LARGE,
    "born": "date",
    "alive": "boolean",
}
FACTS = table(
    "facts", [column(name, landed_type=kind) for name, kind in LANDED.items()]
)
EVERYTHING = (ROW_SUM, *LANDED)

# Two that differ only in where a cell ends, text that looks like a canonical one, others'
# decompositions, beyond the basic plane, what stands for a character nobody could read.
NASTY = (
    "",
    "a",
    "aV1:b",
    "N",
    "V0:",
    "绥化市",
    "é",
    "e\u0301",
    "𠮷田👨‍👩‍👧",
    "\ufffd",
    "\0",
    " ",
)
texts = st.one_of(st.sampled_from(NASTY), st.text())


def decimals(digits: int, scale: int) -> st.SearchStrategy[Decimal]:
    largest = 10**digits - 1
    wide = st.integers(-largest, largest)
    return st.one_of(st.integers(-9, 9), wide).map(lambda n: Decimal(f"{n}E-{scale}"))


cells = {
    "string": texts,
    "bigint": st.integers(-(2**63), 2**63 - 1),
    SMALL: decimals(12, 2),
    LARGE: decimals(38, 10),
    "date": st.dates(),
    "boolean": st.booleans(),
}
rows_of_facts = st.lists(
    st.tuples(*(st.one_of(st.none(), cells[kind]) for kind in LANDED.values())),
    max_size=25,
)


@given(
    rows=rows_of_facts,
    repeated=st.integers(1, 3),
    cut=st.integers(0, 25),
    group=st.integers(1, 9),
    sums=st.sets(st.sampled_from([*EVERYTHING, "of_no_column"])),
)
def test_as_in_plain_python(
    rows: list[Any], repeated: int, cut: int, group: int, sums: set[str]
) -> None:
    rows = rows * repeated
    files = [as_arrow(FACTS, some) for some in (rows[:cut], rows[cut:])]
    with TemporaryDirectory() as folder:
        commit(Path(folder), files, group)
        found = committed_totals(LOCAL, Path(folder), FACTS, sums)
    assert found == plain_totals(FACTS, rows, sums)


def test_more_rows_than_one_morsel(tmp_path: Path) -> None:
    """Of texts that repeat and of texts that do not; the sums overflow 64 bits."""
    rows = [
        (
            f"R{number}",
            f"赵{number % 7}",
            number,
            Decimal(f"{number}E-2"),
            None,
            None,
            True,
        )
        for number in range(40_000)
    ]
    commit(tmp_path, [as_arrow(FACTS, rows)], 10_000)
    found = committed_totals(LOCAL, tmp_path, FACTS, EVERYTHING)
    assert found == plain_totals(FACTS, rows, EVERYTHING)
    assert all(value > 2**63 for value in found.sums.values())


AFTER_9999 = 2932897
"""In days, for Python knows no such date; databases do."""

SAID = [
    ("string", "", "V0:"),
    ("string", "𠮷é", "V2:𠮷é"),
    ("string", None, "N"),
    ("bigint", -(2**63), "V20:-9223372036854775808"),
    ("bigint", 0, "V1:0"),
    (SMALL, Decimal("0"), "V4:0.00"),
    (SMALL, Decimal("-0.01"), "V5:-0.01"),
    (SMALL, Decimal("1200"), "V7:1200.00"),
    (SMALL, None, "N"),
    (LARGE, Decimal("0"), "V12:0.0000000000"),
    (LARGE, Decimal("-0"), "V12:0.0000000000"),
    (LARGE, Decimal("1E-10"), "V12:0.0000000001"),
    (LARGE, Decimal("-1E-7"), "V13:-0.0000001000"),
    (LARGE, Decimal(f"{'9' * 28}.{'9' * 10}"), f"V39:{'9' * 28}.{'9' * 10}"),
    ("decimal(38,38)", Decimal("1E-38"), f"V40:0.{'0' * 37}1"),
    ("decimal(5,0)", Decimal("-12"), "V3:-12"),
    ("date", date(1, 1, 1), "V10:0001-01-01"),
    ("date", date(9999, 12, 31), "V10:9999-12-31"),
    ("date", AFTER_9999, "V11:10000-01-01"),
    ("boolean", True, "V4:true"),
    ("boolean", False, "V5:false"),
]


@pytest.mark.parametrize(("kind", "value", "said"), SAID)
def test_text_of_a_cell(kind: str, value: Any, said: str) -> None:
    """Among others, so that a repaired cell goes back to its own place."""
    column = pa.array([None, value, None, value], arrow_type(kind))
    assert texts_of(column) == ["N", said, "N", said]
    if value not in (0, AFTER_9999):  # Python has a negative nought, and writes it
        assert canonical_cell(column[1].as_py()) == said


def texts_of(column: pa.Array) -> list[str]:
    frame = pl.DataFrame({"x": pl.from_arrow(column)})
    return frame.select(canonical("x", frame.schema["x"])).to_series().to_list()


def test_every_type_that_can_land_has_a_text() -> None:
    """Those of the contracts, and of every word that `landed_type` knows."""
    contracts = load_contracts(ROOT / "lake_config/contracts")
    columns = [
        item for one in contracts for each in one.tables for item in each.columns
    ]
    words = (
        "int",
        "bigint",
        "smallint",
        "date",
        "boolean",
        "numeric",
        "timestamp",
        "xml",
    )
    landed = {item.landed_type for item in columns}
    landed |= {landed_type(word, "jdbc") for word in words}
    for kind in landed:
        assert texts_of(pa.nulls(1, arrow_type(kind))) == ["N"]


UNPROVEN = [
    pa.timestamp("us", "UTC"),
    pa.timestamp("us"),
    pa.float32(),
    pa.float64(),
    pa.int32(),
    pa.binary(),
    pa.list_(pa.string()),
    pa.null(),
]


@pytest.mark.parametrize("kind", UNPROVEN, ids=str)
def test_no_text_is_guessed(tmp_path: Path, kind: pa.DataType) -> None:
    facts = table("facts", [column("no"), column("seen_at")])
    content = pa.table({"no": ["1"], "seen_at": pa.nulls(1, kind)})
    commit(tmp_path, [content])
    with pytest.raises(JobFailed, match="seen_at"):
        committed_totals(LOCAL, tmp_path, facts, {ROW_SUM})
    # What is not asked for is not read either.
    assert committed_totals(LOCAL, tmp_path, facts, {"no"}) == plain_totals(
        facts, [("1", None)], {"no"}
    )
    assert committed_totals(LOCAL, tmp_path, facts, {}).rows == 1


ROWS = [
    (f"R{number}", name, number, Decimal("7.50"), None, date(1990, 1, 2), True)
    for number, name in enumerate(["赵一", "钱二", "", None, "孙三", "李四"])
]


def changed_cell(rows: list[Any]) -> list[Any]:
    return [(*rows[0][:3], Decimal("7.51"), *rows[0][4:]), *rows[1:]]


def changed_places(rows: list[Any]) -> list[Any]:
    """Two people with each other's name: every column still holds the same cells."""
    one, two = rows[0], rows[1]
    return [(one[0], two[1], *one[2:]), (two[0], one[1], *two[2:]), *rows[2:]]


def emptied(rows: list[Any]) -> list[Any]:
    return [(row[0], row[1] or None, *row[2:]) for row in rows]


CHANGES: list[tuple[Callable[[list[Any]], list[Any]], set[str]]] = [
    (lambda rows: rows[::-1], set()),
    (changed_cell, {ROW_SUM, "paid"}),
    (changed_places, {ROW_SUM}),
    (emptied, {ROW_SUM, "name"}),
    (lambda rows: rows[1:], {"rows", *EVERYTHING}),
    (lambda rows: [*rows, rows[0]], {"rows", *EVERYTHING}),
    (lambda rows: [rows[1], *rows[1:]], {ROW_SUM, "no", "name", "times"}),
]


@pytest.mark.parametrize(("change", "seen"), CHANGES)
def test_a_change_is_seen(
    tmp_path: Path, change: Callable[[list[Any]], list[Any]], seen: set[str]
) -> None:
    """Lost, doubled, changed, and a row replaced by another's double; order is no change."""
    said = plain_totals(FACTS, ROWS, EVERYTHING)
    rows = change(ROWS)
    commit(tmp_path, [as_arrow(FACTS, rows[:2]), as_arrow(FACTS, rows[2:])], 2)
    checks = compare(said, committed_totals(LOCAL, tmp_path, FACTS, EVERYTHING))
    assert {check["check"] for check in checks if not check["ok"]} == seen


def test_only_files_of_the_commit_count(tmp_path: Path) -> None:
    """Not what lies beside them, and not what a later commit brought."""
    content = as_arrow(FACTS, ROWS)
    commit(tmp_path, [content])
    (tmp_path / "part-00009.parquet").write_bytes(b"torn by a killed task")
    pq.write_table(content, tmp_path / "part-00001.parquet")
    later = tmp_path / "_delta_log" / f"{1:020d}.json"
    later.write_text('{"add": {"path": "part-00001.parquet"}}', "utf-8")
    for sums in ((), EVERYTHING):
        found = committed_totals(LOCAL, tmp_path, FACTS, sums)
        assert found == plain_totals(FACTS, ROWS, sums)


def test_a_commit_without_a_file_has_no_rows(tmp_path: Path) -> None:
    """What the source said then differs; an error would be tried again for ever."""
    commit(tmp_path, [])
    found = committed_totals(LOCAL, tmp_path, FACTS, EVERYTHING)
    assert found == plain_totals(FACTS, [], EVERYTHING)
