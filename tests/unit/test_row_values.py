"""Values of a row's own columns leave its text as a plain replacement would take them out,
and where one may be left in another form, that is told."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lake_config.contract_loader import contract_of
from lake_config.settings import load
from privacy.names.known import known, known_spans
from privacy.row_values import may_be_named_otherwise, without_row_values

TABLE = contract_of(load().contracts, "public_security").table("incidents")
COLUMNS = [
    TABLE.column(name) for name in ("reporter_name", "reporter_mobile", "address")
]
MASKS = {"person_name": "【姓名】", "mobile": "【手机号】", "address": "【住址】"}
LEAST = {"person_name": 2, "mobile": 6, "address": 4}
WORDS = (
    "张", "张伟", "张伟强", "欧阳伟强", "伟强", "张主任", "老张", "張偉", "张 伟", "13945551234",
    "12345", "139 4555 1234", "尾号1234", "１３９４５５５１２３４", "中兴路", "中兴路12号",
    "北林区中兴路12号", "林区中兴路12 号", "Abc12345", "ABC12345", "", "无", ".*",
)  # fmt: skip
WORD = st.sampled_from(WORDS)
ROWS = st.tuples(
    st.lists(WORD, max_size=6).map("".join) | st.none(), *[WORD | st.none()] * 3
)


def plainly(text: str | None, *values: str | None) -> str | None:
    for column, value in zip(COLUMNS, values, strict=True):
        kind = column.semantic_type
        if text is not None and value and len(value) >= LEAST[kind]:
            text = text.replace(value, MASKS[kind])
    return text


@given(st.lists(ROWS, max_size=8))
def test_as_a_plain_replacement(rows: list[tuple[str | None, ...]]) -> None:
    names = ["narrative", *(column.name for column in COLUMNS)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    found = frame.select(without_row_values("narrative", COLUMNS, MASKS)).to_series()
    assert found.to_list() == [plainly(*row) for row in rows]


def test_a_row_that_is_passed_over_names_nobody_otherwise() -> None:
    """Each word in a text beside each as a value of each column."""
    values = [
        tuple(value if at == place else None for at in range(len(COLUMNS)))
        for value in WORDS
        for place in range(len(COLUMNS))
    ]
    rows = [(f"称{word}在场", *some) for word in WORDS for some in values]
    names = ["narrative", *(column.name for column in COLUMNS)]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    left = without_row_values("narrative", COLUMNS, MASKS)
    found = frame.select(left, otherwise=may_be_named_otherwise(left, COLUMNS))
    kinds = [column.semantic_type for column in COLUMNS]
    for row, (text, flagged) in zip(rows, found.rows(), strict=True):
        near = [
            (kind, value) for kind, value in zip(kinds, row[1:], strict=True) if value
        ]
        assert flagged or not known_spans(text, known(near=near))
    assert not all(found["otherwise"])
