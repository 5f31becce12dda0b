"""How a treatment is carried out: native Spark expressions, one per way to generalise.

Each gives a value of a closed or much smaller set, so that no malformed cell can come
through it. Which column gets which treatment is policy.py's; tokens are tokens.py's.
"""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F  # noqa: N812

from privacy.diagnosis_chapters import CHAPTERS
from privacy.policy import BIRTH_BAND_YEARS, EARLIEST_BIRTH_YEAR
from privacy.regions import COUNTY_PATTERN, OUTSIDE, SHORT_NAMES


def county(cell: Expression) -> Expression:
    """The county-level division a text lies in, or the word for elsewhere."""
    short = F.regexp_extract(cell, COUNTY_PATTERN, 1)
    full = F.regexp_extract(cell, COUNTY_PATTERN, 2)
    found = F.when(full != "", full)
    for stem, name in SHORT_NAMES.items():
        found = found.when(short == stem, name)
    return F.when(cell.isNotNull(), found.otherwise(OUTSIDE))


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
    head = F.upper(F.substring(F.trim(cell), 1, 3))
    # Compared as text: category codes sort as the classification orders them.
    found = F.when(head.isNull(), F.lit(None).cast("string"))
    for first, last in CHAPTERS:
        inside = head.rlike("^[A-Z][0-9]{2}$") & head.between(first, last)
        found = found.when(inside, f"{first}-{last}")
    return found.otherwise(OUTSIDE)


GENERALISERS: dict[str, Callable[[Expression], Expression]] = {
    "county": county,
    "birth_year": birth_year,
    "birth_band": birth_band,
    "day": day,
    "month": month,
    "diagnosis_chapter": diagnosis_chapter,
}
