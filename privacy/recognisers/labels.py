"""What the words beside a value say of it: raw text, because Chinese has no word breaks."""

from __future__ import annotations

import re
from functools import lru_cache

from privacy.recognisers.classes import BY_ENTITY, CLASSES
from privacy.recognisers.kinds import GAIN, JOINT, Kind, any_of

REACH = 20
"""Signs before a value in which a label may stand."""

NOBODYS = (
    "订单号", "订单编号", "订单", "运单号", "快递单号", "物流单号", "单号", "流水号",
    "交易号", "编号", "序号", "批号", "批次号", "货号", "合同号", "发票号", "发票号码",
    "发票代码", "案号", "案件号", "工单号", "受理号", "文号", "条码", "条形码", "零件号",
    "部件号", "配件号", "图号", "型号", "序列号", "设备号", "资产号", "登记号", "许可证号",
    "事项编码", "项目代码", "户号", "票号", "宗地号", "地块号", "水表号", "电表号", "版本",
    "章节", "金额", "日期", "时间戳", "签发", "发证", "有效期", "出生率", "出生人口",
    "出生证", "出生医学证明", "出生缺陷", "出生登记", "发生于", "ISBN", "IMEI",
    "ORDER NO", "SN", "0.", "¥", "￥", "$", "€",
)  # fmt: skip
"""Labels of numbers that are nobody's: directly before a value they speak against it."""

_OTHER = re.compile("[0-9]|[^，,:][，,；;]")
"""Another value or clause between a label and a value."""

_SENTENCE_END = re.compile("[。！？!?]")
_ASIDE = re.compile(r"\s?[(（【\[]\s?")


def _own_and_longer(kind: Kind) -> re.Pattern[str]:
    """A class's labels, and the words that only begin like one (`出生率`)."""
    longer = (word for word in NOBODYS if any(label in word for label in kind.labels))
    return re.compile(f"({any_of({*kind.labels, *longer})})")


_OWN = {kind.entity: _own_and_longer(kind) for kind in CLASSES}
_LABELS = {*NOBODYS, *(label for kind in CLASSES for label in kind.labels)}
_DIRECT = re.compile(f"({any_of(_LABELS)}){JOINT}$")


def gain(text: str, start: int, end: int, kind: Kind) -> tuple[float, str]:
    """What is added to a grade, and the word that it is added for."""
    before = text[max(0, start - REACH) : start]
    return _gain(before, text[end : end + REACH], kind.entity)


@lru_cache(maxsize=10_000)
def _gain(before: str, after: str, entity: str) -> tuple[float, str]:
    """The same words stand beside many values: reports are written from templates."""
    kind = BY_ENTITY[entity]
    before = _SENTENCE_END.split(before)[-1]
    if kind.deniers and (found := kind.deniers.match(after)):
        return -GAIN, found[0]
    if kind.followers and (found := kind.followers.match(after)):
        return GAIN, found[0]
    return _before(before, kind) or _behind(after, kind) or (0.0, "")


def _before(near: str, kind: Kind) -> tuple[float, str] | None:
    direct = _DIRECT.search(near)
    if direct and direct[1] in NOBODYS:
        return -GAIN, direct[1]
    labels = [found for found in _OWN[kind.entity].finditer(near)]
    own = [found for found in labels if found[1] in kind.labels]
    if not own or (kind.single and _OTHER.search(near, own[-1].end())):
        return None
    return GAIN, own[-1][1]


def _behind(after: str, kind: Kind) -> tuple[float, str] | None:
    """`E12345678（护照）`: a label in brackets behind its value."""
    aside = _ASIDE.match(after)
    label = _OWN[kind.entity].match(after, aside.end()) if aside else None
    return (GAIN, label[1]) if label and label[1] in kind.labels else None
