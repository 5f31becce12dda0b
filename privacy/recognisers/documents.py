"""Numbers of persons and enterprises: identity, credit code, passport, permits, cards.

The structure of an identity number is region, birth date, order and check digit. Whoever
mistyped one of them is still somebody: two of three that agree are weak evidence.
"""

from __future__ import annotations

import re

from privacy.check_digits import credit_check, is_date, resident_check
from privacy.recognisers.divisions import province_codes, region_codes
from privacy.recognisers.kinds import (
    CHECKED,
    FORMED,
    GAP,
    WEAK,
    Kind,
    bare,
    digits,
    labelled,
    value,
)

FOREIGNER = "9"
_EIGHTEEN = re.compile("[0-9]{17}[0-9X]")
_CREDIT = "[0-9A-HJ-NPQRTUWXY]"
_CREDIT_CODE = re.compile(f"[1-9A-Z][0-9]{{7}}{_CREDIT}{{10}}")
_CREDIT_HOLDERS = frozenset(
    "11 12 13 19 21 29 31 32 33 34 39 51 52 53 59 71 72 79 81 89 91 92 93 A1 A9 G1 N1 N2 "
    "N3 N9 Y1".split()
)
"""Registering authority and kind of body, as GB 32100 gives them out."""
_SECONDS = {
    first: sorted(holder[1] for holder in _CREDIT_HOLDERS if holder[0] == first)
    for first in sorted({holder[0] for holder in _CREDIT_HOLDERS})
}


def identity_grade(found: str) -> float | None:
    """With two digits more, for kind and degree, it is on a disabled person's card."""
    number = bare(found)
    if _EIGHTEEN.fullmatch(number):
        return _modern_grade(number)
    if re.fullmatch("[A-Z]{3}[0-9]{12}", number):
        return _foreigner_grade(number)
    if re.fullmatch("[0-9]{15}", number):
        return _old_grade(number)
    if re.fullmatch("[0-9]{17}[0-9X][1-7][1-4]", number):
        return CHECKED if identity_grade(number[:18]) == CHECKED else WEAK
    return WEAK if re.fullmatch("[0-9]{12,19}X?", number) else None


def _modern_grade(number: str) -> float | None:
    known = _place_is_known(number)
    place = known or number[:2] in province_codes() or number[0] == FOREIGNER
    signs = (place, is_date(number[6:14]), resident_check(number[:17]) == number[17])
    if all(signs):
        return CHECKED if known else FORMED
    return WEAK if sum(signs) == 2 else None


def _place_is_known(number: str) -> bool:
    """Of a foreigner's card only the province is said, then the country."""
    if number[0] == FOREIGNER:
        return number[1:3] in province_codes()
    return number[:6] in region_codes()


def _old_grade(number: str) -> float | None:
    """No check digit before 1999, so region and date have to agree."""
    if number[:2] not in province_codes() or not is_date(f"19{number[6:12]}"):
        return None
    return FORMED if number[:6] in region_codes() else WEAK


def _foreigner_grade(number: str) -> float | None:
    """The card until 2023: country, place of issue, birth date, order."""
    place, born = number[3:5], number[7:13]
    good = place in province_codes() and (is_date(f"19{born}") or is_date(f"20{born}"))
    return FORMED if good else None


def credit_grade(found: str) -> float | None:
    code = bare(found)
    if not _CREDIT_CODE.fullmatch(code):
        return None
    place = code[2:8] in region_codes() or code[2:8] == "100000"
    holder = code[:2] in _CREDIT_HOLDERS
    if not place and not holder:
        return None
    signs = (place, holder, credit_check(code[:17]) == code[17])
    return CHECKED if all(signs) else WEAK if sum(signs) == 2 else None


def _weak(found: str) -> float | None:
    return WEAK if any(sign.isdigit() for sign in found) else None


