"""Is a text a valid 18-digit identity number (GB 11643)? One native Spark expression.

No regular expression and no seventeen substrings: the weights of the standard are
powers of two modulo 11, and so are those of base 13. Reading the first 17 digits as a
number in base 13 therefore gives the weighted sum modulo 11 in one step.
"""

from __future__ import annotations

from pyspark.sql import Column as Expression
from pyspark.sql import functions as F  # noqa: N812

CHECK_CHARACTERS = "10X98765432"
"""Check character by remainder of the weighted sum modulo 11 (GB 11643, 4.2)."""


def valid_identity_number(cell: Expression) -> Expression:
    """True for shape, date of birth and check digit; false or null otherwise."""
    return _has_shape(cell) & _has_birth_date(cell) & _has_check_digit(cell)


def _has_shape(cell: Expression) -> Expression:
    """18 octets, 17 of them digits: the cast forgives signs and blanks at the ends."""
    first, last = F.substring(cell, 1, 1), F.substring(cell, 17, 1)
    ends = first.between("1", "9") & last.between("0", "9")
    digits = F.substring(cell, 1, 17).try_cast("bigint")
    return (F.octet_length(cell) == 18) & ends & digits.isNotNull()


def _has_birth_date(cell: Expression) -> Expression:
    year, month = F.substring(cell, 7, 4), F.substring(cell, 11, 2)
    day = F.substring(cell, 13, 2)
    date = F.concat(year, F.lit("-"), month, F.lit("-"), day).try_cast("date")
    return (year != "0000") & date.isNotNull()


def _has_check_digit(cell: Expression) -> Expression:
    number = F.conv(F.substring(cell, 1, 17), 13, 10).try_cast("bigint")
    remainder = (number % 11) * 2 % 11
    expected = F.substring(F.lit(CHECK_CHARACTERS), remainder.cast("int") + 1, F.lit(1))
    return F.substring(cell, 18, 1) == expected
