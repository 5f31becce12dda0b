"""Small builders of text columns for the departments' records."""

from __future__ import annotations

from collections.abc import Sequence
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


def company_codes(numbers: np.ndarray) -> np.ndarray:
    return np.array([f"91231200MA{int(number):06d}XX" for number in numbers])


def plates(numbers: np.ndarray) -> np.ndarray:
    """黑M and five letters or digits, unique for the first few million."""
    alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
    found = []
    for number in numbers:
        value, text = int(number) * 7 % len(alphabet) ** 5, ""
        for _ in range(5):
            value, rest = divmod(value, len(alphabet))
            text += alphabet[rest]
        found.append(f"黑M{text}")
    return np.array(found)


def vins(numbers: np.ndarray) -> np.ndarray:
    return np.array([f"LSVAA49J{int(number):09d}" for number in numbers])


def cards(numbers: np.ndarray) -> np.ndarray:
    """19 digits under a debit-card prefix."""
    return np.array(
        [f"621700{int(number) * 9_973 % 10**13:013d}" for number in numbers]
    )
