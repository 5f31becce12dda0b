"""Addresses down to the door: a place, then a number of a house, a building or a group.

A door number behind the last sign of a road, a village or an estate is found first; from
there the address is followed to the left, to the first division that GB/T 2260 knows or
a word that cannot be part of a name, and to the right, through building, unit and room.
Places without a number are for the model of names.
"""

from __future__ import annotations

import re

from privacy.recognisers.divisions import named
from privacy.recognisers.kinds import FORMED, WEAK, Kind, any_of

_CHINESE = "一-鿿㐀-䶿"
_NUMBER = r"(?:[0-9]{1,5}(?:[-之][0-9]{1,4}){0,2}|[一二三四五六七八九十百]{1,4})"
_HOUSE = (
    "号(?:(?<=[0-9-][0-9]{2}号)|(?<=-[0-9]号)"
    "|(?!线|令|文件|公告|通知|台风|选手|病|种子))"
)
_UNIT = "号楼|号院|栋|幢|单元|组|队|屯|座|弄|社|委"
_ROOMS = "门栋|门|层|楼|室|户|房"

_CORE = re.compile(
    rf"([路街道巷同弄里条村屯庄镇乡区苑园寓院厦场楼城府邨舍委]\s?第?"
    rf"(?:{_NUMBER}\s?(?:{_UNIT}|{_HOUSE})|[0-9]{{1,3}}[#＃]))"
)
_NO_DAY = re.compile(rf"([{_CHINESE}]\s?(?:3[2-9]|[4-9][0-9]|[0-9]{{3,5}}){_HOUSE})")
"""A number that no month has: with a division before it, whatever the place is called."""

_TAIL = re.compile(
    rf"(?:\s?(?:附?{_NUMBER}\s?(?:{_UNIT}|{_ROOMS}|{_HOUSE})|[A-Z]座|[0-9A-Z]{{1,5}}"
    r"(?:-[0-9]{1,5}){1,3}|[0-9]{3,4}(?![0-9年月日元])|[#＃]楼?|之[一二三四五])){0,8}"
)
_STOP = re.compile(
    rf"[^{_CHINESE}0-9A-Z· -]|(?<![省市区县旗镇乡道村街路]) "
    "|位于|坐落于|居于|送至|寄至|搬至|前往|从(?!化)|[在到是了的住把被往址籍说称]"
)
_ROAD = re.compile(rf"(?:[路街巷弄]|大道|胡同)\s?{_NUMBER}\s?(?:{_HOUSE}|弄)")
_BUILDING = re.compile(rf"{_NUMBER}\s?(?:号楼|栋|幢|单元|组|屯|室)|[0-9][#＃]")
_DOORS = re.compile(rf"{_NUMBER}\s?(?:{_UNIT}|{_ROOMS}|号)")
_FAR, _NAME, _APART = 40, 8, 6
"""Signs looked at to the left, kept of them where no division is named, and at most
between two divisions of one address."""

_LABELS = (
    "家庭住址", "家庭地址", "户籍地址", "户籍所在地", "户口所在地", "现住址", "现居住地",
    "居住地", "通讯地址", "通信地址", "联系地址", "收货地址", "居住地址", "常住地址", "住址",
    "住所", "地址", "家住", "现住", "住在", "居住在",
)  # fmt: skip


def widened(text: str, start: int, end: int) -> tuple[int, int]:
    """From the sign before a door number to the whole address."""
    near = _STOP.split(text[max(0, start - _FAR) : start])[-1]
    tail = _TAIL.match(text, end)
    return start - _kept(near), tail.end() if tail else end


def _kept(near: str) -> int:
    """How many signs before a number are of its address: all from the first division of
    the row that comes last."""
    begin = len(near)
    for start, end in reversed(named(near)):
        if begin < len(near) and begin - end > _APART:
            break
        begin = start
    return len(near) - begin if begin < len(near) else min(len(near), _NAME)


def address_grade(found: str) -> float | None:
    """A road's house or a building tells; a bare `村12号` may be the twelfth of a month."""
    division = any(end - start > 2 for start, end in named(found))
    doors = len(_DOORS.findall(found))
    telling = _ROAD.search(found) or _BUILDING.search(found) or doors > 1
    return FORMED if doors and (division or (telling and len(found) > 4)) else WEAK


ADDRESS = Kind(
    "CN_ADDRESS",
    (
        _CORE,
        _NO_DAY,
        re.compile(rf"(?:{any_of(_LABELS)}):\s?([{_CHINESE}0-9A-Z·#-]{{4,60}})"),
    ),
    address_grade,
    labels=_LABELS,
    widen=widened,
)
