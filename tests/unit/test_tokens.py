"""Tokens join what must join, and nothing else; none of them looks like a number."""

from __future__ import annotations

import random
import string

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.events import canonical, sm3
from lake_config.settings import Settings
from privacy.keys import key, key_id, loaded_mac, prepared_mac
from privacy.leak_patterns import WIDE, classes_in
from privacy.policy import TOKEN_FORM
from privacy.tokens import (
    EXACT,
    LENGTH,
    modern_number,
    normalised,
    person_column,
    tokens,
)
from tests.lib import plain_masker
from tests.lib.keyed_lake import with_keys
from tests.lib.quality_cases import IDENTITY_NUMBERS, NASTY, identity_number

SECRET = bytes(range(32))
MAC = prepared_mac(SECRET)
NUMBER = identity_number("23120219900228123")


def made(values: list[str | None], kind: str = "identity_number") -> list[str | None]:
    return tokens(pa.array(values, pa.string()), MAC, kind).to_pylist()


@pytest.mark.parametrize("kind", ["identity_number", "mobile", "person_key"])
def test_tokens_are_those_of_the_plain_masker(kind: str) -> None:
    values = [*NASTY, *IDENTITY_NUMBERS, *NASTY]
    assert made(values, kind) == [
        plain_masker.token(SECRET, kind, value) for value in values
    ]


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.lists(st.one_of(st.none(), TEXT), max_size=20),
    st.sampled_from(["identity_number", "plate", "record_key"]),
)
def test_any_text_gives_the_plain_masker_s_token(
    values: list[str | None], kind: str
) -> None:
    assert made(values, kind) == [
        plain_masker.token(SECRET, kind, value) for value in values
    ]


@pytest.mark.parametrize(
    "same",
    [
        "231202199002281236".replace("231202199002281236", NUMBER.lower()),
        f" {NUMBER}\u3000",
        f"{NUMBER[:6]} {NUMBER[6:14]} {NUMBER[14:]}",
        f"{NUMBER[:6]}-{NUMBER[6:14]}-{NUMBER[14:]}",
        NUMBER.translate(str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")),
        NUMBER[:6] + NUMBER[8:17],
    ],
)
def test_one_person_written_differently_has_one_token(same: str) -> None:
    assert made([same]) == made([NUMBER])


def test_15_digits_become_18_only_in_identity_numbers() -> None:
    assert modern_number(NUMBER[:6] + NUMBER[8:17]) == NUMBER
    old = NUMBER[:6] + NUMBER[8:17]
    assert made([old], "bank_card") != made([NUMBER], "bank_card")


def test_a_department_s_own_keys_keep_case_and_marks_apart() -> None:
    assert {"person_key", "record_key"} == EXACT
    different = made(["A-12", "A1-2", "a-12"], "record_key")
    assert len(set(different)) == 3
    assert made([" A-12 "], "record_key") == made(["A-12"], "record_key")


PROBES = [
    "231202199002281239", " 2312-0219 90022８1239", "231202900228123", "a·B_c-1",
    "Ａ１\u3000é", "e\u0301 x", "王 小明", "--", "", None, "\t7\n",
]  # fmt: skip


def test_whoever_changes_how_tokens_are_made_changes_the_policy_s_version() -> None:
    """When this fails, write the digest it shows into policy.TOKEN_FORM: officers then
    have to sign the new policy."""
    kinds = ("identity_number", "mobile", "record_key")
    assert sm3(canonical({kind: made(PROBES, kind) for kind in kinds})) == TOKEN_FORM


def test_null_and_blank_have_no_token_and_malformed_cells_have_one() -> None:
    assert made([None, "", " ", "\u3000", "--"]) == [None] * 5
    for token in made([NUMBER[:17], NUMBER + "0", "王小明", "不详"]):
        assert token is not None
        assert len(token) == LENGTH


def test_recipients_purposes_departments_and_classes_do_not_join(
    settings: Settings,
) -> None:
    whose = [
        ("analysts", "statistics", "civil_affairs"),
        ("police", "statistics", "civil_affairs"),
        ("analysts", "research", "civil_affairs"),
        ("analysts", "statistics", "transport"),
    ]
    with_keys(settings, *whose)
    names = [
        *(key_id(*facts, "identity_number") for facts in whose),
        key_id(*whose[0], "mobile"),
    ]
    cell = pa.array([NUMBER])
    found = {
        tokens(cell, loaded_mac(settings, name), "mobile")[0].as_py() for name in names
    }
    assert len(found) == len(names)
    again = tokens(cell, prepared_mac(key(settings, names[0])), "mobile")
    assert again[0].as_py() in found


def test_without_the_key_no_guess_finds_the_token() -> None:
    """Guards against somebody replacing the keyed digest by a plain one."""
    token = made([NUMBER])[0]
    for guess in (b"", b"\0" * 32, b"key"):
        assert plain_masker.token(guess, "identity_number", NUMBER) != token


def test_a_hundred_thousand_tokens_are_letters_and_never_look_like_data() -> None:
    chance = random.Random(7)
    values = [str(chance.getrandbits(60)) for _ in range(100_000)]
    found = tokens(pa.array(values), MAC, "mobile")
    assert set("".join(found.to_pylist())) <= set(string.ascii_lowercase)
    assert not pc.any(pc.match_substring_regex(found, WIDE)).as_py()
    assert not any(classes_in(token) for token in found.to_pylist()[:5000])


def test_every_distinct_value_is_hashed_once() -> None:
    calls = []

    def counting(value: bytes) -> bytes:
        calls.append(value)
        return MAC(value)

    tokens(pa.array([NUMBER, None, NUMBER, "x", NUMBER]), counting, "identity_number")
    assert sorted(calls) == sorted([NUMBER.encode(), b"X"])


def test_empty_columns_pass() -> None:
    assert made([]) == []
    assert made([None, None]) == [None, None]
    assert normalised(pa.array([None], pa.string()), "mobile").to_pylist() == [None]


@pytest.mark.parametrize("kind", ["identity_number", "mobile", "person_key"])
def test_five_words_for_not_knowing_are_not_five_people(kind: str) -> None:
    words = "不详 无 未知 暂无 保密 null N/A 000000 999999999999 - *** XXXXXX".split()
    people = ["231202199002281239", "7", "M001", "无锡1"]
    frame = pl.DataFrame({"c": [None, "", *words, *people]})
    found = frame.select(person_column(pl.col("c"), kind))["c"]
    assert found.head(len(words) + 2).null_count() == len(words) + 2
    assert found.n_unique() == len(people) + 1
