"""How a treatment is carried out: native Spark expressions, one per way to generalise.

Each gives a value of a closed or much smaller set, so that no malformed cell can come
through it. Which column gets which treatment is policy.py's; tokens are tokens.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from string import ascii_uppercase

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F  # noqa: N812

from privacy.diagnosis_chapters import CHAPTERS
from privacy.policy import BIRTH_BAND_YEARS, EARLIEST_BIRTH_YEAR
from privacy.regions import COUNTY_PATTERN, OUTSIDE, WRITTEN


def county(cell: Expression) -> Expression:
    """The county-level division a text lies in, or the word for elsewhere."""
    forms, names = (_texts(texts) for texts in zip(*WRITTEN.items(), strict=True))
    place = F.array_position(forms, F.regexp_extract(cell, COUNTY_PATTERN, 0))
    found = F.get(names, (place - 1).cast("int"))
    return F.when(cell.isNotNull(), F.coalesce(found, F.lit(OUTSIDE)))


def birth_year(cell: Expression) -> Expression:
    year = F.year(cell)
    return F.when(year.isNotNull(), F.greatest(year, F.lit(EARLIEST_BIRTH_YEAR)))


def birth_band(cell: Expression) -> Expression:
    """Some years at a time, told by the first of them."""
    year = birth_year(cell)
    return (year - year % BIRTH_BAND_YEARS).cast("int")


def day(cell: Expression) -> Expression:
    return cell.cast("date")


def month(cell: Expression) -> Expression:
    """The first day of the month, so that it stays a date."""
    return F.trunc(cell, "month")


def diagnosis_chapter(cell: Expression) -> Expression:
    """First and last category of the chapter a code lies in.

    Looked up by number: a chain of comparisons would cut the code out of the cell again
    for every chapter, which took half of the whole masking.
    """
    head = F.upper(F.substring(F.trim(cell), 1, 3))
    letter, ten, one = (F.ascii(F.substring(head, place, 1)) for place in (1, 2, 3))
    number = (letter - ord("A")) * 100 + (ten - ord("0")) * 10 + one - ord("0")
    found = F.get(_texts(CHAPTER_OF_CATEGORY), number)
    digits = ten.between(ord("0"), ord("9")) & one.between(ord("0"), ord("9"))
    category = letter.between(ord("A"), ord("Z")) & digits & (F.char_length(head) == 3)
    code = F.when(category, found).otherwise(OUTSIDE)
    return F.when(cell.isNotNull(), code)


def _chapter_of(category: str) -> str:
    """Category codes sort as text as the classification orders them."""
    inside = [
        f"{first}-{last}" for first, last in CHAPTERS if first <= category <= last
    ]
    return inside[0] if inside else OUTSIDE


CHAPTER_OF_CATEGORY = tuple(
    _chapter_of(f"{letter}{number:02d}")
    for letter in ascii_uppercase
    for number in range(100)
)
"""From A00 to Z99."""


def _texts(texts: Iterable[str]) -> Expression:
    """An array in one literal: Spark Connect is slow with thousands of them."""
    return F.split(F.lit(",".join(texts)), ",")


GENERALISERS: dict[str, Callable[[Expression], Expression]] = {
    "county": county,
    "birth_year": birth_year,
    "birth_band": birth_band,
    "day": day,
    "month": month,
    "diagnosis_chapter": diagnosis_chapter,
}
