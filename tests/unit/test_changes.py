"""Loads of changes against a slow, obvious second implementation, without any engine.

Any split of a history of changes into batches, late, out of order and delivered twice,
leaves what the whole history leaves.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.changes import GONE, kept, newest, sound_keys, start_of, tally, touched
from jobs.committed_totals import totals_of
from jobs.control_totals import ROW_SUM
from jobs.feed_changes import FeedRefused, resolved
from jobs.readers import mysql, postgresql
from jobs.readers.extract import Since
from lake_config.contract_loads import OPERATION, SEQUENCE
from tests.lib.quality_cases import column, table

FACTS = table(
    "permits",
    [column("no", primary_key=True), column("part", primary_key=True), column("note")],
)
NAMES = [item.name for item in FACTS.columns]
FEED = [*NAMES, OPERATION, SEQUENCE]
Rows = dict[tuple[str, str], str]
Change = tuple[str, str, str, str, str]


def frame(rows: Rows) -> pl.LazyFrame:
    cells = [(*key, note) for key, note in rows.items()]
    return pl.LazyFrame(cells, schema=dict.fromkeys(NAMES, pl.String), orient="row")


def plain(frame_: pl.LazyFrame) -> Rows:
    return {
        (no, part): note
        for no, part, note in frame_.select(NAMES).collect().iter_rows()
    }


def feed_of(changes: list[Change]) -> pl.LazyFrame:
    return pl.LazyFrame(changes, schema=dict.fromkeys(FEED, pl.String), orient="row")


def laid_over(state: Rows, changes: list[Change], applied: int, last: int) -> Rows:
    """What the lake makes of it."""
    final, _ = resolved(feed_of(changes), FACTS, applied, last)
    put = final.lazy().filter(~pl.col(GONE)).select(NAMES)
    staying = kept(frame(state), final.lazy(), FACTS)
    return plain(pl.concat([staying, put]))


def one_by_one(state: Rows, changes: list[Change]) -> Rows:
    """The obvious way."""
    rows = dict(state)
    for no, part, note, operation, _ in changes:
        rows.pop((no, part), None)
        if operation != "D":
            rows[no, part] = note
    return rows


KEYS = st.tuples(st.sampled_from("abc"), st.sampled_from(["", "1"]))
STATES = st.dictionaries(KEYS, st.sampled_from("xyz"), max_size=6)
HISTORIES = st.lists(
    st.tuples(KEYS, st.sampled_from("xyz"), st.sampled_from("IUD")), max_size=14
)


def numbered(history: list[Any]) -> list[Change]:
    return [
        (*key, note, operation, str(number))
        for number, (key, note, operation) in enumerate(history, 1)
    ]


@settings(max_examples=300)
@given(STATES, HISTORIES, st.data())
def test_any_split_of_a_history_leaves_what_the_whole_leaves(
    state: Rows, history: list[Any], data: st.DataObject
) -> None:
    changes, rows, applied = numbered(history), state, 0
    while applied < len(changes):
        last = data.draw(st.integers(applied + 1, len(changes)))
        again = data.draw(st.lists(st.integers(0, last - 1), max_size=4))
        sent = changes[applied:last] + [changes[place] for place in again]
        rows = laid_over(rows, data.draw(st.permutations(sent)), applied, last)
        applied = last
    assert rows == one_by_one(state, changes)
    assert rows == laid_over(state, changes, 0, len(changes))


@settings(max_examples=200)
@given(STATES, HISTORIES, st.data())
def test_a_gap_is_refused(state: Rows, history: list[Any], data: st.DataObject) -> None:
    changes = numbered(history)
    if changes:
        lost = data.draw(st.integers(0, len(changes) - 1))
        with pytest.raises(FeedRefused, match="不连续"):
            laid_over(state, changes[:lost] + changes[lost + 1 :], 0, len(changes))


@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        (("a", "1", "x", "U", "2"), "重复"),
        (("a", "1", "x", "u", "3"), "操作"),
        (("a", "1", "x", None, "3"), "操作"),
        ((None, "1", "x", "U", "3"), "没有主键"),
        (("a", "1", "x", "U", "3.0"), "整数"),
        (("a", "1", "x", "U", "-1"), "整数"),
        (("a", "1", "x", "U", None), "整数"),
        (("a", "1", "x", "U", "４"), "整数"),
        (("a", "1", "x", "U", "9" * 19), "整数"),
        (("a", "1", "x", "U", "4"), "超过"),
    ],
)
def test_what_cannot_be_told_apart_is_refused(spoiled: Any, why: str) -> None:
    good = [
        ("a", "1", "y", "I", "1"),
        ("a", "1", "z", "U", "2"),
        ("b", "1", "", "D", "3"),
    ]
    assert laid_over({("b", "1"): "x"}, good, 0, 3) == {("a", "1"): "z"}
    with pytest.raises(FeedRefused, match=why):
        laid_over({}, [*good, spoiled], 0, 3)


@settings(max_examples=200)
@given(STATES, STATES)
def test_counts_are_those_of_a_plain_comparison(before: Rows, after: Rows) -> None:
    assert tally(frame(before), frame(after), FACTS) == {
        "inserted": len(after.keys() - before.keys()),
        "updated": sum(
            before[key] != after[key] for key in before.keys() & after.keys()
        ),
        "deleted": len(before.keys() - after.keys()),
    }


def test_rows_of_one_key_are_compared_together() -> None:
    twice = pl.concat([frame({("a", "1"): "x"}), frame({("a", "1"): "y"})])
    nothing = {"inserted": 0, "updated": 0, "deleted": 0}
    assert tally(twice, twice.reverse(), FACTS) == nothing
    assert tally(twice, frame({("a", "1"): "x"}), FACTS) == nothing | {"updated": 1}
    assert not sound_keys(twice, FACTS)
    unknown = pl.LazyFrame(
        [(None, "1", "x")], schema=dict.fromkeys(NAMES, pl.String), orient="row"
    )
    assert not sound_keys(unknown, FACTS)
    assert sound_keys(frame({("a", "1"): "x", ("a", ""): "x"}), FACTS)
    assert tally(unknown, unknown, FACTS) == nothing


@settings(max_examples=100)
@given(STATES, STATES)
def test_what_stays_and_what_came_add_up_to_the_result(
    before: Rows, changed: Rows
) -> None:
    """So the source's checksums of the changes prove the whole result."""
    changes, sums = frame(changed), [ROW_SUM, "note"]
    staying = kept(frame(before), changes, FACTS)
    result = frame(before | changed)
    assert plain(pl.concat([staying, changes])) == before | changed
    parts = totals_of(staying, FACTS, sums) + totals_of(changes, FACTS, sums)
    assert parts == totals_of(result, FACTS, sums)
    assert (
        plain(touched(frame(before), changes, FACTS)).keys()
        == before.keys() & changed.keys()
    )


