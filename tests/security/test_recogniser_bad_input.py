"""Bad input: texts of a million signs, numbers cut and wrapped, masks and tokens.

About 18 s of CPU, of which 100,000 tokens take 5.
"""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.keys import prepared_mac
from privacy.recognisers.analyzer import LANGUAGE, PIECE, analyzer, pieces, spans
from privacy.recognisers.spans import Span, without_overlaps
from privacy.tokens import tokens
from tests.lib.identifiers import MAKERS
from tests.lib.quality_cases import identity_number

NUMBER = identity_number("23120219900228123")
TOKENS = 100_000
ENGINE = analyzer()

MILLION = 1_000_000
LONG = {
    "one rare sign": "龘", "one digit": "1", "one letter": "A", "dashes": "-",
    "base64": "QUJD", "letters and digits": "A1", "at signs": "a@", "colons": "a:",
    "labels": "微信", "divisions": "绥化市", "Chinese numerals": "〇", "no text": "\u200b",
}  # fmt: skip
CROWDED = {
    "digits and blanks": "1 ", "digits and dots": "1.", "digits on lines": "2\n",
    "identity numbers": f"{NUMBER}；", "telephones": "13945551234 ", "doors": "路1号",
    "days": "1990-01-01生 ", "addresses": "绥化市北林区中兴路12号3单元", "mail": "a.b@c.cn,",
    "plates": "黑M12345", "invisible": "1\u200b", "escapes": "\\u0031",
}  # fmt: skip


def seconds(text: str) -> float:
    start = time.process_time()
    spans(ENGINE, text)
    return time.process_time() - start


@pytest.mark.parametrize("name", LONG)
def test_a_million_signs_without_a_break(
    name: str, seen: Callable[[str], None]
) -> None:
    unit = LONG[name]
    taken = seconds(unit * (MILLION // len(unit)))
    seen(f"a million signs, {name}: {taken:.1f} s")
    assert taken < 60


@pytest.mark.parametrize("name", CROWDED)
def test_time_grows_with_the_length_alone(name: str) -> None:
    """Four times the text takes about four times as long; quadratic were sixteen."""
    unit = CROWDED[name]
    first, second = (
        min(seconds(unit * (size // len(unit))) for _ in range(3))
        for size in (5_000, 20_000)
    )
    assert second < 10 * first + 0.2


def test_tokens_never_look_like_anything(seen: Callable[[str], None]) -> None:
    """As they stand in a column, and one behind the other in a text."""
    mac = prepared_mac(random.Random(11).randbytes(32))
    cells = pa.array([f"{number:018d}" for number in range(TOKENS)])
    made = tokens(cells, mac, "identity_number").to_pylist()
    found = sum(len(spans(ENGINE, token)) for token in made[:1_000])
    for at in range(0, TOKENS, 100):
        between = "，" if at % 200 else "的"
        found += len(spans(ENGINE, between.join(made[at : at + 100])))
    seen(f"{TOKENS} tokens: {found} look like something")
    assert found == 0


def stars(text: str, first: int, last: int) -> str:
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]


MASKED = ("CN_IDENTITY_NUMBER", "CN_MOBILE", "CN_BANK_CARD", "CN_CREDIT_CODE")


@pytest.mark.parametrize("entity", MASKED)
def test_masked_values_are_not_found_again(entity: str) -> None:
    chance = random.Random(5)
    for _ in range(300):
        _, value, _ = MAKERS[entity](chance)
        for first, last in ((6, 4), (3, 4), (1, 2), (0, 4), (0, 0)):
            text = f"证件号{stars(value, first, last)}的人"
            assert spans(ENGINE, text) == [], text


SENTENCE = f"姓名王某，身份证号{NUMBER}，手机13945551234"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize(
    "encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes]
)
def test_base64_is_found_as_a_whole(
    encode: Callable[[bytes], bytes], encoding: str
) -> None:
    run = encode((SENTENCE * 3).encode(encoding)).decode().strip()
    found = spans(ENGINE, f"附件{run}，完")
    assert [(one.start, one.end) for one in found] == [(2, 2 + len(run))]
    assert found[0].entity == "CN_IDENTITY_NUMBER"


def test_base64_of_nothing_personal_is_left_alone() -> None:
    chance = random.Random(3)
    for _ in range(300):
        run = base64.b64encode(chance.randbytes(48)).decode()
        assert spans(ENGINE, f"附件{run}") == []
    harmless = base64.b64encode(
        "会议纪要：各部门按时报送数据，无其他事项。".encode()
    ).decode()
    assert spans(ENGINE, harmless) == []


@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_in_a_cell(ascii_only: bool) -> None:
    cell = json.dumps(
        {
            "姓名": "王某",
            "身份证号": NUMBER,
            "备注": "电话\n13945551234\t微信：wx_abc123",
        },
        ensure_ascii=ascii_only,
    )
    found = {cell[one.start : one.end] for one in spans(ENGINE, cell)}
    assert found == {NUMBER, "13945551234", "wx_abc123"}


def test_a_json_string_written_in_escapes_only() -> None:
    cell = "".join(f"\\u{ord(sign):04x}" for sign in f"身份证{NUMBER}")
    assert [(one.start, one.end) for one in spans(ENGINE, cell)] == [(18, len(cell))]


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "\ud800", "😀👨‍👩‍👧", "\ufffd", "‮abc", "\u0336", "é", "NaN"],
)
def test_odd_texts_are_read_without_a_word(text: str) -> None:
    assert spans(ENGINE, text) == []


@pytest.mark.parametrize("noise", ["😀", "\ufffd", "\x00", "王", "！", "\u202e", "é"])
def test_noise_beside_a_number_hides_nothing(noise: str) -> None:
    text = f"{noise}{NUMBER}{noise}"
    found = [text[one.start : one.end].strip(noise) for one in spans(ENGINE, text)]
    assert found == [NUMBER]


PARTS = st.sampled_from(
    [NUMBER, "13945551234", "绥化市北林区中兴路12号", "黑M12345", "a.b@c.cn", "，", "。", "1", "电话：",
     "订单号", "患者于去年确诊", "QQ：12345678", " ", "\u200b", "出生于1990年3月7日", "x" * 70, "龘" * 90]
)  # fmt: skip


def in_one_piece(text: str) -> list[Span]:
    found = ENGINE.analyze(text, LANGUAGE)
    return without_overlaps(
        Span(one.start, one.end, one.entity_type, one.score) for one in found
    )


@settings(max_examples=8)
@given(
    st.lists(PARTS, min_size=8, max_size=30).filter(
        lambda parts: len("".join(parts)) > 99
    )
)
def test_pieces_find_what_the_whole_text_holds(parts: list[str]) -> None:
    text = "".join(parts) * (9_000 // len("".join(parts)))
    assert spans(ENGINE, text) == in_one_piece(text)


@pytest.mark.parametrize("shift", range(-60, 20))
def test_no_piece_ends_inside_a_value_or_between_it_and_its_label(shift: int) -> None:
    text = (
        "一" * (PIECE + shift) + f"护照号E12345678，{NUMBER}，黑M12345" + "一" * PIECE
    )
    found = [text[one.start : one.end] for one in spans(ENGINE, text)]
    assert found == ["E12345678", NUMBER, "黑M12345"]


@pytest.mark.parametrize("length", [0, 1, 4_299, 4_300, 4_301, 12_345])
def test_every_start_counts_in_one_piece(length: int) -> None:
    starts = [start + at for start, _, own in pieces("一" * length) for at in own]
    assert sorted(set(starts))[:length] == list(range(length))
    assert len(starts) == len(set(starts))
