"""Texts without the people in them."""

from __future__ import annotations

import random
from typing import Any

import polars as pl
import pytest

from privacy import masked_text as module
from privacy.leak_patterns import classes_in
from privacy.masked_text import (
    NEAR,
    WITHHELD,
    WORDS,
    counts,
    masked_texts,
    replaced,
    text_column,
    without_names,
)
from privacy.names.known import known, known_spans
from privacy.names.span import Span as Named
from privacy.names.span import settled
from privacy.recognisers.classes import CLASSES
from tests.lib.gated_batch import PEOPLE, people

INCIDENT = "报警人{name}（身份证{identity_no}，电话{mobile}）称在{home}附近发生纠纷，民警到场调解。"


def told(row: dict[str, Any], text: str = INCIDENT) -> str:
    return text.format(**row)


def near(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (column.semantic_type, str(row[column.name]))
        for column in PEOPLE.columns
        if column.semantic_type in NEAR
    ]


def masked(rows: list[dict[str, Any]], *texts: str | None) -> list[str | None]:
    """Each text as the column of its row; the rows' own where none is given."""
    if texts:
        rows = [{**row, "remark": it} for row, it in zip(rows, texts, strict=True)]
    frame = pl.DataFrame(rows, schema={item.name: pl.String for item in PEOPLE.columns},
                         strict=False)  # fmt: skip
    column = text_column(PEOPLE.column("remark"), PEOPLE).alias("remark")
    return frame.lazy().select(column).collect()["remark"].to_list()


def slowly(row: dict[str, Any]) -> str | None:
    """One text alone, its row's values found one by one in all their forms."""
    if row["remark"] is None:
        return None
    spans = settled(known_spans(row["remark"], known(near=near(row))))
    words = [span._replace(kind=WORDS[span.kind]) for span in spans]
    return masked_texts([replaced(row["remark"], words)])[0]


def test_an_incident_report_keeps_what_happened_and_nobody() -> None:
    rows = people(40)
    found = masked(rows, *map(told, rows))
    wanted = "报警人【姓名】（身份证【身份证号】，电话【手机号】）称在【地址】附近发生纠纷，民警到场调解。"
    assert found.count(wanted) >= 35  # of the rest the model hides a sign more
    for row, text in zip(rows, found, strict=True):
        assert text and text.endswith("附近发生纠纷，民警到场调解。")
        for name in ("name", "identity_no", "mobile", "home"):
            assert row[name] not in text


def test_without_the_row_s_values_patterns_and_model_do_it() -> None:
    text = told({**people(1)[0], "name": "王建国", "home": "绥化市北林区中兴路12号"})
    (found,) = masked_texts([text])
    assert found is not None
    for hidden in ("王建国", "139", "231202", "中兴路"):
        assert hidden not in found


def test_a_name_that_no_column_shows_as_one_is_hidden_by_its_row() -> None:
    row = {**people(1)[0], "name": "高兴"}
    assert masked([row], "与高兴有关，高兴已到场") == ["与【姓名】有关，【姓名】已到场"]


def test_what_follows_a_known_address_goes_with_it() -> None:
    row = {**people(1)[0], "home": "绥化市北林区中兴路12号"}
    text = "住绥化市北林区中兴路12号3单元502室的居民"
    assert masked([row], text) == ["住【地址】的居民"]


def test_the_column_is_the_texts_one_by_one() -> None:
    """Nulls, doubles, other forms of a value, and rows that differ only in their person."""
    rows = people(18)
    for place, row in enumerate(rows):
        forms = f"{row['name'][0]}主任、尾号{row['mobile'][-4:]}的{row['name']}"
        spaced = " ".join(row["mobile"]) + row["home"][3:]
        texts = [told(row), None, "无", "", "联系人王建国", forms, spaced]
        row["remark"] = texts[place % 7]
    rows += rows[:4]
    found = masked(rows)
    assert found == [slowly(row) for row in rows]
    assert found[1] is None and found[2] == "无" and found[3] == ""


