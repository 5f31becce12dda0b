"""How somebody is reached: telephones, mail, chat, addresses on the net."""

from __future__ import annotations

import ipaddress
import re

from privacy.recognisers.kinds import (
    AFTER,
    BEFORE,
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

ALLOTTED = re.compile(r"1(?:3[0-9]|4[5-9]|5[0-35-9]|6[2567]|7[0-8]|8[0-9]|9[0-35-9])")
"""The prefixes that operators have been given."""

_COUNTRY = re.compile(r"^(?:(?:00)?86|0)[^0-9]*(?=1)")
_AREA = "10|2[0-57-9]|[3-9][0-9]{2}"
_SPOKEN = str.maketrans("〇零一二三四五六七八九幺", "001234567891")
_BREAKS = re.compile(r"[ \t]*[\r\n]+[ \t]*")
_GROUPED = re.compile(
    r"1[0-9]{2}(?P<gap>[ \t./·_-]{0,3})"
    r"(?:[0-9]{4}(?P=gap)[0-9]{4}|[0-9]{3}(?P=gap)[0-9]{5}|[0-9]{8})"
    r"|1[0-9]{3}(?P<other>[ \t./·_-]{1,3})"
    r"(?:[0-9]{4}(?P=other)[0-9]{3}|[0-9]{3}(?P=other)[0-9]{4})"
)
_SUMS = re.compile(
    r"\s?(?:\.[0-9]{1,2}(?![0-9])|[万亿]?元(?:整|[,，。;；、)）\s]|$)|%)"
)
"""What follows a sum, not a telephone."""

_PHONE_LABELS = (
    "联系电话", "联系方式", "电话号码", "电话", "致电", "来电", "拨打", "TEL", "PHONE",
)  # fmt: skip
_FIXED_LABELS = (
    "固定电话", "办公电话", "座机号", "座机", "固话", "传真", "总机", "FAX",
)  # fmt: skip


def mobile_grade(found: str) -> float | None:
    """Grouped as people group it, under an allotted prefix: formed."""
    number = _COUNTRY.sub("", found.translate(_SPOKEN))
    forms = (_BREAKS.sub(with_, number) for with_ in ("", " "))
    grouped = any(_GROUPED.fullmatch(form) for form in forms)
    return FORMED if grouped and ALLOTTED.match(bare(number)) else WEAK


def landline_grade(found: str) -> float | None:
    """With an area code the form tells; without one only a label does."""
    return FORMED if found.startswith(("0", "86")) else WEAK


def address_grade(found: str) -> float | None:
    """Of the net: one-digit parts are as often a chapter or a version."""
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return None
    if address.version == 6:
        return CHECKED if len(found) > 6 else WEAK
    return WEAK if len(found) == len("1.1.1.1") else FORMED


_MOBILE = f"{GAP}[3-9]{digits(9)}"
MOBILE = Kind(
    "CN_MOBILE",
    (
        value("1", _MOBILE),
        value("8", rf"6\)?{GAP}1{_MOBILE}"),
        value("0", rf"(?:086\)?{GAP})?1{_MOBILE}"),
        re.compile(
            "([一幺][〇零一二三四五六七八九幺]{10})(?![〇零一二三四五六七八九幺])"
        ),
    ),
    mobile_grade,
    labels=("手机号码", "手机号", "手机", "移动电话", "MOBILE", *_PHONE_LABELS),
    deniers=_SUMS,
)

_SUBSCRIBER = rf"{GAP}[2-8]{digits(6)}(?:{GAP}[0-9])?"
_EXTENSION = r"(?:\s?(?:-|转|EXT\.?)\s?[0-9]{1,6})?"
LANDLINE = Kind(
    "CN_LANDLINE",
    (
        value("0", rf"(?:{_AREA})\)?{_SUBSCRIBER}{_EXTENSION}"),
        value("8", rf"6{GAP}\(?0?(?:{_AREA})\)?{_SUBSCRIBER}{_EXTENSION}"),
        labelled(_FIXED_LABELS + _PHONE_LABELS, "[2-8][0-9]{2,3}[ -]?[0-9]{4}"),
    ),
    landline_grade,
    labels=_FIXED_LABELS + _PHONE_LABELS,
    deniers=_SUMS,
)

EMAIL = Kind(
    "EMAIL_ADDRESS",
    (
        re.compile(
            r"([0-9A-Z._%+-](?<![0-9A-Z._%+-].)[0-9A-Z._%+-]*+@"
            rf"(?:[0-9A-Z][0-9A-Z-]{{0,62}}\.){{1,8}}[A-Z]{{2,24}}){AFTER}"
        ),
    ),
    lambda found: CHECKED,
    labels=("电子邮箱", "邮箱", "邮件", "EMAIL", "E-MAIL"),
)

INTERNET_ADDRESS = Kind(
    "IP_ADDRESS",
    (
        re.compile(
            rf"([0-9]{BEFORE}(?<![0-9]\..)[0-9]{{0,2}}(?:\.[0-9]{{1,3}}){{3}})"
            r"(?![0-9A-Z]|\.[0-9])"
        ),
        re.compile(
            r"([0-9A-F:](?<![0-9A-Z:.].)(?:[0-9A-F]{0,4}:){2,7}[0-9A-F]{1,4})(?![0-9A-Z:.])"
        ),
    ),
    address_grade,
    labels=("IP地址", "IP", "服务器地址", "主机", "网关", "DNS"),
)

_WECHAT_LABELS = (
    "微信号码", "微信号", "微信", "微 信", "加微", "薇信", "V信", "WECHAT", "WEIXIN", "WX",
    "VX",
)  # fmt: skip
_WECHAT_NAME = "(?<![0-9A-Z])(?:[A-Z][0-9A-Z_-]{5,19}|[1-9][0-9]{4,10})"
WECHAT = Kind(
    "CN_WECHAT",
    (labelled(_WECHAT_LABELS, _WECHAT_NAME),),
    lambda found: WEAK,
    labels=_WECHAT_LABELS,
)

_QQ_LABELS = ("QQ号码", "QQ号", "QQ群", "QQ", "Q Q", "Q号", "扣扣", "企鹅号")
QQ = Kind(
    "CN_QQ",
    (labelled(_QQ_LABELS, "[1-9][0-9]{4,10}"),),
    lambda found: WEAK,
    labels=_QQ_LABELS,
)

CONTACTS = (EMAIL, INTERNET_ADDRESS, MOBILE, LANDLINE, WECHAT, QQ)
