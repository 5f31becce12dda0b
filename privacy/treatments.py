"""How a treatment is carried out: polars expressions, one per way to generalise.

Each gives a value of a closed or much smaller set, so that no malformed cell can come
through it. Which column gets which treatment is policy.py's; tokens are tokens.py's.
Moments are in the city's time.
"""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_uppercase

import polars as pl

from privacy.diagnosis_chapters import CHAPTERS
from privacy.policy import BIRTH_BAND_YEARS, EARLIEST_BIRTH_YEAR
from privacy.regions import COUNTY_PATTERN, OUTSIDE, WRITTEN


def county(cell: pl.Expr) -> pl.Expr:
    """The county-level division a text lies in, or the word for elsewhere."""
    found = cell.str.extract(COUNTY_PATTERN, 1)
    return _looked_up(
        cell, found.fill_null(cell.str.extract(COUNTY_PATTERN, 2)), WRITTEN
    )


def birth_year(cell: pl.Expr) -> pl.Expr:
    return cell.dt.year().clip(lower_bound=EARLIEST_BIRTH_YEAR)


def birth_band(cell: pl.Expr) -> pl.Expr:
    """Some years at a time, told by the first of them."""
    return wider_band(birth_year(cell))


def day(cell: pl.Expr) -> pl.Expr:
    return cell.cast(pl.Date)


def month(cell: pl.Expr) -> pl.Expr:
    """The first day of the month, so that it stays a date."""
    return day(cell).dt.month_start()


def quarter(cell: pl.Expr) -> pl.Expr:
    """The first day of the quarter."""
    return cell.dt.truncate("1q")


def year(cell: pl.Expr) -> pl.Expr:
    """The first day of the year."""
    return cell.dt.truncate("1y")


def wider_band(years: pl.Expr) -> pl.Expr:
    """Years, or bands of them, as bands."""
    return years - years % BIRTH_BAND_YEARS


def birth_decade(years: pl.Expr) -> pl.Expr:
    """Years, or bands of them, as decades."""
    return years - years % 10


def diagnosis_chapter(cell: pl.Expr) -> pl.Expr:
    """First and last category of the chapter a code lies in."""
    category = cell.str.strip_chars(" ").str.slice(0, 3).str.to_uppercase()
    return _looked_up(cell, category, CHAPTER_OF_CATEGORY)


def _looked_up(cell: pl.Expr, found: pl.Expr, names: dict[str, str]) -> pl.Expr:
    """What `found` is called; elsewhere where it has no name, null where no cell is."""
    name = found.replace_strict(names, default=OUTSIDE, return_dtype=pl.String)
    return pl.when(cell.is_not_null()).then(name)


def _chapter_of(category: str) -> str:
    """Category codes sort as text as the classification orders them."""
    inside = [
        f"{first}-{last}" for first, last in CHAPTERS if first <= category <= last
    ]
    return inside[0] if inside else OUTSIDE


CHAPTER_OF_CATEGORY = {
    category: _chapter_of(category)
    for category in (
        f"{letter}{number:02d}" for letter in ascii_uppercase for number in range(100)
    )
}
"""From A00 to Z99."""

GENERALISERS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "county": county,
    "birth_year": birth_year,
    "birth_band": birth_band,
    "day": day,
    "month": month,
    "diagnosis_chapter": diagnosis_chapter,
}
