"""A value of the same person is found in the text however it is written there."""

from __future__ import annotations

import time

import pytest

from privacy.names.known import known, known_spans

PERSON = ("person_name", "张伟强")
HOME = ("address", "黑龙江省绥化市北林区幸福街道和平小区3栋2单元301室")
NUMBER = ("identity_number", "231202199002281236")
MOBILE = ("mobile", "13945551234")
BIRTH = ("birth_date", "1990-02-08")
WRITTEN = [
    (PERSON, "由张伟强签收", "张伟强"),
    (PERSON, "由張偉強簽收", "張偉強"),
    (PERSON, "由张 伟 强签收", "张 伟 强"),
    (PERSON, "由张\u200b伟强签收", "张\u200b伟强"),
    (PERSON, "由张伟\n强签收", "张伟\n强"),
    (PERSON, "找张主任办理", "张主任"),
    (PERSON, "系张某所为", "张某"),
    (PERSON, "张女士来电", "张女士"),
    (PERSON, "邻居老张说", "老张"),
    (PERSON, "伟强说不是", "伟强"),
    (("person_name", "欧阳建国"), "欧阳先生来电", "欧阳先生"),
    (("person_name", "爱新觉罗·伟芳"), "爱新觉罗伟芳到场", "爱新觉罗伟芳"),
    (("person_name", "爱新觉罗·伟芳"), "爱新觉罗•伟芳到场", "爱新觉罗•伟芳"),
    (HOME, "住和平小区3栋2单元301室。", "和平小区3栋2单元301室"),
    (HOME, "住北林区幸福街道和平小区３栋２单元３０１室。", "北林区幸福街道和平小区３栋２单元３０１室"),
    (NUMBER, "证号２３１２０２１９９００２２８１２３６，", "２３１２０２１９９００２２８１２３６"),
    (NUMBER, "证号231202 19900228 1236，", "231202 19900228 1236"),
    (NUMBER, "身份证尾号1236的人", "1236"),
    (BIRTH, "系1990年2月8日出生", "1990年2月8日"),
    (BIRTH, "系１９９０年０２月０８日出生", "１９９０年０２月０８日"),
    (BIRTH, "生于1990.02.08，", "1990.02.08"),
    (BIRTH, "1990年2月生人", "1990年2月"),
    (MOBILE, "电话139-4555-1234。", "139-4555-1234"),
    (MOBILE, "电话139\n4555 1234。", "139\n4555 1234"),
    (MOBILE, "电话(139)45551234。", "139)45551234"),
    (MOBILE, "电话139，4555，1234。", "139，4555，1234"),
    (MOBILE, "电话139\x004555\u20281234。", "139\x004555\u20281234"),
    (PERSON, "由张\x00伟\u2028强签收", "张\x00伟\u2028强"),
    (("landline", "0455-8221234"), "回访8221234处理", "8221234"),
    (("landline", "010-82211234"), "回访8221 1234处理", "8221 1234"),
    (("landline", "0455-8221234"), "（0455）8221234", "0455）8221234"),
    (BIRTH, "生于1990-2-8，", "1990-2-8"),
    (BIRTH, "90年2月8日生", "90年2月8日"),
    (("birth_date", "1980-01-01"), "1980年元月1日生", "1980年元月1日"),
]  # fmt: skip
LEFT_ALONE = [
    (PERSON, "伟大的强国，张开双臂，主任不在"),
    (("person_name", "王建国"), "建国以来的成就"),
    (("person_name", "无"), "无人在场，均无异议"),
    (("person_name", "李"), "行李在车上"),
    (("address", "不详"), "原因不详"),
    (("mobile", "00000000000"), "金额000000000000元"),
    (NUMBER, "编号1236，共1236件"),
]


@pytest.mark.parametrize(("value", "text", "written"), WRITTEN)
def test_it_is_found(value: tuple[str, str], text: str, written: str) -> None:
    found = known_spans(text, known(near=[value]))
    assert written in {text[span.start : span.end] for span in found}


@pytest.mark.parametrize(("value", "text"), LEFT_ALONE)
def test_it_is_left_alone(value: tuple[str, str], text: str) -> None:
    assert known_spans(text, known(near=[value])) == []


def test_names_of_the_rest_of_the_table_count_whole_and_not_as_words() -> None:
    table = known(far=[PERSON, ("person_name", "高兴"), ("person_name", "黄金")])
    text = "大家很高兴，张主任说黄金涨价，张伟强没有来"
    assert [text[span.start : span.end] for span in known_spans(text, table)] == [
        "张伟强"
    ]


def test_spans_carry_the_kind_of_their_column() -> None:
    text = "张伟强，电话13945551234，住和平小区3栋2单元301室"
    found = known_spans(text, known(near=[PERSON, MOBILE, HOME]))
    kinds = {span.kind for span in found}
    assert kinds == {"person", "mobile", "place"}
    assert {(span.score, span.source) for span in found} == {(1.0, "known")}


def test_many_values_and_a_long_text_take_linear_time() -> None:
    near = [("address", f"黑龙江省绥化市北林区中兴街道{at}号") for at in range(2_000)]
    values = known(near=near)
    text = "黑龙江省绥化市北林区中兴街道" * 1_400
    seconds = [_seconds(text[: len(text) // part], values) for part in (4, 1)]
    assert seconds[1] < 12 * seconds[0]


def _seconds(text: str, values: object) -> float:
    began = time.process_time()
    known_spans(text, values)
    return time.process_time() - began
