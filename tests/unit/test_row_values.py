"""What masking reads in a cell is what the rules judged: the plain-Python value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from lake_config.contract import Table
from quality.row_values import day, value
from tests.lib import plain_rules
from tests.lib.gated_batch import landed
from tests.lib.quality_cases import (
    IDENTITY_NUMBERS,
    MEMBERS,
    NASTY,
    column,
    generated_rows,
    table,
)

Row = Mapping[str, Any]


@pytest.mark.parametrize("seed", [7, 8])
def test_parsed_values_are_the_plain_ones(seed: int) -> None:
    assert_same(MEMBERS, generated_rows(seed, 3000))


@pytest.mark.parametrize("name", [item.name for item in MEMBERS.columns])
def test_every_nasty_text_is_read_as_plain_python_reads_it(name: str) -> None:
    column_ = MEMBERS.column(name)
    texts = [text for text in (*NASTY, *IDENTITY_NUMBERS) if text]
    assert_same(table("one", [column_]), [{name: text} for text in texts])


@pytest.mark.parametrize(
    "pattern", ["yyyy/MM/dd", "yyyy.MM.dd", "ddMMyyyy", "yyyy年MM月dd日"]
)
def test_other_date_formats(pattern: str) -> None:
    made = table("days", [column("day", "date", date_format=pattern)])
    texts = [text for text in NASTY if text] + ["29022024", "30022024", "2024.02.29"]
    assert_same(
        made, [{"day": text.replace("-", m)} for text in texts for m in "-/.年"]
    )


def assert_same(made: Table, rows: Sequence[Row]) -> None:
    cells = {
        item.name: pa.array([row[item.name] for row in rows], landed(item.landed_type))
        for item in made.columns
    }
    frame = pl.from_arrow(pa.table(cells))
    assert isinstance(frame, pl.DataFrame)
    for item in made.columns:
        found = frame.select(value(item)).to_series().to_list()
        if item.logical_type in ("date", "timestamp"):
            days = frame.select(day(item)).to_series().to_list()
            assert days == frame.select(value(item).cast(pl.Date)).to_series().to_list()
        for row, read in zip(rows, found, strict=True):
            cell = row[item.name]
            expected = plain_rules.parse(item, cell) if cell else None
            same = (read if read != "" else None) == expected
            assert same, (item.name, cell, read, expected)
