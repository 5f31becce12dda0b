"""The check digits of Chinese numbers: plain arithmetic over bare, upper-case text."""

from __future__ import annotations

import datetime
import string
from operator import mul

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_ZERO = ord("0") * sum(_RESIDENT_WEIGHTS)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", map(int, "12345678123457923456789"), strict=True)
) | {digit: int(digit) for digit in string.digits}
_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
_CREDIT_VALUES = {sign: value for value, sign in enumerate(_CREDIT_SIGNS)}

_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
"""The sum of the digits of twice a digit."""


def resident_check(first17: str) -> str:
    """The last sign of an identity number of 18 digits (GB 11643)."""
    total = sum(map(mul, first17.encode("ascii"), _RESIDENT_WEIGHTS)) - _RESIDENT_ZERO
    return "10X98765432"[total % 11]


def credit_check(first17: str) -> str:
    """The last sign of a unified social credit code (GB 32100)."""
    total = sum(map(mul, map(_CREDIT_VALUES.__getitem__, first17), _CREDIT_WEIGHTS))
    return _CREDIT_SIGNS[-total % 31]


def passes_luhn(number: str) -> bool:
    """Do the digits of a card agree (ISO 7812)?"""
    signs = number.encode("ascii")[::-1]
    total = sum(signs[::2]) + sum(signs[1::2].translate(_DOUBLED))
    return (total - ord("0") * len(signs)) % 10 == 0


def passes_vin(text: str) -> bool:
    """Does the ninth of 17 signs of a vehicle agree (GB 16735)?"""
    total = sum(
        _VIN_VALUES[sign] * weight
        for sign, weight in zip(text, _VIN_WEIGHTS, strict=True)
    )
    return "0123456789X"[total % 11] == text[8]


def is_date(digits: str) -> bool:
    """Eight digits that are a day somebody may have been born on."""
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    try:
        return 1850 <= datetime.date(year, month, day).year <= 2100
    except ValueError:
        return False
