"""How texts are written is told from most cells; what was agreed wins where it may be."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from quality.cell_layout import LAYOUTS, layout_of, number_facts
from tests.lib.quality_cases import column

BORN, SEEN = column("born", "date"), column("seen", "timestamp")
DAYS = [date(2026, 1, 1) + timedelta(days=number) for number in range(0, 400, 7)]
PAID = column("paid", "number", physical_type="text(12,2)")
TIMES = column("times", "integer")


def written(form: str) -> list[str | None]:
    return [day.strftime(form) for day in DAYS]


@pytest.mark.parametrize(
    ("form", "layout"),
    [
        ("%Y-%m-%d", "yyyy-MM-dd"),
        ("%Y-%d-%m", "yyyy-dd-MM"),
        ("%d/%m/%Y", "dd/MM/yyyy"),
        ("%m/%d/%Y", "MM/dd/yyyy"),
        ("%Y%m%d", "yyyyMMdd"),
        ("%Y.%m.%d", "yyyy.MM.dd"),
        ("%Y年%m月%d日", "yyyy年MM月dd日"),
        ("%Y-%m-%d 00:00:00", "yyyy-MM-dd HH:mm:ss"),
        ("第%j天", ""),
    ],
)
def test_a_layout_is_told(form: str, layout: str) -> None:
    assert layout_of(BORN, written(form)) == layout


def test_a_few_bad_cells_are_not_another_layout() -> None:
    cells = written("%Y-%m-%d")
    cells[:8] = ["2026/13/45", "不详", None, "", "20260101", "x", "y", "z"]
    assert layout_of(BORN, cells) == "yyyy-MM-dd"


def test_half_and_half_is_not_told() -> None:
    half = len(DAYS) // 2
    cells = written("%d/%m/%Y")[:half] + written("%Y-%m-%d")[half:]
    assert layout_of(BORN, cells) in ("", "yyyy-MM-dd")


def test_columns_of_other_kinds_have_none() -> None:
    assert layout_of(column("name"), written("%Y-%m-%d")) == ""
    assert layout_of(BORN, []) == ""
    assert layout_of(SEEN, ["2026-03-31 07:08:09"] * 9) == "yyyy-MM-dd HH:mm:ss"


def test_layouts_are_words_of_a_closed_list() -> None:
    assert len(set(LAYOUTS)) == len(LAYOUTS)
    assert all("2" not in layout for layout in LAYOUTS)


@pytest.mark.parametrize(
    ("cells", "facts"),
    [
        (["1.50", "2", "300.25"], ("number", 2)),
        (["1", "2", "3"], ("number", 2)),
        (["1.505", "2.125", "3"], ("number", 3)),
        (["1.5000", "2.00"], ("number", 2)),
        (["1元", "2元", "3"], ("text", None)),
        (["1", "2", None, "不详"], ("number", 2)),
        ([None, ""], ("", None)),
    ],
)
def test_digits_of_numbers(
    cells: list[str | None], facts: tuple[str, int | None]
) -> None:
    assert number_facts(PAID, cells) == facts


def test_one_cell_with_more_digits_is_for_the_rules() -> None:
    assert number_facts(TIMES, ["3"] * 99 + ["3.5"]) == ("number", 0)
    assert number_facts(TIMES, ["3.5"] * 99) == ("number", 1)
    assert number_facts(column("no"), ["1"]) is None
