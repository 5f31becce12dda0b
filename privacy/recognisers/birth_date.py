"""Dates of birth: any way to write a day, once the words beside it speak of a birth."""

from __future__ import annotations

import re

from privacy.recognisers.kinds import WEAK, Kind, value

_CHINESE = "[〇零○一二三四五六七八九]"
_SHORT = "[一二三四五六七八九十廿卅]{1,3}"
_BLANK = r"[ \t\r\n]{0,2}"

_DAY = rf"{_BLANK}[0-3]?[0-9]{_BLANK}[日号]"
_YEAR = "(?:[89][0-9]{2}|0[0-9]{2})"

_DATES = (
    ("[12]", rf"{_YEAR}{_BLANK}年{_BLANK}[01]?[0-9]{_BLANK}月(?:{_DAY})?"),
    ("[0-9]", rf"[0-9]年{_BLANK}[01]?[0-9]{_BLANK}月{_DAY}"),
    (_CHINESE, rf"{_CHINESE}{{3}}年{_SHORT}月(?:{_SHORT}[日号])?"),
    ("[12]", rf"{_YEAR}(?P<mark>[-./])[01]?[0-9](?P=mark)[0-3]?[0-9]"),
    ("[12]", rf"{_YEAR}[-./][01]?[0-9]"),
    ("[12]", rf"{_YEAR}[01][0-9][0-3][0-9]"),
)
_BORN = re.compile(
    r"\s?(?:[（(](?:农历|阴历|公历|阳历)[)）])?(?:[(（,，]\s?)?(?:出生|诞生|降生|生人|生于|"
    r"生(?![效产成态活意命物理长存育前还平死涯变根动机火效日]))"
)
"""`1990年3月7日生`, but not `生效`, `生产`, `生前`."""


BIRTH_DATE = Kind(
    "CN_BIRTH_DATE",
    tuple(value(first, rest) for first, rest in _DATES),
    lambda found: WEAK,
    labels=(
        "出生日期", "出生年月日", "出生年月", "出生时间", "出生于", "出生在", "出生", "生于",
        "生日", "诞生于", "诞生", "降生", "诞辰", "生辰", "DATE OF BIRTH", "BIRTHDAY", "DOB",
        "BORN",
    ),
    followers=_BORN,
    single=True,
)  # fmt: skip