DAY = date(2026, 3, 2)
CLOCKS = {
    "date": column("at", "date", physical_type="date", landed_type="date"),
    "text": column("at", "timestamp"),
    "native": column(
        "at", "timestamp", physical_type="timestamp", date_format="yyyyMMdd"
    ),
    "compact": column("at", "date", date_format="yyyyMMdd"),
}


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize("days", [[], [-3], [-5, 0, -1], [1, 400, -2], [7]])
def test_days_after_the_delivery_do_not_move_the_watermark(
    kind: str, days: list[int]
) -> None:
    clock = CLOCKS[kind]
    found: list[Any] = [DAY + timedelta(days=number) for number in days]
    if kind != "date":
        layout = "%Y%m%d" if kind == "compact" else "%Y-%m-%d 09:30:00"
        found = [f"{moment:{layout}}" for moment in found] + ["乱码", "2026-02-31", ""]
    rows = pl.LazyFrame(
        {"at": [*found, None]}, schema={"at": pl.Date if kind == "date" else pl.String}
    )
    past = [number for number in days if number <= 0]
    wanted = DAY + timedelta(days=max(past)) if past else None
    assert newest(rows, clock, DAY) == wanted
    if wanted:
        start = wanted - timedelta(days=2)
        layout = "%Y%m%d" if kind == "compact" else "%Y-%m-%d"
        assert start_of(wanted, clock, 2) == f"{start:{layout}}"


def test_a_number_as_watermark() -> None:
    clock = column("at", "integer", physical_type="bigint", landed_type="bigint")
    assert newest(pl.LazyFrame({"at": [3, None, 900]}), clock, DAY) == 900
    assert start_of(900, clock, 50) == "850"


def test_sources_are_asked_in_their_own_words() -> None:
    number = column("at", "integer", physical_type="bigint", landed_type="bigint")
    asked = {
        name: (postgresql._changed(since), mysql._changed(since))
        for name, clock in {**CLOCKS, "number": number}.items()
        for since in [Since(clock, "7", whole=False)]
    }
    assert asked["date"] == (
        '("at" >= \'7\' or "at" is null)',
        "(`at` >= '7' or `at` is null)",
    )
    assert asked["native"] == asked["date"] and asked["text"] == asked["compact"]
    assert asked["text"][0] == '("at" collate "C" >= \'7\' or "at" is null)'
    assert asked["text"][1] == "(binary `at` >= '7' or `at` is null)"
    assert asked["number"] == (
        '("at" >= 7 or "at" is null)',
        "(`at` >= 7 or `at` is null)",
    )
