"""Values of a batch's own people are found however they are written, and little else."""

from __future__ import annotations

import random
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from privacy.known_values import (
    Known,
    by_chance,
    distinct,
    hits,
    known_values,
    more_than_chance,
)
from privacy.written_cells import ScanKey
from tests.lib.plain_known_values import plain_hits

HOME = "绥化市北林区中兴路12号3单元401室"
VALUES = {
    "identity_number": ["231202199002281234"],
    "mobile": ["139 4555 1234"],
    "landline": ["8381234"],
    "plate": ["黑M12345"],
    "medical_insurance_number": ["H23A7"],
    "person_name": ["赵钱一", "张伟", "高兴", "爱新觉罗·伟", "禤"],
    "address": [HOME, "绥化市北林"],
}
FOUND = [
    ("231202199002281234", "identity_number", True),
    ("H231202 19900228-1234XX", "identity_number", True),
    ("１３９４５５５１２３４", "mobile", True),
    ("2024-01-01 13945551234", "mobile", True),
    ("0455-8381234", "landline", True),
    ("车牌黑M·12345。", "plate", True),
    ("张伟", "person_name", True),
    ("联系人：张伟。", "person_name", True),
    ("趙錢一", "person_name", True),
    ("联系人张伟", "person_name", False),
    ("爱新觉罗伟", "person_name", True),
    (HOME, "address", True),
    ("住中兴路１２号3单元401室的", "address", True),
]
LEFT_ALONE = [
    "", "999139455512340", "18381234", "8381234A", "高兴", "真高兴", "张", "伟张",
    "绥化市北林", "中兴路12号", "23120219900228123", "H23A7", "禤", "黑M123456",
]  # fmt: skip
KEY = ScanKey(bytes(32))


def known(values: dict[str, list[str]], key: ScanKey = KEY) -> Known:
    return known_values(
        ((kind, pl.Series(kind, cells, pl.String)) for kind, cells in values.items()),
        key,
    )


@pytest.mark.parametrize(("text", "kind", "sure"), FOUND)
def test_it_is_found(text: str, kind: str, sure: bool) -> None:
    assert (kind, 0, sure) in hits(pl.Series([text]), known(VALUES))


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_it_is_left_alone(text: str) -> None:
    assert hits(pl.Series([text]), known(VALUES)) == []


SIGNS = "张伟赵钱一·高兴12 3０-甲A，"
TEXTS = st.text(SIGNS, max_size=14)


@settings(max_examples=150)
@given(
    cells=st.lists(TEXTS, max_size=6),
    numbers=st.lists(st.text("12A", min_size=5, max_size=20), max_size=3),
    names=st.lists(st.text("张伟赵钱·高兴甲", min_size=1, max_size=4), max_size=3),
    homes=st.lists(st.text("一甲12路", min_size=6, max_size=13), max_size=2),
)
def test_it_finds_what_the_obvious_way_finds(
    cells: list[str], numbers: list[str], names: list[str], homes: list[str]
) -> None:
    values = {"plate": numbers, "person_name": names, "address": homes}
    rng = random.Random(repr(values))  # noqa: S311 (a draw for a test)
    for part in (numbers, names, homes):
        cells += [rng.choice(["", "1", "甲", "，"]) + value for value in part]
    fast = set(hits(pl.Series(cells, dtype=pl.String), known(values)))
    assert fast == plain_hits(cells, values)


def test_many_cells_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("privacy.known_values.AT_ONCE", 7)
    cells = [text for text, _, _ in FOUND for _ in range(3)]
    told = plain_hits(cells, VALUES)
    assert set(hits(pl.Series(cells), known(VALUES))) == told and len(told) == 3 * len(
        FOUND
    )


def test_placeholders_and_divisions_are_nobody_s() -> None:
    cells = ["无", "000000", "***", None, " ", "NULL", "黑龙江省绥化市北林区", HOME]
    rows = pl.LazyFrame({"a": cells})
    assert distinct(rows, "a", "address").collect()["a"].to_list() == [HOME]
    numbers = distinct(
        pl.LazyFrame({"a": ["000000", 7 * "x", "8381234"]}), "a", "plate"
    )
    assert numbers.collect()["a"].to_list() == ["8381234"]


def test_a_key_tells_nothing_of_another_run() -> None:
    one, two = (known(VALUES, ScanKey.fresh()).values for _ in range(2))
    for kind, sets in one.items():
        for size, found in sets.items():
            assert not set(found.tolist()) & set(two[kind][size].tolist())
    assert "secret" not in repr(ScanKey(bytes(32)))


def test_names_inside_words_are_judged_against_names_read_backwards(
    seen: Callable[[str], None],
) -> None:
    """A text of words that hold names by chance passes; one that tells of people does not."""
    rng = random.Random(5)  # noqa: S311 (a draw for a test)
    signs = [chr(0x4E00 + number) for number in range(400)]
    names = {"".join(rng.choices(signs, k=2)) for _ in range(3_000)}
    values = known({"person_name": sorted(names)})
    text = pl.Series(["".join(rng.choices(signs, k=40)) for _ in range(1_000)])
    inside = sum(not hit.sure for hit in hits(text, values))
    backwards = by_chance(text, values)
    assert inside > 300 and not more_than_chance(inside, backwards)
    told = pl.Series([f"经办{name}办理" for name in sorted(names)[:300]])
    more = sum(not hit.sure for hit in hits(told, values))
    assert more_than_chance(inside + more, backwards + by_chance(told, values))
    seen(f"names inside words: {inside} by chance, {backwards} backwards, {more} told")


@pytest.mark.parametrize(
    ("inside", "backwards", "more"),
    [(0, 0, False), (9, 0, False), (10, 0, True), (130, 100, False), (150, 100, True)],
)
def test_what_is_more_than_chance(inside: int, backwards: int, more: bool) -> None:
    assert more_than_chance(inside, backwards) is more
