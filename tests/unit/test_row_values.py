"""Values of a row's own columns leave its text as a plain replacement would take them out."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lake_config.contract_loader import contract_of
from lake_config.settings import load
from privacy.row_values import without_row_values

TABLE = contract_of(load().contracts, "public_security").table("incidents")
COLUMNS = [
    TABLE.column(name) for name in ("reporter_name", "reporter_mobile", "address")
]
MASKS = {"person_name": "【姓名】", "mobile": "【手机号】", "address": "【住址】"}
LEAST = {"person_name": 2, "mobile": 6, "address": 4}
WORDS = st.sampled_from(
    [
        "张",
        "张伟",
        "欧阳伟强",
        "13945551234",
        "12345",
        "中兴路",
        "中兴路12号",
        "",
        "无",
        ".*",
    ]
)
ROWS = st.tuples(
    st.lists(WORDS, max_size=6).map("".join) | st.none(), *[WORDS | st.none()] * 3
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
