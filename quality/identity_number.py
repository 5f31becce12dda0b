"""Is a text a valid 18-digit identity number (GB 11643)? One native Spark expression.

No regular expression and no eighteen substrings: the text becomes one whole number, and
everything else is arithmetic on it. The weights of the standard are powers of two modulo
11, so the weighted sum is looked up three digits at a time.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F  # noqa: N812

GROUPS = 6
"""Groups of three digits in an identity number."""

SUMS = ",".join(str(n // 100 * 4 + n // 10 % 10 * 2 + n % 10) for n in range(1000))
"""For each group of three digits: its digits weighted 4, 2, 1."""


def valid_identity_number(cell: Expression) -> Expression:
    """True for shape, date of birth and check digit; false or null otherwise."""
    number = _number(cell)
    # No sign, blank or leading zero leaves 18 octets with 18 digits.
    shape = (F.octet_length(cell) == 18) & (number >= 10**17)
    return shape & _has_check_digit(cell, number) & _has_birth_date(cell, number)


def _number(cell: Expression) -> Expression:
    """All 18 digits; a final X counts as 0 here and as 10 in the check."""
    digits = F.concat(F.substring(cell, 1, 17), F.lit("0"))
    return F.when(cell.endswith("X"), digits).otherwise(cell).try_cast("bigint")


def _has_check_digit(cell: Expression, number: Expression) -> Expression:
    """The sum of all digits by their weights leaves 1 (GB 11643, 4.2)."""
    sums = F.split(F.lit(SUMS), ",").cast("array<int>")
    groups = [
        F.get(sums, _quotient(number, 1000**place) % 1000) * pow(8, place, 11)
        for place in range(GROUPS)
    ]
    wanted = F.when(cell.endswith("X"), 2).otherwise(1)
    return reduce(add, groups) % 11 == wanted


def _has_birth_date(cell: Expression, number: Expression) -> Expression:
    """Most days are right by their numbers alone; the calendar decides on the rest."""
    year = _quotient(number, 10**8) % 10**4
    month, day = _quotient(number, 10**6) % 100, _quotient(number, 10**4) % 100
    plain = month.between(1, 12) & day.between(1, 28)
    return (year > 0) & (plain | _in_calendar(cell))


def _in_calendar(cell: Expression) -> Expression:
    year, month = F.substring(cell, 7, 4), F.substring(cell, 11, 2)
    day = F.substring(cell, 13, 2)
    text = F.concat(year, F.lit("-"), month, F.lit("-"), day)
    return text.try_cast("date").isNotNull()


def _quotient(number: Expression, divisor: int) -> Expression:
    return F.call_function("div", number, F.lit(divisor))