ID = "231202198001011232"


@pytest.mark.parametrize(
    ("text", "own", "told_as"),
    [
        (f"身份证{ID}已核", {"born": "1980-01-01"}, "身份证【身份证号】已核"),
        (f"身份证{ID}已核", {"born": "19800101"}, "身份证【身份证号】已核"),
        (f"身份证{ID}已核", {"record_no": "231202"}, "身份证【身份证号】已核"),
        # Mistyped, so that no pattern knows it.
        (f"编码{ID[:-1]}9已核", {"born": "1980-01-01"}, "编码【出生日期】已核"),
        ("电话13945551234已回访", {"record_no": "394555"}, "电话【手机号】已回访"),
        (
            "回访（139）4555，1234处理",
            {"mobile": "13945551234"},
            "回访（【手机号】处理",
        ),
        ("回访139\x0045551234处理", {"mobile": "13945551234"}, "回访【手机号】处理"),
        ("打来2次", {"mobile": "13945551234"}, "打来2次"),
    ],
)
def test_a_value_inside_a_longer_number_takes_the_whole_of_it_along(
    text: str, own: dict[str, str], told_as: str
) -> None:
    blank = dict.fromkeys((item.name for item in PEOPLE.columns), None)
    assert masked([{**blank, **own}], text) == [told_as]


@pytest.mark.parametrize("sign", ["\x00", "\x1c", "\x7f", "\x85", "\u2028", "\u200b"])
def test_what_nobody_sees_does_not_hide_a_number(sign: str) -> None:
    """Of anybody, no column knows them."""
    texts = [f"电话139{sign}45551234已回访", f"证件231202{sign}{ID[6:]}核"]
    assert masked_texts(texts) == ["电话【手机号】已回访", "证件【身份证号】核"]


def test_touching_finds_of_one_kind_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    spans = [Named(0, 1, "person"), Named(1, 2, "person", 0.6), Named(2, 3, "place")]
    monkeypatch.setattr(module.detect, "spans", lambda *_, **__: spans)
    assert without_names("甲乙丙丁") == "【姓名】【地址】丁"


def test_a_text_that_is_not_read_in_time_is_withheld() -> None:
    assert without_names("报警人称发生纠纷。" * 30, seconds=-1) == WITHHELD
    assert masked_texts(["长" * 30_000]) == [WITHHELD]


def test_what_still_looks_like_a_number_is_withheld(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module.detect, "spans", lambda *_, **__: [])
    assert without_names("打13945551234") == WITHHELD
    assert without_names("打12345") == "打12345"


def test_placeholders_are_no_finds_and_every_class_has_a_word() -> None:
    assert {kind.entity for kind in CLASSES} | set(NEAR) <= WORDS.keys()
    text = "".join(f"【{word}】" for word in sorted(set(WORDS.values())))
    assert classes_in(text) == () and classes_in(WITHHELD) == ()


def test_nothing_of_a_number_is_left_wherever_it_stands() -> None:
    """Random joints of invented values and boilerplate: the leak scan finds nothing."""
    chance = random.Random(20261126)
    parts = ["，", "电话", "称", " ", "\n", "和", "（", "）", "号"]
    for row in people(25):
        cells = [
            row["identity_no"],
            row["mobile"],
            row["card"],
            row["name"],
            row["home"],
        ]
        pieces = chance.sample(cells, 3) + chance.sample(parts, 4)
        chance.shuffle(pieces)
        (found,) = masked([row], "".join(pieces))
        assert found is not None and classes_in(found) == ()
        assert not any(cell in found for cell in cells)


def test_cells_are_counted_as_they_are_published() -> None:
    cells = ["与【姓名】争吵", "无", None, WITHHELD, "【地址】"]
    found = counts(pl.LazyFrame({"remark": cells}), "remark").collect()
    assert found.row(0, named=True) == {"cells": 4, "masked": 2, "withheld": 1}
