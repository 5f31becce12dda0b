"""XLSX cells as text: what a sheet has lost is told, what it shows lands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import xlsxwriter

from jobs.context import Job
from jobs.readers import files
from jobs.readers.workbook import as_text
from lake_config.errors import DeliveryUndecodable, SchemaChanged
from lake_config.settings import Settings
from storage.local_folders import LocalWorkplace
from tests.lib import quality_cases
from tests.lib.gated_batch import DAY

CARDS = quality_cases.table(
    "cards",
    [
        quality_cases.column("card"),
        quality_cases.column("day", "date"),
        quality_cases.column("seen_at", "timestamp"),
    ],
)
NAMES = [column.name for column in CARDS.columns]
CARD = 6222021234567890123
CONTRACT = quality_cases.contract(CARDS)


def workbook(folder: Path, fill: Callable[[Any, Any], None]) -> Path:
    """A workbook with the contract's header; `fill` writes the rest of the first sheet."""
    path = folder / "cards.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("数据")
        sheet.write_row(0, 0, NAMES)
        fill(sheet, book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}))
        book.add_worksheet("说明").write_formula(0, 0, "=NA()", None, "#N/A")
    return path


def landed(folder: Path, fill: Callable[[Any, Any], None]) -> list[dict[str, Any]]:
    path = workbook(folder, fill)
    assert as_text(path, folder / "t", ["seen_at"]) == {
        "long_numbers": {},
        "errors": {},
    }
    return pq.read_table(folder / "t").to_pylist()


def refused(settings: Settings, folder: Path, fill: Callable[[Any, Any], None]) -> str:
    job = Job(settings, CONTRACT, CARDS, DAY)
    with pytest.raises((DeliveryUndecodable, SchemaChanged)) as refusal:
        files._xlsx(
            job,
            CONTRACT.servers[0],
            LocalWorkplace(folder),
            workbook(folder, fill),
        )
    return f"{type(refusal.value).__name__}：{refusal.value}"


def test_midnight_is_a_time_only_in_a_column_of_times(tmp_path: Path) -> None:
    def fill(sheet: Any, moment: Any) -> None:
        for row, hour in ((1, 0), (2, 13)):
            when = datetime(2024, 1, 1, hour)
            sheet.write_datetime(row, 2, when, moment)
        sheet.write_datetime(1, 1, datetime(2024, 1, 1), moment)

    first, second = landed(tmp_path, fill)
    assert first["seen_at"] == "2024-01-01 00:00:00"
    assert second["seen_at"] == "2024-01-01 13:00:00"
    assert first["day"] == "2024-01-01"


def test_numbers_that_fit_land_as_they_are_shown(tmp_path: Path) -> None:
    shown = {
        "123456789012345": 123456789012345,
        "-5": -5,
        "0.3": 0.3,
        "007": "007",
        "6222021234567890123": str(CARD),
    }
    rows = landed(
        tmp_path, lambda sheet, _: sheet.write_column(1, 0, list(shown.values()))
    )
    assert [row["card"] for row in rows] == list(shown)


@pytest.mark.parametrize("number", [CARD, -CARD, 10**15, 1234567890123456.5])
def test_a_number_longer_than_a_sheet_keeps_is_refused(
    settings: Settings, tmp_path: Path, number: float
) -> None:
    def fill(sheet: Any, _: Any) -> None:
        sheet.write_column(1, 0, [number, "1", number])

    told = refused(settings, tmp_path, fill)
    assert told.startswith("DeliveryUndecodable")
    assert "card 列 2 格" in told and "以文本格式存放" in told
    assert "62220212" not in told


@pytest.mark.parametrize("error", ["#N/A", "#DIV/0!", "#REF!"])
def test_an_error_is_not_an_empty_cell(
    settings: Settings, tmp_path: Path, error: str
) -> None:
    def fill(sheet: Any, _: Any) -> None:
        sheet.write_row(1, 0, ["1", "2024-01-01"])
        sheet.write_formula(2, 2, "=A1", None, error)

    assert "公式错误：seen_at 列 1 格" in refused(settings, tmp_path, fill)


def test_a_shorter_row_has_empty_cells(tmp_path: Path) -> None:
    rows = landed(tmp_path, lambda sheet, _: sheet.write_row(1, 0, ["1"]))
    assert rows == [{"card": "1", "day": None, "seen_at": None}]


def test_a_longer_row_is_refused(settings: Settings, tmp_path: Path) -> None:
    told = refused(
        settings, tmp_path, lambda sheet, _: sheet.write_row(1, 0, ["1", "", "", "赵"])
    )
    assert told.startswith("SchemaChanged") and "赵" not in told


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no workbook at all" * 99])
def test_what_is_no_workbook_cannot_be_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    assert as_text(path, tmp_path / "t", []) is None
