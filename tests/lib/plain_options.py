"""What may be approved instead of the policy, a second time: plain Python, cell by cell.

Reference for `privacy/option_column.py`: slow, obvious, and shares the stored list of
townships with it and nothing else. Masked text is not here.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB

from lake_config.townships import townships
from privacy.check_digits import passes_luhn
from privacy.names.chinese_names import DOUBLE, SURNAMES
from tests.lib.plain_ff1 import encrypted
from tests.lib.plain_masker import DIVISIONS, county, normal

DIGITS = "0123456789"
PLATE_SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
CODES = "231202 231221 231222 231223 231224 231225 231226 231281 231282 231283".split()


def digits(text: str) -> bool:
    return all(sign in DIGITS for sign in text)


def bare(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(sign for sign in plain if not sign.isspace() and sign not in "·-")


def stars(kind: str, cell: str | None) -> str | None:
    return None if cell is None else STARRED[kind](bare(cell))


def _identity_number(text: str) -> str | None:
    if len(text) != 18 or not digits(text[:17]) or text[0] == "0":
        return None
    return f"{text[0]}{'*' * 16}{text[17]}" if text[17] in DIGITS + "X" else None


def _is_mobile(text: str) -> bool:
    return len(text) == 11 and digits(text) and text[0] == "1" and text[1] in "3456789"


def _without_country(text: str) -> str:
    for country in ("+86", "86"):
        if text.startswith(country) and _is_mobile(text[len(country) :]):
            return text[len(country) :]
    return text


def _mobile(text: str) -> str | None:
    number = _without_country(text)
    return f"{number[:3]}****{number[7:]}" if _is_mobile(number) else None


def _bank_card(text: str) -> str | None:
    return f"****{text[-4:]}" if 16 <= len(text) <= 19 and digits(text) else None


def _plate(text: str) -> str | None:
    tail = text[2:]
    begins = text[:1] in PROVINCES and text[1:2] in PLATE_SIGNS and len(text) > 2
    if not begins or not 5 <= len(tail) <= 6:
        return None
    inside = all(sign in PLATE_SIGNS + DIGITS for sign in tail[:-1])
    last = tail[-1] in PLATE_SIGNS + DIGITS + "挂学警港澳"
    return f"{text[:2]}***" if inside and last else None


def _person_name(text: str) -> str | None:
    for length, surnames in ((2, DOUBLE), (1, SURNAMES)):
        given = text[length:]
        if text[:length] in surnames and 1 <= len(given) <= 3:
            return f"{text[:length]}*" if all(map(_is_sign, given)) else None
    return None


def _is_sign(sign: str) -> bool:
    return "一" <= sign <= "鿿"


STARRED: dict[str, Callable[[str], str | None]] = {
    "identity_number": _identity_number,
    "mobile": _mobile,
    "bank_card": _bank_card,
    "plate": _plate,
    "person_name": _person_name,
}


def township(text: str | None) -> str | None:
    """The first place in the text at which a county and one of its townships stand."""
    within = county(text)
    if text is None or within == "其他":
        return within
    for start in range(len(text)):
        found = _township_at(text[start:])
        if found:
            return found if found.startswith(str(within)) else within
    return within


def _township_at(text: str) -> str:
    if text[:3] not in DIVISIONS:
        return ""
    rest = text[3:]
    rest = rest[1:] if rest[:1] in (" ", "\u3000") else rest
    names = townships()[CODES[DIVISIONS.index(text[:3])]]
    kept = [name for name in names if name.endswith(("乡", "镇", "街道"))]
    for name in sorted(kept, key=len, reverse=True):
        behind = rest[len(name) : len(name) + 1]
        if rest.startswith(name) and behind not in ("路", "街"):
            return text[:3] + name
    return ""


def grid(text: str | None) -> str | None:
    if text is None:
        return None
    parts = unicodedata.normalize("NFKC", text).replace(" ", "").split(",")
    corners = [_corner(part) for part in parts]
    if len(corners) == 1 and (_east(corners[0]) or _north(corners[0])):
        return _written(corners[0])
    if len(corners) == 2 and _east(corners[0]) and _north(corners[1]):
        return f"{_written(corners[0])},{_written(corners[1])}"
    return "其他"


def _corner(part: str) -> int:
    """Hundredths of a degree, even; 0 for what is no number of degrees."""
    whole, point, rest = part.partition(".")
    if not 2 <= len(whole) <= 3 or not digits(whole + rest):
        return 0
    if len(rest) > 20 or (point and not rest):
        return 0
    return int(Decimal(part) * 100) // 2 * 2


def _east(corner: int) -> bool:
    return 12488 <= corner <= 12850


def _north(corner: int) -> bool:
    return 4504 <= corner <= 4804


def _written(corner: int) -> str:
    return f"{corner // 100}.{corner % 100:02d}"


def same_form(kind: str, cell: str | None, secret: bytes) -> str | None:
    """`secret`: of the column's own key class; SM4 under its first 16 bytes of HMAC."""
    if cell is None:
        return None
    key = hmac.digest(secret, b"format", "sm3")[:16]
    block = Cipher(SM4(key), ECB()).encryptor().update  # noqa: S305
    text = bare(cell)
    if kind == "mobile":
        number = _without_country(text)
        return _other_mobile(block, number) if _is_mobile(number) else None
    if not 16 <= len(text) <= 19 or not digits(text) or not passes_luhn(text):
        return None
    begun = _other(block, text[:-1])
    [right] = [digit for digit in DIGITS if passes_luhn(begun + digit)]
    return begun + DIGITS[(int(right) + 1) % 10]


def _other(block: Callable[[bytes], bytes], text: str) -> str:
    return "".join(map(str, encrypted(block, [int(sign) for sign in text], 10, b"")))


def _other_mobile(block: Callable[[bytes], bytes], number: str) -> str:
    number = "1" + _other(block, number[1:])
    while not _is_mobile(number):
        number = "1" + _other(block, number[1:])
    return number


def shifted(
    day: date | None, kind: str, person: str | None, secret: bytes
) -> date | None:
    meant = normal(kind, person)
    if day is None or meant is None:
        return None
    digest = hmac.digest(secret, f"{kind};{meant}".encode(), "sm3")
    try:
        return day + timedelta(days=int.from_bytes(digest, "big") % 361 - 180)
    except OverflowError:
        return None


def at_most(number: Any, most: int) -> Any:
    return None if number is None else min(number, most)
