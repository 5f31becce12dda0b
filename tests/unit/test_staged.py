"""Moments on their way from raw to a published file: the city's clock, and instants again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from jobs.accepted import _by_city_clock
from jobs.staged import write_pieces
from privacy.treatments import day
from tests.lib.local import LOCAL


def test_an_instant_after_four_in_the_afternoon_is_the_city_s_next_day() -> None:
    moments = [
        datetime(2026, 1, 1, 16, 30, tzinfo=UTC),
        datetime(1969, 12, 31, 15, 59, tzinfo=UTC),
    ]
    rows = _by_city_clock(pl.LazyFrame({"seen": moments}))
    found = rows.select(day(pl.col("seen"))).collect()["seen"]
    assert found.to_list() == [date(2026, 1, 2), date(1969, 12, 31)]


def test_what_is_published_is_the_instant_that_was_delivered(tmp_path: Path) -> None:
    """Also of an hour that summer time left out in 1986, and of the night it ended."""
    told = [
        datetime(2024, 2, 29, 23, 59, 59),
        datetime(1986, 5, 4, 2, 30),
        datetime(1986, 9, 14, 1, 30),
        None,
    ]
    [facts] = write_pieces(LOCAL, [pl.LazyFrame({"seen": told})], tmp_path)
    found = pl.read_parquet(tmp_path / facts["path"])
    assert found.schema == {"seen": pl.Datetime("us", "UTC")}
    assert found["seen"].to_list() == [
        datetime(2024, 2, 29, 15, 59, 59, tzinfo=UTC),
        datetime(1986, 5, 3, 18, 30, tzinfo=UTC),
        datetime(1986, 9, 13, 16, 30, tzinfo=UTC),
        None,
    ]
    assert (facts["rows"], facts["size"]) == (
        4,
        (tmp_path / facts["path"]).stat().st_size,
    )
