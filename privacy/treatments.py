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
from privacy.policy import BIRTH_BAND_YEARS, EARLIEST_BIRTH_YEAR, OLDEST_AGE
from privacy.regions import (
    COUNTY_PATTERN,
    GRID_STEP,
    LATITUDES,
    LONGITUDES,
    OUTSIDE,
    TOWNSHIP_PATTERN,
    WRITTEN,
)
from privacy.strength import AMOUNTS
from privacy.written_forms import STARRED

AGES = (0, 150)
"""Who is younger or older is a mistake."""

DEGREES = r"([0-9]{2,3})(?:\.([0-9]{1,20}))?"
POSITION = f"^{DEGREES}(?:,{DEGREES})?$"


def county(cell: pl.Expr) -> pl.Expr:
    """The county-level division a text lies in, or the word for elsewhere."""
    found = cell.str.extract(COUNTY_PATTERN, 1)
    return _looked_up(
        cell, found.fill_null(cell.str.extract(COUNTY_PATTERN, 2)), WRITTEN
    )


def township(cell: pl.Expr) -> pl.Expr:
    """County and township where a listed one stands behind its county, else the county."""
    within = county(cell)
    found = cell.str.extract(TOWNSHIP_PATTERN, 1).str.replace_all("[ \u3000]", "")
    return pl.when(found.str.starts_with(within)).then(found).otherwise(within)


def county_of(place: pl.Expr) -> pl.Expr:
    """The county of a told township; every county's name has three signs. The risk gate
    keeps places as numbers of distinct texts, which have no signs."""
    return place.cast(pl.String).str.head(3)


def grid(cell: pl.Expr) -> pl.Expr:
    """South-western corner of the cell of the grid: `longitude,latitude`, or one of the
    two where a column holds one. Exact: digits are cut off, nothing is computed in floats.
    """
    text = cell.cast(pl.String).str.normalize("NFKC").str.replace_all(" ", "")
    parts = [text.str.extract(POSITION, group) for group in range(1, 5)]
    first, second = (_corner(*parts[at : at + 2]) for at in (0, 2))
    east, north = _inside(first, LONGITUDES), _inside(first, LATITUDES)
    pair = east & _inside(second, LATITUDES)
    both = pl.concat_str(_degrees(first), pl.lit(","), _degrees(second))
    told = (
        pl.when(second.is_null() & (east | north)).then(_degrees(first)).when(pair)
    ).then(both)
    return pl.when(cell.is_not_null()).then(told.otherwise(pl.lit(OUTSIDE)))


def _corner(whole: pl.Expr, digits: pl.Expr) -> pl.Expr:
    """Hundredths of a degree, down to a cell's corner."""
    two = digits.fill_null("").str.head(2).str.pad_end(2, "0")
    hundredths = (whole + two).cast(pl.Int32, strict=False)
    return hundredths - hundredths % GRID_STEP


def _inside(corner: pl.Expr, box: tuple[int, int]) -> pl.Expr:
    return corner.is_between(*box).fill_null(False)


def _degrees(corner: pl.Expr) -> pl.Expr:
    digits = corner.cast(pl.String)
    return digits.str.head(-2) + "." + digits.str.tail(2)


def age(years: pl.Expr) -> pl.Expr:
    """Whole years; the oldest are told as one age, and what is no age not at all."""
    whole = years.cast(pl.Int32, strict=False)
    return pl.when(whole.is_between(*AGES)).then(whole.clip(upper_bound=OLDEST_AGE))


def age_band(years: pl.Expr) -> pl.Expr:
    return wider_band(age(years))


def at_most(most: int) -> Callable[[pl.Expr], pl.Expr]:
    """Numbers, the larger ones told as `most` (top coding)."""
    return lambda cell: cell.clip(upper_bound=most)


def folded(cell: pl.Expr) -> pl.Expr:
    """Full-width signs as plain ones, upper case, without what people write between."""
    plain = cell.cast(pl.String).str.normalize("NFKC").str.to_uppercase()
    return plain.str.replace_all(r"[\s·\-]", "")


def stars(cell: pl.Expr, semantic_type: str) -> pl.Expr:
    """The few signs that a display shows; null where the cell has another form."""
    form, shown = STARRED[semantic_type]
    text = folded(cell)
    return pl.when(text.str.contains(form)).then(text.str.replace(form, shown))


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
    "township": township,
    "grid": grid,
    "age": age,
    "age_band": age_band,
    "birth_year": birth_year,
    "birth_band": birth_band,
    "day": day,
    "month": month,
    "diagnosis_chapter": diagnosis_chapter,
    **{f"at_most_{most}": at_most(most) for most in AMOUNTS},
}
