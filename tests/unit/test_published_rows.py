"""The demo's checksum of published rows: of all that does not depend on a lake's keys."""

from __future__ import annotations

import pandas as pd

from ops.published_rows import PublishedRows, checksum, digest_of_all
from tests.lib.quality_cases import column, table

PEOPLE = table(
    "people",
    [
        column("identity_no", semantic_type="identity_number"),
        column("born", semantic_type="birth_date"),
        column("office"),
    ],
)
ROWS = pd.DataFrame(
    {
        "identity_no": ["ka", "kb", "kc"],
        "born": ["1990", "1991", None],
        "office": ["民政局", "医保局", "民政局"],
    }
)


def test_rows_may_come_in_any_order() -> None:
    assert checksum(ROWS[::-1], PEOPLE) == checksum(ROWS, PEOPLE)


def test_tokens_are_not_in_it_and_everything_else_is() -> None:
    other = ROWS.assign(identity_no=["x", "y", "z"])
    assert checksum(other, PEOPLE) == checksum(ROWS, PEOPLE)
    for name in ("born", "office"):
        changed = ROWS.assign(**{name: ["1990", "民政局", "医保局"]})
        assert checksum(changed, PEOPLE) != checksum(ROWS, PEOPLE)


def test_a_missing_cell_is_no_empty_text() -> None:
    blank = ROWS.assign(born=["1990", "1991", ""])
    assert checksum(blank, PEOPLE) != checksum(ROWS, PEOPLE)


def test_a_lost_row_shows_in_the_whole() -> None:
    found = {"a.b": PublishedRows(3, 7), "a.c": PublishedRows(1, 2)}
    assert digest_of_all(found) == digest_of_all(dict(reversed(found.items())))
    assert digest_of_all({**found, "a.c": PublishedRows(2, 2)}) != digest_of_all(found)