_IDENTITY_LABELS = (
    "居民身份证", "身份证号码", "身份证号", "身份证", "公民身份号码", "身份号码",
    "证件号码", "证件号", "居住证号", "居住证", "永居证", "永久居留", "驾驶证号",
    "公民身份证号", "身份证件号", "身分证", "残疾人证", "残疾证", "ID CARD",
)  # fmt: skip
IDENTITY = Kind(
    "CN_IDENTITY_NUMBER",
    (
        value("[1-9]", f"{digits(16)}{GAP}[0-9X](?:[1-7][1-4])?"),
        value("[1-8]", digits(14)),
        value("[A-Z]", f"(?:{GAP}[A-Z]){{2}}{digits(12)}"),
        # Of another length, so mistyped: told by its label alone.
        labelled(_IDENTITY_LABELS, "[0-9]{12,14}|[0-9]{16,17}|[0-9]{18}[0-9X]"),
    ),
    identity_grade,
    labels=_IDENTITY_LABELS,
)

CREDIT_CODE = Kind(
    "CN_CREDIT_CODE",
    (value("[1-9AGNY]", f"[1-9][0-9]{{6}}{_CREDIT}{{10}}"),),
    credit_grade,
    labels=(
        "统一社会信用代码", "社会信用代码", "信用代码", "纳税人识别号", "税号", "机构代码",
        "营业执照",
    ),
    alone=tuple(
        value(first, f"[{''.join(seconds)}][0-9]{{6}}{_CREDIT}{{10}}")
        for first, seconds in _SECONDS.items()
    ),
)  # fmt: skip

PASSPORT = Kind(
    "CN_PASSPORT",
    (value("[A-Z]", "[0-9A-Z]?[0-9]{7}"), value("1", "[45][0-9]{7}")),
    _weak,
    labels=("护照号码", "护照号", "护照", "证件号码", "证件号", "证照号", "PASSPORT"),
)

_PERMIT_LABELS = (
    "港澳居民来往内地通行证", "台湾居民来往大陆通行证", "往来港澳通行证",
    "往来台湾通行证", "港澳通行证", "台湾通行证", "通行证号码", "通行证号", "通行证",
    "回乡证", "台胞证", "入台证",
)  # fmt: skip
TRAVEL_PERMIT = Kind(
    "CN_TRAVEL_PERMIT",
    (
        value("[CWTLHM]", "[0-9]{8}(?:[0-9]{2})?|[A-HJ-NP-Z][0-9]{7}"),
        labelled(_PERMIT_LABELS, r"[0-9]{8}(?:[0-9]{2}(?:\([A-Z]\)|[A-Z])?)?"),
    ),
    _weak,
    labels=_PERMIT_LABELS,
)

_HEALTH_LABELS = (
    "医保个人编号", "医保编号", "医保电脑号", "医保手册号", "医保卡号", "医保卡", "医保号",
    "医疗保险号", "医疗保险证号", "医保证", "医疗证", "病历号", "病案号", "住院号",
    "住院编号", "门诊号", "就诊卡", "就诊号", "健康卡", "健康档案号", "参合号", "新农合证",
)  # fmt: skip
MEDICAL_NUMBER = Kind(
    "CN_MEDICAL_INSURANCE_NUMBER",
    (labelled(_HEALTH_LABELS, "[0-9A-Z][0-9A-Z-]{4,28}[0-9A-Z]"),),
    _weak,
    labels=_HEALTH_LABELS,
)

_SECURITY_LABELS = (
    "社会保障卡号", "社会保障号码", "社会保障号", "社会保障卡", "社会保险号", "社保个人编号",
    "社保编号", "社保卡号", "社保卡", "社保号", "社保账号", "社保电脑号", "养老保险号",
    "养老保险编号", "公积金账号",
)  # fmt: skip
SECURITY_NUMBER = Kind(
    "CN_SOCIAL_SECURITY_NUMBER",
    (labelled(_SECURITY_LABELS, "[0-9A-Z][0-9A-Z-]{4,28}[0-9A-Z]"),),
    _weak,
    labels=_SECURITY_LABELS,
)

DOCUMENTS = (
    IDENTITY, CREDIT_CODE, PASSPORT, TRAVEL_PERMIT, MEDICAL_NUMBER, SECURITY_NUMBER,
)  # fmt: skip
