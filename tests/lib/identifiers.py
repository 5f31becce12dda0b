"""Invented identifiers of every class, made from the standards' own tables.

Shares no code with `privacy/`: each check digit is computed here a second time, in the
slow and obvious way. Each maker gives the words before a value, the value, and the words
behind it; where the form of a value tells enough there are no words.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import date, timedelta

from lake_config.settings import ROOT
from simulation.people import people_of
from tests.lib.quality_cases import identity_number

Made = tuple[str, str, str]
Maker = Callable[[random.Random], Made]

DATA = ROOT / "privacy" / "data"
CURRENT = json.loads((DATA / "gbt2260_current.json").read_text("utf-8"))
HISTORY = json.loads((DATA / "gbt2260_history.json").read_text("utf-8"))
TODAYS = [code for code in CURRENT if code < "71" and not code.endswith("00")]
RETIRED = [
    code for code in HISTORY.keys() - CURRENT.keys() if code < "71" and code[4:] != "00"
]
RETIRED.sort()

CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
VIN_SIGNS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
VIN_VALUES = {
    **dict.fromkeys("AJ", 1), **dict.fromkeys("BKS", 2), **dict.fromkeys("CLT", 3),
    **dict.fromkeys("DMU", 4), **dict.fromkeys("ENV", 5), **dict.fromkeys("FW", 6),
    **dict.fromkeys("GPX", 7), **dict.fromkeys("HY", 8), **dict.fromkeys("RZ", 9),
    **{digit: int(digit) for digit in "0123456789"},
}  # fmt: skip
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def luhn(number: str) -> str:
    """The digit that makes the number whole."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * 2 if place % 2 == 0 else int(digit)
        total += doubled - 9 if doubled > 9 else doubled
    return str((10 - total % 10) % 10)


def credit_code(first17: str) -> str:
    total = sum(
        CREDIT_SIGNS.index(sign) * weight
        for sign, weight in zip(first17, CREDIT_WEIGHTS, strict=True)
    )
    return first17 + CREDIT_SIGNS[(31 - total % 31) % 31]


def vin(text: str) -> str:
    """The 17 signs with the ninth put right."""
    pairs = zip(text, VIN_WEIGHTS, strict=True)
    total = sum(VIN_VALUES[sign] * weight for sign, weight in pairs)
    return text[:8] + "0123456789X"[total % 11] + text[9:]


def some_digits(chance: random.Random, number: int) -> str:
    return "".join(chance.choice("0123456789") for _ in range(number))


def birthday(chance: random.Random, first: int = 1930, last: int = 2020) -> date:
    days = (date(last, 12, 31) - date(first, 1, 1)).days
    return date(first, 1, 1) + timedelta(chance.randrange(days))


def identity(chance: random.Random) -> Made:
    """Today's and retired regions, residents' permits, foreigners', and old numbers."""
    kind = chance.random()
    born = birthday(chance)
    order = some_digits(chance, 3)
    if kind < 0.15:
        old = birthday(chance, 1930, 1998)
        return "", f"{chance.choice(TODAYS + RETIRED)}{old:%y%m%d}{order}", ""
    if kind < 0.2:
        place = chance.choice(["11", "23", "31", "44"]) + "00"
        return "", f"USA{place}{born:%y%m%d}{order[:2]}", ""
    if kind < 0.3:
        return "", identity_number(f"911156{born:%Y%m%d}{order}"), ""
    places = ["810000", "820000", "830000"] if kind < 0.4 else TODAYS
    places = RETIRED if kind > 0.7 else places
    return "", identity_number(f"{chance.choice(places)}{born:%Y%m%d}{order}"), ""


def credit(chance: random.Random) -> Made:
    holder = chance.choice(["11", "12", "51", "52", "53", "91", "92", "93", "N2"])
    body = "".join(chance.choice(CREDIT_SIGNS) for _ in range(9))
    return "", credit_code(holder + chance.choice(TODAYS) + body), ""


def passport(chance: random.Random) -> Made:
    letter = chance.choice(["E", "EA", "EK", "G", "D", "SE", "PE", "14"])
    number = letter + some_digits(chance, 9 - len(letter))
    return chance.choice(["护照", "护照号", "护照号码：", "所持护照为"]), number, ""


def permit(chance: random.Random) -> Made:
    form = chance.choice(["C", "W", "CA", "T", "L", "H", "M", "H+", "8"])
    if form == "8":
        return "台胞证号", some_digits(chance, 8), ""
    number = form.strip("+") + some_digits(chance, 9 - len(form.strip("+")))
    number += some_digits(chance, 2) if form == "H+" else ""
    return chance.choice(["港澳通行证", "通行证号码：", "回乡证号"]), number, ""


def medical(chance: random.Random) -> Made:
    label = chance.choice(
        ["医保卡号", "医保个人编号：", "住院号", "病历号", "就诊卡号 "]
    )
    form = chance.choice(["", "A", "ZY"])
    return label, form + some_digits(chance, chance.randrange(7, 13)), ""


def security(chance: random.Random) -> Made:
    label = chance.choice(
        ["社保卡号", "社会保障卡号：", "社保个人编号", "养老保险编号 "]
    )
    form = chance.choice(["", "D", "HLJ"])
    return label, form + some_digits(chance, chance.randrange(8, 12)), ""


