"""What a form's labels, titles and door numbers say by themselves, without a model.

Every repetition in a pattern has a bound and its parts share no character, so that any
text is read in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from privacy.names.chinese_names import BEFORE, DOUBLE, SURNAMES, TITLES
from privacy.names.span import PERSON, PLACE, Span

PERSON_LABELS = (
    "姓名 患者 患者姓名 病人 联系人 申请人 投诉人 来电人 反映人 举报人 报案人 "
    "报警人 受害人 被害人 当事人 嫌疑人 户主 监护人 家属 配偶 父亲 母亲 儿子 女儿 "
    "代理人 委托人 受托人 被保险人 参保人 参保人员 投保人 持卡人 收款人 付款人 "
    "法定代表人 法人 负责人 经办人 承办人 签名 签字 驾驶人 车主 乘客 收件人 寄件人 "
    "接警人 处警人 证人 原告 被告 医师 主治医师 老人姓名 低保对象 救助对象 本人".split()
)
PLACE_LABELS = (
    "住址 地址 家庭住址 家庭地址 现住址 居住地 户籍地 户籍地址 户口所在地 联系地址 "
    "通讯地址 收件地址 事发地点 案发地点 事故地点 地点 籍贯 出生地 单位地址 "
    "常住地址 详细地址".split()
)
NUMBER = "[0-9A-Za-z一二三四五六七八九十百零〇甲乙丙丁]{1,8}"
UNIT = "(?:号楼|号院|号|栋|幢|座|单元|室|层|楼|弄|巷|门|组|队|户)"
DOOR = f"(?:附?{NUMBER}{UNIT}){{1,8}}"

_STOP = r"，,。;；、\n\r\t|()（）:："
_PERSON_FIELD = re.compile(
    rf"(?:{'|'.join(sorted(PERSON_LABELS, key=len, reverse=True))})"
    rf" {{0,2}}[:：] {{0,4}}([^\s{_STOP}]( [^\s{_STOP}](?![^\s{_STOP}])|[^\s{_STOP}]){{1,19}})"
)
_PLACE_FIELD = re.compile(
    rf"(?:{'|'.join(sorted(PLACE_LABELS, key=len, reverse=True))})"
    r" {0,2}[:：] {0,4}([^，,。;；\n\r\t|:： ][^，,。;；\n\r\t|:： ]{1,79})"
)
_SOMEBODY = re.compile(
    rf"(?:{'|'.join(sorted(DOUBLE))}|[{''.join(sorted(SURNAMES))}])某{{1,3}}"
)
_TITLED = re.compile(
    rf"(?:{'|'.join(sorted(DOUBLE))}|[{''.join(sorted(SURNAMES))}])"
    rf"(?={'|'.join(title for title in TITLES if len(title) > 1 and '某' not in title)})"
)
_NICK = re.compile(
    rf"(?<![一-鿿])[{''.join(BEFORE)}][{''.join(sorted(SURNAMES))}](?![一-鿿])"
)
_DOORS = re.compile(f"(?:附?{NUMBER}{UNIT}){{2,8}}")
_RULES = (
    (_PERSON_FIELD, 1, PERSON, 0.9),
    (_PLACE_FIELD, 1, PLACE, 0.9),
    (_SOMEBODY, 0, PERSON, 0.9),
    (_TITLED, 0, PERSON, 0.4),
    (_NICK, 0, PERSON, 0.4),
    (_DOORS, 0, PLACE, 0.6),
)


def label_spans(text: str) -> Iterator[Span]:
    """What the rules find in a plain text."""
    for pattern, group, kind, score in _RULES:
        for match in pattern.finditer(text):
            yield Span(*match.span(group), kind, score, "label")
