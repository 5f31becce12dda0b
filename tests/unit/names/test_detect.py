"""One cell: labels, titles, repetitions, addresses, and cells that nobody can read in time."""

from __future__ import annotations

import random
import time

import pytest

from privacy.names import detect
from privacy.names.detect import LONGEST_TEXT, SECONDS, Span, pieces, spans
from privacy.names.known import known
from privacy.names.span import ORGANISATION, PERSON, PLACE, WITHHELD

HIDDEN = [
    ("姓名：乌兰图雅 性别：女", "乌兰图雅"),
    ("姓名:张 伟，男", "张 伟"),
    ("联系人：王小明；电话另告", "王小明"),
    ("患者姓名： 爱新觉罗·玉兰\n年龄 40", "爱新觉罗·玉兰"),
    ("家庭住址：北林区中兴街12号3单元401室，无电梯", "北林区中兴街12号3单元401室"),
    ("张某某与刘某因琐事争吵", "张某某"),
    ("黄女士来电反映噪音", "黄"),
    (
        "地址在绥化市北林区中兴西路18号楼2单元，三楼漏水",
        "绥化市北林区中兴西路18号楼2单元",
    ),
    ("他住3栋2单元301室，请回访", "3栋2单元301室"),
    ("據悉，張國榮出生於香港", "張國榮"),
    ("王秀兰到场。民警询问，王秀兰不语，王某签字", "王某"),
]
LONG = {
    "no break": "的" * 350_000,
    "rare": "".join(
        chr(random.Random(1).randint(0x3400, 0x4DB5)) for _ in range(350_000)
    ),
    "digits": "1" * 1_000_000,
    "labels": "姓名：" * 330_000,
    "doors": "附1号" * 330_000,
    "emoji": "👩‍👩‍👧" * 200_000,
}
SHORT = {
    "no break": "的" * LONGEST_TEXT,
    "rare": LONG["rare"][:LONGEST_TEXT],
    "surrogates": "𠀀𪚥" * (LONGEST_TEXT // 2),
    "digits": "1" * LONGEST_TEXT,
    "labels": ("姓名：" * LONGEST_TEXT)[:LONGEST_TEXT],
    "doors": ("附1号" * LONGEST_TEXT)[:LONGEST_TEXT],
    "spaces": " " * LONGEST_TEXT,
    "breaks": "。\n" * (LONGEST_TEXT // 2),
    "lone halves": "\ud800a" * (LONGEST_TEXT // 2),
}


@pytest.mark.parametrize(("text", "part"), HIDDEN)
def test_it_is_hidden(text: str, part: str) -> None:
    hidden = {place for span in spans(text) for place in range(*span[:2])}
    start = text.index(part)
    assert set(range(start, start + len(part))) <= hidden


def test_an_address_is_one_span_to_the_door_and_an_institution_is_no_place() -> None:
    text = "经查，其于哈尔滨市南岗区居住，后在绥化市第一医院住院"
    found = {(text[span.start : span.end], span.kind) for span in spans(text)}
    hospital = [kind for words, kind in found if words.startswith("绥化市第一医院")]
    assert hospital == [ORGANISATION]
    assert ("哈尔滨市南岗区", PLACE) in found


def test_known_values_come_before_what_the_model_thinks() -> None:
    text = "哈尔滨到场，电话13945551234"
    people = known(near=[("person_name", "哈尔滨"), ("mobile", "13945551234")])
    found = [span for span in spans(text, people) if span.source == "known"]
    assert [span[:3] for span in found] == [(0, 3, PERSON), (8, 19, "mobile")]


@pytest.mark.parametrize("name", sorted(LONG))
def test_a_cell_that_is_too_long_is_withheld_at_once(name: str) -> None:
    began = time.monotonic()
    assert spans(LONG[name]) == [Span(0, len(LONG[name]), WITHHELD, 1.0, "known")]
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("name", sorted(SHORT))
def test_the_longest_cell_that_is_read_takes_no_longer_than_any_other(
    name: str, seen
) -> None:
    detect.own_find()
    began = time.process_time()
    spans(SHORT[name], seconds=600)
    took = time.process_time() - began
    seen(f"names: {LONGEST_TEXT} characters of {name}: {took:.1f} s")
    assert took < 4 * SECONDS


def test_past_its_time_a_cell_is_withheld_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "王秀兰到场。" * 50
    clock = iter([0.0, *[1.0] * 5, *[SECONDS + 1] * 500])
    monkeypatch.setattr(detect.time, "thread_time", lambda: next(clock))
    assert spans(text) == [Span(0, len(text), WITHHELD, 1.0, "known")]


def test_loading_the_model_is_not_time_of_the_first_cell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the first cell after an installation, whose model is trained then, were lost."""
    clock = [0.0]

    def trained_now():
        clock[0] += 60
        return lambda texts: [[Span(0, 3, PERSON)] for _ in texts]

    monkeypatch.setattr(detect, "own_find", trained_now)
    monkeypatch.setattr(detect.time, "thread_time", lambda: clock[0])
    assert spans("王秀兰到场")[0] == Span(0, 3, PERSON)


def test_another_model_takes_the_place_of_the_lake_s_own() -> None:
    def two(texts: list[str]) -> list[list[Span]]:
        return [[Span(0, 2, ORGANISATION)] for _ in texts]

    text = "甲乙丙丁。甲乙丙丁。"
    found = spans(text, known(near=[("mobile", "13945551234")]), known(), find=two)
    assert found == [Span(0, 2, ORGANISATION), Span(5, 7, ORGANISATION)]


def test_a_long_sentence_is_cut_at_a_comma() -> None:
    text = "甲" * 200 + "，" + "乙" * 200
    assert [len(piece) for _, piece in pieces(text)] == [201, 200]


def test_pieces_are_the_text_again() -> None:
    chosen = random.Random(3)
    for _ in range(200):
        text = "".join(chosen.choices("王。！\n，a1 ", k=chosen.randint(0, 900)))
        cut = list(pieces(text))
        assert "".join(piece for _, piece in cut) == text
        assert all(text[start:].startswith(piece) for start, piece in cut)
        assert all(len(piece) <= detect.PIECE + 1 for _, piece in cut)


@pytest.mark.parametrize("text", ["", " ", "。", "1234", "\x00", "🙂", "\u200d"])
def test_what_holds_nobody_has_no_spans(text: str) -> None:
    assert spans(text) == []
