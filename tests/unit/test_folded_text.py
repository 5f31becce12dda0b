"""What is written in many ways is read in one, and every sign knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.recognisers.folded import folded

FOLDED = [
    ("１３９－４５５５", "139-4555"), ("ａＢ＠ｃ．ｃｎ", "AB@C.CN"), ("٠١٢", "012"),
    ("𝟏𝟐", "12"), ("1\u200b3\u200d9", "139"), ("1\u03369\ufe0f", "19"), ("a\u00a0b\u3000c", "A B C"),
    ("1—2–3−4", "1-2-3-4"), ("黑Ｍ・1", "黑M·1"), ("Ⅹ", "X"), ("\\u0031\\u8eab", "1身"),
    ("1\\n2\\t3", "1\n2\t3"), ("1&nbsp;2&#51;", "1 23"), ("①②㎡²", "①②㎡²"),
    ("，。；！？（）“”", "，。；！？（）“”"), ("：／％", ":/%"), ("ß\u0130\u0149", "ß\u0130\u0149"),
    ("张伟强，男", "张伟强，男"), ("", ""), ("\\x", "\\X"), ("&amp;", "&AMP;"), ("e\u0301", "E"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "plain"), FOLDED)
def test_it_is_read_in_one_way(raw: str, plain: str) -> None:
    assert folded(raw).text == plain


SIGNS = st.sampled_from(
    list("1a９Ａ\u200b\u0301－身，①㎡ß\\n&\u3000𝟏") + ["\\u0031", "&nbsp;", "\\n"]
)


@given(st.lists(SIGNS, max_size=30), st.lists(SIGNS, max_size=10))
def test_the_way_back_leads_to_the_sign(before: list[str], after: list[str]) -> None:
    """A mark that occurs nowhere else is found at its own place, whatever stands around."""
    raw = "".join(before) + "|龘|" + "".join(after)
    plain = folded(raw)
    place = plain.text.index("|龘|")
    assert raw[plain.raw(place) : plain.raw(place + 3)].startswith("|龘|")
    assert [plain.raw(at) for at in range(len(plain.text) + 1)] == sorted(
        plain.raw(at) for at in range(len(plain.text) + 1)
    )
    assert plain.raw(len(plain.text)) == len(raw)


@given(st.text(st.characters(exclude_characters="\\&"), max_size=40))
def test_folding_twice_changes_nothing_more(raw: str) -> None:
    plain = folded(raw)
    assert len(plain.text) <= len(raw)
    assert folded(plain.text).text == plain.text


def sign_by_sign(raw: str) -> list[tuple[str, int]]:
    """The slow way, for texts without escapes: each folded sign with its raw place."""
    return [(sign, place) for place, one in enumerate(raw) for sign in folded(one).text]


@given(st.text(st.characters(exclude_characters="\\&"), max_size=40))
def test_it_is_the_same_sign_by_sign(raw: str) -> None:
    plain = folded(raw)
    slow = sign_by_sign(raw)
    assert plain.text == "".join(sign for sign, _ in slow)
    assert [plain.raw(place) for place in range(len(slow))] == [
        place for _, place in slow
    ]