def mobile(chance: random.Random) -> Made:
    prefix = chance.choice(
        ["138", "139", "150", "158", "166", "177", "186", "191", "199"]
    )
    country = chance.choice(["", "", "", "86", "0086 "])
    return "", country + prefix + some_digits(chance, 8), ""


def landline(chance: random.Random) -> Made:
    area, length = chance.choice([("0455", 7), ("0451", 8), ("010", 8), ("021", 8)])
    number = chance.choice("2345678") + some_digits(chance, length - 1)
    return "", area + chance.choice(["", "-", " "]) + number, ""


def bank_card(chance: random.Random) -> Made:
    prefix = chance.choice(
        ["621700", "622848", "622202", "625965", "4367", "5240", "356833"]
    )
    length = chance.choice([16, 17, 18, 19]) if prefix[:2] == "62" else 16
    body = prefix + some_digits(chance, length - 1 - len(prefix))
    return "", body + luhn(body), ""


def plate(chance: random.Random) -> Made:
    where = chance.choice(
        "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
    )
    where += chance.choice("ABCDEFGHJKLMNPQR")
    letters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
    form = chance.choice(
        [
            "99999",
            "A9999",
            "9A999",
            "AA999",
            "D99999",
            "F99999",
            "99999D",
            "9999学",
            "9999挂",
        ]
    )
    signs = (
        chance.choice("0123456789") if sign == "9" else chance.choice(letters) if sign == "A" else sign
        for sign in form
    )  # fmt: skip
    return "", where + chance.choice(["", "", "·"]) + "".join(signs), ""


def vehicle(chance: random.Random) -> Made:
    signs = "".join(chance.choice(VIN_SIGNS) for _ in range(10))
    return "", vin("LSV" + signs + some_digits(chance, 4)), ""


def email(chance: random.Random) -> Made:
    name = chance.choice(["zhang.san", "li_si", "wang-wu88", "Zhao", "a1"])
    host = chance.choice(["163.com", "qq.com", "suihua.gov.cn", "mail.example.org"])
    return "", f"{name}{some_digits(chance, 2)}@{host}", ""


def net_address(chance: random.Random) -> Made:
    if chance.random() < 0.2:
        return "", f"2001:db8::{chance.randrange(1, 9999):x}", ""
    return "", ".".join(str(chance.randrange(10, 255)) for _ in range(4)), ""


def wechat(chance: random.Random) -> Made:
    name = chance.choice(["wxid_", "zhang-", "Li", "abcdef"]) + some_digits(chance, 6)
    return chance.choice(["微信", "微信号", "微信号：", "加微信", "vx:"]), name, ""


def qq(chance: random.Random) -> Made:
    number = chance.choice("123456789") + some_digits(chance, chance.randrange(5, 10))
    return chance.choice(["QQ", "QQ号", "qq：", "QQ号码是"]), number, ""


def birth(chance: random.Random) -> Made:
    day = birthday(chance)
    text = chance.choice(
        [f"{day.year}年{day.month}月{day.day}日", f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}",
         f"{day:%Y年%m月}", f"{day:%Y%m%d}", f"{day.year}.{day.month}.{day.day}",
         "一九" + chance.choice(["六五", "九〇"]) + "年三月十二日"]
    )  # fmt: skip
    before, after = chance.choice(
        [("出生日期", ""), ("出生于", ""), ("生于", ""), ("生日是", ""), ("出生年月：", ""),
         ("", "出生"), ("", "生，"), ("", "（出生）")]
    )  # fmt: skip
    return before, text, after


HOMES = [str(text) for text in people_of(7, 0, 3000).address]


def home(chance: random.Random) -> Made:
    place = chance.choice(HOMES)
    city, number = place[: place.index("市") + 4], chance.randrange(1, 300)
    door = f"{chance.randrange(1, 30)}号楼{chance.randrange(1, 7)}单元{chance.randrange(101, 999)}室"
    value = chance.choice(
        [place, f"{city}中兴大街{number}号", f"{city}康庄路{number}号{door}",
         f"{city}阳光家园小区{door}", f"{city}东富镇永安村{chance.choice('一二三四五')}组{number}号",
         f"人民路{number}号{door}", f"哈尔滨市南岗区果戈里大街{number}-{number % 9 + 1}号",
         f"{city}永安村{number % 20 + 1}屯", f"{city}花园小区{number % 30 + 1}栋{number % 9 + 101}室"]
    )  # fmt: skip
    return "", value, ""


MAKERS: dict[str, Maker] = {
    "CN_IDENTITY_NUMBER": identity,
    "CN_CREDIT_CODE": credit,
    "CN_PASSPORT": passport,
    "CN_TRAVEL_PERMIT": permit,
    "CN_MEDICAL_INSURANCE_NUMBER": medical,
    "CN_SOCIAL_SECURITY_NUMBER": security,
    "CN_BANK_CARD": bank_card,
    "CN_PLATE": plate,
    "CN_VIN": vehicle,
    "CN_MOBILE": mobile,
    "CN_LANDLINE": landline,
    "EMAIL_ADDRESS": email,
    "IP_ADDRESS": net_address,
    "CN_WECHAT": wechat,
    "CN_QQ": qq,
    "CN_BIRTH_DATE": birth,
    "CN_ADDRESS": home,
}
