"""Plain data is found however it is written; what only looks like it is left alone."""

from __future__ import annotations

import random
import time

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.leak_patterns import CLASSES, ODD, WIDE, classes_in
from privacy.leak_scan import cells_to_scan, found_in, hits_in, scanned_columns
from tests.lib.quality_cases import identity_number

NUMBER = identity_number("23120219900228123")
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
FOUND = [
    (NUMBER, "identity_number"),
    (NUMBER.lower(), "identity_number"),
    (NUMBER.translate(FULL_WIDTH), "identity_number"),
    (f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}", "identity_number"),
    (f"身份证{NUMBER}，住址", "identity_number"),
    (f"H{NUMBER}00", "identity_number"),
    (NUMBER[:6] + NUMBER[8:17], "identity_number"),
    ("13945551234", "mobile"),
    ("+8613945551234", "mobile"),
    ("008613945551234", "mobile"),
    ("139-4555-1234", "mobile"),
    ("电话13945551234。", "mobile"),
    ("１３９４５５５１２３４", "mobile"),
    ("0455-8381234 13945551234", "mobile"),
    ("139\n45551234", "mobile"),
    ("6222021234567890128", "bank_card"),
    ("6222 0212 3456 7890 128", "bank_card"),
    ("4111111111111111", "bank_card"),
    ("卡6222021234567894 30元", "bank_card"),
    ("6222021234567894-1", "bank_card"),
    ("6222 0212 3456 7894  7号", "bank_card"),
    ("黑M12345", "plate"),
    ("黑m·d12345", "plate"),
    ("LSVAA4182E2184847", "vin"),
    ("wang.xm@example.cn", "email"),
    ("wang＠example.cn", "email"),
    ("wang﹫example.cn", "email"),
    ("139  4555  1234", "mobile"),
    ("139 - 4555 - 1234", "mobile"),
    ("139\x0045551234", "mobile"),
    ("139\u200b4555\u20281234", "mobile"),
    ("①③⑨④⑤⑤⑤①②③④", "mobile"),
    ("\U0001d7cf\U0001d7d1\U0001d7d745551234", "mobile"),
]
LEFT_ALONE = [
    "", "12345", "110", "95588", "0455-8381234", "2024-02-29 23:59:59", "20240229235959",
    "20240229235959001", "1234567.89", "978-7-111-12345-6", "6901234567892",
    "H23120200001", "VA023456789012", "XA01ABD075A002", "91231200MA123456XX",
    "231202", "黑龙江省绥化市北林区中兴路12号3单元401室", "黑A座", "吉林省A区12号",
    NUMBER[:17] + ("1" if NUMBER[17] != "1" else "2"), "231202199013011234",
    "99120219900228123X", "23120219900228", "12945551234", "139455512345",
    "6222021234567890127", "LSVAA4182E2184848", "abc@", "@王小明",
    "ncebdheebbcfcdbeibjljlnmbglhihcc", "2024-01-01/2024-12-31",
    "62 63 95 14 68 48 94 25 91 7",
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind"), FOUND)
def test_it_is_found(text: str, kind: str) -> None:
    assert kind in classes_in(text)
    assert hits_of([text]) == 1


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_it_is_left_alone(text: str) -> None:
    assert classes_in(text) == ()
    assert hits_of([text]) == 0


def test_every_class_has_an_example() -> None:
    assert {kind for _, kind in FOUND} == set(CLASSES)


def stars(text: str, first: int, last: int) -> str:
    """As some departments deliver numbers."""
    return text[:first] + "*" * (len(text) - first - last) + text[len(text) - last :]


def test_stars_are_never_hits() -> None:
    for count in range(2000):
        number = identity_number(f"2312021990022{count:04d}")
        for first, last in ((6, 4), (1, 2), (0, 0), (3, 4)):
            assert classes_in(stars(number, first, last)) == ()
        assert classes_in(stars(f"1394555{count:04d}", 3, 4)) == ()


@given(st.dates(), st.integers(0, 999), st.text(max_size=5), st.text(max_size=5))
def test_a_valid_number_is_found_in_any_surroundings(
    day, serial, before, after
) -> None:  # type: ignore[no-untyped-def]
    if not 1850 <= day.year <= 2100:
        return
    number = identity_number(f"231202{day:%Y%m%d}{serial:03d}")
    assert "identity_number" in classes_in(before + number + after)


PIECES = st.sampled_from(
    [NUMBER, "13945551234", "6222021234567890128", "黑M12345", "LSVAA4182E2184847",
     "a@b.cn", "1", "86", " ", "-", "\u3000", "Ａ", "黑", "x", "\n", "１３９", "王"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8))
def test_the_wide_filter_lets_every_hit_through(pieces: list[str]) -> None:
    text = "".join(pieces)
    if classes_in(text):
        assert pl.Series([text]).str.contains(WIDE).item()


def scanned(cells: list[object], type_: pl.DataType) -> tuple[int, dict[str, int]]:
    rows = pl.LazyFrame({"c": cells}, schema={"c": type_}, strict=False)
    found = found_in(cells_to_scan(rows, "c", type_).collect())
    return found.cells, dict(found.by_class)


def hits_of(cells: list[object]) -> int:
    return scanned(cells, pl.String())[0]


def test_every_cell_counts_once_and_every_class_it_holds() -> None:
    both = f"13945551234 {NUMBER}"
    cells = [None, both, "", "1394555", "13945551234", both, "139", "45551234"]
    found = {"mobile": 3, "identity_number": 2}
    assert scanned(cells, pl.String()) == (3, found)


@pytest.mark.parametrize("type_", [pl.Int64(), pl.Decimal(20, 2), pl.Float64()])
def test_long_numbers_are_looked_at_as_text(type_: pl.DataType) -> None:
    cells = [13945551234, -13945551234, 3945551234, 0, None]
    assert scanned(cells, type_) == (2, {"mobile": 2})


def test_a_column_that_can_hide_something_is_scanned_whatever_its_type() -> None:
    types = {
        "text": pl.String(), "long": pl.Int64(), "wide": pl.Decimal(13, 2),
        "float": pl.Float64(), "bytes": pl.Binary(), "list": pl.List(pl.String()),
        "int": pl.Int32(), "narrow": pl.Decimal(12, 2), "day": pl.Date(),
        "moment": pl.Datetime("us", "UTC"), "yes": pl.Boolean(),
    }  # fmt: skip
    expected = ("text", "long", "wide", "float", "bytes", "list")
    assert scanned_columns(types) == expected


def test_names_are_scanned_too() -> None:
    assert hits_in(["part-abc.parquet", "mobile=13945551234"]) == {"mobile": 1}


def test_few_ordinary_numbers_are_taken_for_data() -> None:
    """Order numbers and serials of 12 to 14 digits: no false alarm in ten thousand."""
    chance = random.Random(3)
    for digits in (12, 13, 14, 17):
        for _ in range(2500):
            number = str(chance.randrange(10 ** (digits - 1), 10**digits))
            if not number.startswith(("861", "0086")):
                assert classes_in(number) in ((), ("bank_card",)), number


def test_chinese_prose_is_not_looked_at_one_by_one() -> None:
    """What the fast look lets through is asked slowly: prose must not be."""
    prose = "民警到场后，经了解：双方因停车（车位）发生争吵；“都别急！”劝说，离开。"
    assert not pl.Series([prose]).str.contains(f"{WIDE}|{ODD}").item()


def test_time_grows_with_the_length_alone() -> None:
    """Of a run without an end; squared, four times the length would take sixteen times."""
    quarter, whole = (
        min(_seconds("1" * many) for _ in "123") for many in (2**14, 2**16)
    )
    assert whole < 8 * quarter


def _seconds(text: str) -> float:
    began = time.process_time()
    assert classes_in(text) == ()
    return time.process_time() - began
