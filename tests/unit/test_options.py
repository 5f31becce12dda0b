"""Options by approval: as the plain one does, closed, and none that is not in the dict."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as some

from lake_config.townships import townships
from privacy.names.chinese_names import DOUBLE, SURNAMES
from privacy.regions import COUNTIES, OUTSIDE, TOWNSHIPS
from privacy.risk.ladder import COARSER
from privacy.treatments import GENERALISERS, grid, stars, township
from tests.lib import plain_options
from tests.lib.written_cells import PLACES, POSITIONS, written_cells


@pytest.fixture(scope="module")
def cells() -> list[str | None]:
    return written_cells()


def told(expression: pl.Expr, cells: list[Any], dtype: Any = pl.String) -> list[Any]:
    frame = pl.DataFrame({"c": pl.Series(cells, dtype=dtype)})
    return frame.select(expression.alias("c"))["c"].to_list()


@pytest.mark.parametrize("kind", sorted(plain_options.STARRED))
def test_stars_are_those_of_the_plain_one(kind: str, cells: list[str | None]) -> None:
    found = told(stars(pl.col("c"), kind), cells)
    assert found == [plain_options.stars(kind, cell) for cell in cells]
    assert 0 < sum(cell is not None for cell in found) < len(cells)


@pytest.mark.parametrize(
    ("way", "plain"), [(township, plain_options.township), (grid, plain_options.grid)]
)
def test_places_are_those_of_the_plain_one(
    way: Callable[[pl.Expr], pl.Expr],
    plain: Callable[[str | None], str | None],
    cells: list[str | None],
) -> None:
    found = told(way(pl.col("c")), cells)
    assert found == [plain(cell) for cell in cells]
    assert len(set(found)) > 5


ANYTHING = some.text(max_size=40) | some.sampled_from(PLACES + POSITIONS).flatmap(
    lambda text: some.text(max_size=3).map(lambda more: text + more)
)
SHOWN = {
    "identity_number": "[1-9][*]{16}[0-9X]",
    "mobile": "1[3-9][0-9][*]{4}[0-9]{4}",
    "bank_card": "[*]{4}[0-9]{4}",
    "plate": "[一-鿿][A-Z][*]{3}",
}
LISTED = {
    f"{COUNTIES[code]}{name}" for code, names in townships().items() for name in names
}


FEW = trials(max_examples=20)
"""Long alternations are compiled for every frame; a frame has many cells instead."""
CELLS = some.lists(ANYTHING, min_size=1, max_size=60)


@FEW
@given(CELLS)
def test_whatever_is_written_comes_out_of_a_closed_set(cells: list[str]) -> None:
    for kind, form in SHOWN.items():
        for cell in told(stars(pl.col("c"), kind), cells):
            assert cell is None or re.fullmatch(form, cell)
    surnames = {f"{name}*" for name in SURNAMES | DOUBLE} | {None}
    assert set(told(stars(pl.col("c"), "person_name"), cells)) <= surnames
    places = {OUTSIDE} | set(COUNTIES.values()) | LISTED
    assert set(told(township(pl.col("c")), cells)) <= places
    for cell in told(grid(pl.col("c")), cells):
        corners = [] if cell == OUTSIDE else cell.split(",")
        assert len(corners) <= 2
        for corner in corners:
            assert re.fullmatch(r"\d{2,3}\.\d[02468]", corner)


@FEW
@given(CELLS)
def test_a_county_is_what_a_township_lies_in(cells: list[str]) -> None:
    """The ladder's next step gives what the policy's treatment would have given."""
    whole = told(GENERALISERS["county"](pl.col("c")), cells)
    assert told(COARSER["county"](township(pl.col("c"))), cells) == whole


def test_every_listed_township_is_found_and_no_farm() -> None:
    for county, names in TOWNSHIPS.items():
        found = told(
            township(pl.col("c")), [f"绥化市{county}{name}2组" for name in names]
        )
        assert found == [f"{county}{name}" for name in names]
    assert sum(map(len, TOWNSHIPS.values())) == 204
    assert told(township(pl.col("c")), ["海伦市海伦农场3队"]) == ["海伦市"]


def test_cells_of_the_grid_are_a_kilometre_wide_at_least() -> None:
    """A degree of latitude has 111 km; of longitude at 48° two thirds of it."""
    along = [f"{126 + step / 1000:.3f},46.600" for step in range(1000)]
    corners = set(told(grid(pl.col("c")), along))
    assert len(corners) == 50
    assert 111.2 * 0.669 / 50 > 1 and 111.2 / 50 > 1


@given(
    some.lists(some.none() | some.integers(-(10**9), 10**9), max_size=30),
    some.sampled_from([name for name in GENERALISERS if name.startswith("at_most")]),
)
def test_large_numbers_are_told_as_the_largest(
    numbers: list[int | None], way: str
) -> None:
    most = int(way.removeprefix("at_most_"))
    for dtype in (pl.Int64, pl.Decimal(12, 2)):
        frame = pl.DataFrame({"c": pl.Series(numbers, dtype=pl.Int64).cast(dtype)})
        found = frame.select(GENERALISERS[way](pl.col("c")))["c"]
        assert found.dtype == dtype
        assert found.to_list() == [
            plain_options.at_most(cell, most) for cell in numbers
        ]
