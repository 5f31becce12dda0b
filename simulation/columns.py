"""Small builders of text columns for the departments' records."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

Column = np.ndarray | list[str | None]
Records = dict[str, Column]


def numbered(prefix: str, numbers: np.ndarray, digits: int) -> np.ndarray:
    """`prefix` and the zero-padded number."""
    return np.array([f"{prefix}{int(number):0{digits}d}" for number in numbers])


def picked(
    rng: np.random.Generator, values: Sequence[str], count: int, shares: Any = None
) -> np.ndarray:
    return rng.choice(np.array(values), size=count, p=shares)


def days_text(days: np.ndarray) -> np.ndarray:
    return np.datetime_as_string(days.astype("datetime64[D]"), unit="D")


def moments_text(moments: np.ndarray) -> np.ndarray:
    text = np.datetime_as_string(moments.astype("datetime64[s]"), unit="s")
    return np.char.replace(text, "T", " ")


def days_before(
    rng: np.random.Generator, day: np.datetime64, count: int, least: int, most: int
) -> np.ndarray:
    """Random days between `most` and `least` days before `day`."""
    return day - rng.integers(least, most, count).astype("timedelta64[D]")


def cents(rng: np.random.Generator, count: int, most: float) -> np.ndarray:
    """Skewed random amounts in whole cents."""
    return (rng.gamma(1.6, most / 6, count) * 100).astype(np.int64)


def money(amounts: np.ndarray) -> np.ndarray:
    """Cents as text with exactly two decimals."""
    return np.array(
        [f"{int(value) // 100}.{int(value) % 100:02d}" for value in amounts]
    )


def some(
    rng: np.random.Generator, values: np.ndarray, share: float
) -> list[str | None]:
    """The same values with `share` of them present."""
    there = rng.random(len(values)) < share
    return [
        str(value) if keep else None for value, keep in zip(values, there, strict=True)
    ]


CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = [pow(3, place, 31) for place in range(17)]
VIN_SIGNS = {
    **dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True)),
    **{digit: digit for digit in "0123456789"},
}
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
PLATE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
PLATE_SIGNS = PLATE_LETTERS + "0123456789"
PLATE_FORMS = (
    (PLATE_SIGNS, PLATE_SIGNS, "9", "9", "9"),
    ("9", "9", "9", PLATE_LETTERS, PLATE_LETTERS),
    ("9", PLATE_LETTERS, PLATE_LETTERS, "9", "9"),
    ("9", "9", PLATE_LETTERS, PLATE_LETTERS, "9"),
)
"""Where the at most two letters of a plate stand; no two forms have a plate in common."""


def company_codes(numbers: np.ndarray) -> np.ndarray:
    """Unified social credit codes with the check sign of GB 32100."""
    return np.array(
        [_credit_code(f"91231200MA{int(number):06d}X") for number in numbers]
    )


def _credit_code(first: str) -> str:
    total = sum(
        CREDIT_SIGNS.index(sign) * weight
        for sign, weight in zip(first, CREDIT_WEIGHTS, strict=True)
    )
    return first + CREDIT_SIGNS[-total % 31]


def plates(numbers: np.ndarray) -> np.ndarray:
    """黑M and five signs, at most two of them letters; unique for the first few million."""
    return np.array([f"黑M{_plate(int(number))}" for number in numbers])


def _plate(number: int) -> str:
    """Neighbours get plates that look nothing alike."""
    for form in PLATE_FORMS:
        signs = ["0123456789" if place == "9" else place for place in form]
        size = prod(map(len, signs))
        if number < size or form is PLATE_FORMS[-1]:
            break
        number -= size
    value, text = number * 7_919 % size, ""
    for place in signs:
        value, rest = divmod(value, len(place))
        text += place[rest]
    return text


def vins(numbers: np.ndarray) -> np.ndarray:
    """Vehicle numbers with the check sign of GB 16735."""
    return np.array([_vin(f"LSVAA49J0{int(number):08d}") for number in numbers])


def _vin(text: str) -> str:
    pairs = zip(text, VIN_WEIGHTS, strict=True)
    total = sum(int(VIN_SIGNS[sign]) * weight for sign, weight in pairs)
    return f"{text[:8]}{'0123456789X'[total % 11]}{text[9:]}"


def cards(numbers: np.ndarray) -> np.ndarray:
    """19 digits under a debit-card prefix, the last one that of ISO 7812."""
    return np.array([_card(f"621700{int(n) * 9_973 % 10**12:012d}") for n in numbers])


def _card(first: str) -> str:
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in first[::-2]]
    total = sum(doubled) + sum(map(int, first[-2::-2]))
    return f"{first}{-total % 10}"
