"""What somebody owns: bank cards, plates, vehicles."""

from __future__ import annotations

import re

from privacy.check_digits import passes_luhn, passes_vin
from privacy.leak_patterns import PROVINCES
from privacy.recognisers.kinds import (
    AFTER,
    FORMED,
    GAP,
    WEAK,
    Kind,
    bare,
    digits,
    value,
)

_ISSUERS = re.compile(
    "(?:62|60)[0-9]{14,17}|955[89][0-9]{12,15}|4[0-9]{15}|(?:35|5[1-5]|2[2-7])[0-9]{14}"
)
"""UnionPay, Discover and two banks' old cards of 16 to 19 digits; Visa, JCB, Mastercard."""

MOST_GROUPS = 6
"""Cards are written in groups; single digits in a row are a table of numbers."""

_GROUPS, _CARD = re.compile("[0-9]+"), re.compile("[0-9]{16,19}")
_PLATE = "[A-HJ-NP-Z0-9]"


def card_grade(found: str) -> float | None:
    """One of ten numbers passes by chance, so the issuer has to be known as well."""
    number = bare(found)
    groups = len(_GROUPS.findall(found))
    if not _CARD.fullmatch(number) or groups > MOST_GROUPS:
        return None
    known = _ISSUERS.fullmatch(number) and not number.startswith("2312")
    if passes_luhn(number):
        return FORMED if known else WEAK
    return WEAK if known else None


def plate_grade(found: str) -> float | None:
    """At most two letters behind the dot, or the last sign of a special vehicle."""
    signs = re.sub("[^0-9A-Z]", "", found)[1:]
    letters = sum(sign.isalpha() for sign in signs)
    return FORMED if letters <= 2 and len(signs) - letters >= 3 else WEAK


def vin_grade(found: str) -> float | None:
    if found.isdigit() or not re.fullmatch("[A-HJ-NPR-Z0-9]{17}", found):
        return None
    if passes_vin(found):
        return FORMED
    return WEAK if found[0] == "L" else None


BANK_CARD = Kind(
    "CN_BANK_CARD",
    tuple(value("[2-9]", digits(number)) for number in (15, 16, 17, 18)),
    card_grade,
    labels=(
        "银行卡号", "银行卡", "银行账号", "银行账户", "储蓄卡", "信用卡", "借记卡", "卡号",
        "账号", "账户", "工资卡", "一卡通", "开户行", "银行", "工行", "农行", "中行", "建行",
    ),
    alone=(
        value("6", f"{GAP}[20]{digits(14)}(?:{GAP}[0-9]){{0,3}}"),
        value("9", f"{GAP}5{GAP}5{GAP}[89]{digits(12)}(?:{GAP}[0-9]){{0,3}}"),
        value("4", digits(15)),
        value("[235]", digits(15)),
    ),
)  # fmt: skip

PLATE = Kind(
    "CN_PLATE",
    (
        re.compile(
            rf"([{PROVINCES}][A-HJ-NP-Z][ ·.-]{{0,2}}"
            rf"(?:{_PLATE}{{6}}|{_PLATE}{{5}}|{_PLATE}{{4}}[挂学警港澳使领])){AFTER}"
        ),
        value("W", rf"J[ ·-]?[{PROVINCES}0-9][ ·-]?[0-9]{{4}}[0-9XTBDHJ]"),
    ),
    plate_grade,
    labels=("号牌号码", "车牌号码", "车牌号", "车牌", "号牌", "车辆", "牌照"),
)

VIN = Kind(
    "CN_VIN",
    (value("[A-HJ-NPR-Z0-9]", "[A-HJ-NPR-Z0-9]{12}[0-9]{4}"),),
    vin_grade,
    labels=("车辆识别代号", "车辆识别代码", "车辆识别码", "车架号码", "车架号", "VIN"),
)

BELONGINGS = (BANK_CARD, PLATE, VIN)
