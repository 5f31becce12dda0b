"""What plain personal data looks like: a wide filter and the exact checks behind it.

Plain Python and no Spark. Names and addresses have no pattern; only the policy keeps
those back. Stars and tokens are never hits, because both break every run of digits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from privacy.check_digits import is_date, passes_luhn, passes_vin, resident_check
from privacy.recognisers.folded import folded, ranges

CLASSES = ("identity_number", "mobile", "bank_card", "plate", "vin", "email")

GAPS = " \t\r\n\u00a0\u3000‐‑‒–—―－_.·•/-"
GAP = f"[{GAPS}]{{0,3}}"
DIGIT = "[0-9０-９]"
LETTER = "[A-Za-zＡ-Ｚａ-ｚ]"
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"

WIDE = (
    rf"[1１]{GAP}[3-9３-９](?:{GAP}{DIGIT}){{9}}"
    rf"|[1-9１-９](?:{GAP}{DIGIT}){{14}}"
    rf"|[@＠]|[{PROVINCES}]{LETTER}"
    rf"|(?:{DIGIT}|{LETTER}){{13}}{DIGIT}{{4}}"
)
"""Lets through whatever an exact check could find in a text without ODD signs, in the
syntax RE2, Java and Python share (none has look-behind in common)."""


def _is_odd(sign: str) -> bool:
    """Is it read as a sign of a number, or not seen, and not in WIDE?"""
    if sign in GAPS or (sign.isascii() and sign.isprintable()):
        return False
    told = unicodedata.normalize("NFKC", folded(sign).text)
    useful = (
        part.isascii() and (part.isalnum() or part in f"@{GAPS}") for part in told
    )
    return told != sign and (not told or any(useful))


ODD = f"[{ranges(filter(_is_odd, map(chr, range(0x10000))))}\U00010000-\U0010ffff]"
"""What the exact checks read as a sign of a number or do not see: such texts are asked."""

_PROVINCE_CODES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 "
    "63 64 65 71 81 82 83".split()
)

# A look-ahead finds numbers at every place, also inside longer runs of digits.
_IDENTITY_18 = re.compile(rf"(?=([1-8](?:{GAP}[0-9]){{16}}{GAP}[0-9X]))")
_IDENTITY_15 = re.compile(rf"(?<![0-9])(?=([1-8](?:{GAP}[0-9]){{14}})(?![0-9X]))")
_MOBILE = re.compile(
    rf"(?<![0-9])(?:(?:\+|00)?86{GAP})?1{GAP}[3-9](?:{GAP}[0-9]){{9}}(?![0-9])"
)
# Not 2221-2720: numbers of this city begin with its region code, 2312.
_ISSUED = "(?:62|60|35|4[0-9]|5[1-5]|9558|9559)"
_CARD = re.compile(rf"(?<![0-9])(?=({_ISSUED}(?:{GAP}[0-9]){{12,17}})(?![0-9]))")
_CARDS = tuple(
    re.compile(rf"(?<![0-9])(?=({_ISSUED}(?:{GAP}[0-9]){{{more}}})(?![0-9]))")
    for more in range(12, 18)
)
_GROUP = re.compile("[0-9]+")
MOST_GROUPS = 6
"""A card is also found before a number that is not its own (`… 30元`); but in many short
groups only as a whole, for such is a table of numbers."""

_PLATE = re.compile(
    rf"[{PROVINCES}][A-Z]{GAP}([A-HJ-NP-Z0-9]{{4,5}}[A-HJ-NP-Z0-9挂学警港澳])"
)
_VIN = re.compile(r"(?<![A-Z0-9])([A-HJ-NPR-Z0-9]{13}[0-9]{4})(?![A-Z0-9])")
_EMAIL = re.compile(
    r"(?<![A-Z0-9._%+-])[A-Z0-9._%+-]+@[A-Z0-9-]+(?:\.[A-Z0-9-]+)*\.[A-Z]{2,}"
)
_GAPS = re.compile(GAP.removesuffix("{0,3}"))


def classes_in(text: str) -> tuple[str, ...]:
    """The classes of personal data that occur in a text, in the order of CLASSES."""
    plain = unicodedata.normalize("NFKC", folded(text).text).upper()
    return tuple(name for name in CLASSES if _FINDERS[name](plain))


def _identity_number(text: str) -> bool:
    return any(
        _is_today_s(_bare(found)) for found in _IDENTITY_18.findall(text)
    ) or any(_is_old(_bare(found)) for found in _IDENTITY_15.findall(text))


def _is_today_s(number: str) -> bool:
    return (
        number[:2] in _PROVINCE_CODES
        and is_date(number[6:14])
        and resident_check(number[:17]) == number[17]
    )


def _is_old(number: str) -> bool:
    return number[:2] in _PROVINCE_CODES and is_date(f"19{number[6:12]}")


def _mobile(text: str) -> bool:
    return _MOBILE.search(text) is not None


def _bank_card(text: str) -> bool:
    if any(_is_card(_bare(found)) for found in _CARD.findall(text)):
        return True
    shorter = (found for card in _CARDS for found in card.findall(text))
    return any(
        _is_card(_bare(found)) and len(_GROUP.findall(found)) <= MOST_GROUPS
        for found in shorter
    )


def _is_card(number: str) -> bool:
    return 16 <= len(number) <= 19 and passes_luhn(number)


def _plate(text: str) -> bool:
    return any(
        sum(sign.isdigit() for sign in found) >= 3 for found in _PLATE.findall(text)
    )


def _vin(text: str) -> bool:
    return any(_is_vin(found) for found in _VIN.findall(text))


def _is_vin(text: str) -> bool:
    return not text.isdigit() and passes_vin(text)


def _email(text: str) -> bool:
    return _EMAIL.search(text) is not None


def _bare(number: str) -> str:
    return _GAPS.sub("", number)


_FINDERS: dict[str, Callable[[str], bool]] = {
    "identity_number": _identity_number,
    "mobile": _mobile,
    "bank_card": _bank_card,
    "plate": _plate,
    "vin": _vin,
    "email": _email,
}
