"""Many texts at once are read as the analyzer reads each: row for row the same spans."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.check_digits import credit_check, passes_luhn
from privacy.names.corpus import DEV, read
from privacy.recognisers import documents
from privacy.recognisers.analyzer import analyzer, spans
from privacy.recognisers.classes import CLASSES
from privacy.recognisers.many_texts import AT_ONCE, loosened, spans_of

ENGINE = analyzer()
VALUES = (
    "11010519491231002X", "1101 0519 4912 3100 2X", "231202900228123", "13945551234",
    "１３９４５５５１２３４", "139\u200b4555\u200b1234", "0455-8123456", "8123456",
    "6222021234567890128", "黑M12345", "黑MD12345", "LSVAU2180N2183294", "a.b@c.cn",
    "192.168.1.10", "fe80::1:2", "E12345678", "C12345678", "ZY0012345", "zhang_san88",
    "12345678", "1990-01-01", "1990年1月2日", "一九九〇年三月五日", "19900101",
    "91350100M000100Y43", "中兴路12号3单元", "幺三九四五五五一二三四", "MTM5NDU1NTEyMzQxMzk0NTU1MTIzNA==",
)  # fmt: skip
LABELS = (
    "电话", "身份证号：", "微信号", "QQ", "订单号", "护照", "病历号:", "社保卡号", "出生于",
    "住址：", "生", "，", " ", "ID", "（护照）", "。", "vx:", "Tel", "NO", "\x1c", "\\u0031",
)  # fmt: skip
PIECES = st.one_of(
    st.sampled_from(VALUES), st.sampled_from(LABELS), st.text(max_size=6)
)


def alone(texts: list[str]) -> list[list[object]]:
    return [list(spans(ENGINE, text)) for text in texts]


@settings(max_examples=60)
@given(st.lists(st.lists(PIECES, max_size=8).map("".join), max_size=12))
def test_each_text_as_the_analyzer_reads_it(texts: list[str]) -> None:
    assert list(spans_of(texts)) == alone(texts)


def test_values_in_foreign_sentences() -> None:
    draw = random.Random(5)
    texts = [sentence.text for sentence in read(DEV)[:200]]
    for at, text in enumerate(texts):
        place = draw.randrange(len(text) + 1)
        value = draw.choice(LABELS) + draw.choice(VALUES)
        texts[at] = text[:place] + value + text[place:]
    found = list(spans_of(texts))
    assert found == alone(texts)
    assert sum(map(len, found)) > 100


def test_more_texts_than_are_looked_at_together() -> None:
    texts = [*["没有号码"] * AT_ONCE, "电话13945551234"]
    assert list(spans_of(texts)) == [*[[]] * AT_ONCE, *alone(texts[-1:])]


def test_a_long_text_is_read_in_pieces() -> None:
    text = "没有号码的话。" * 900 + "电话13945551234"
    assert list(spans_of([text, ""])) == [*alone([text]), []]


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.entity)
def test_what_a_pattern_matches_its_loosened_form_matches(kind: object) -> None:
    """On values between two labels."""
    texts = [a + value + b for a, b in pairwise(LABELS) for value in VALUES]
    for pattern in kind.patterns:  # type: ignore[attr-defined]
        loose = pl.Series(texts).str.contains(loosened(pattern.pattern))
        strict = [bool(pattern.search(text)) for text in texts]
        assert not (pl.Series(strict) & ~loose).any()


def test_look_arounds_go_and_nothing_else() -> None:
    assert loosened(r"(?<![0-9)].)a[(](b|c(?!d(e)[)]\)))\(\s") == (
        r"a[(](b|c)\([\s\x1c-\x1f]"
    )
    assert re.compile(loosened(r"(x)(?:(?<=a.)|(?<=b.))y")).search("xy")


def test_what_counts_without_a_label_is_not_passed_over() -> None:
    """Cards of every issuer and codes of every holder, bare and with gaps, in plain text."""
    chance = random.Random(20261126)
    texts = []
    for head, sizes in ISSUED:
        for size in sizes:
            body = head + "".join(chance.choices("0123456789", k=size - 1 - len(head)))
            (card,) = (body + last for last in "0123456789" if passes_luhn(body + last))
            texts += [f"甲{card}乙", f"甲{' '.join(re.findall('.{1,4}', card))}乙"]
    for holder in sorted(documents._CREDIT_HOLDERS):
        first17 = f"{holder}231202{''.join(chance.choices('0123456789', k=9))}"
        texts.append(f"甲{first17}{credit_check(first17)}乙")
    told = list(spans_of(texts))
    assert told == alone(texts) and all(told)


ISSUED = [
    *((head, (16, 17, 18, 19)) for head in ("62", "60", "9558", "9559")),
    *((head, (16,)) for head in ("4", "35", "51", "55", "22", "27")),
]
