"""Distinct persons over all tables, and the day on which a person was born."""

from __future__ import annotations

import polars as pl

from lake_config.settings import Settings
from privacy import person_count
from privacy.keys import init_keys


def test_a_person_s_number_tells_the_birth_date() -> None:
    frame = pl.DataFrame({"n": ["231202201203021234", "231202900228123", "E1234567"]})
    born = person_count.born(person_count.person_number(pl.col("n")))
    assert list(frame.select(born).to_series()) == [20120302, 19900228, None]


def numbers_of(first: int, count: int) -> pl.Series:
    numbers = (231202 * 10**11 + place for place in range(first, first + count))
    texts = pl.Series("n", [f"{number:017d}0" for number in numbers], pl.String)
    return texts.to_frame().select(person_count.person_number(pl.col("n"))).to_series()


def test_persons_are_counted_once_over_tables(settings: Settings) -> None:
    init_keys(settings)
    first, second = (
        person_count.registers(settings, [numbers_of(*part)])
        for part in ((0, 60_000), (40_000, 60_000))
    )
    both = person_count.together([first, second])
    for row, true in ((first, 60_000), (both, 100_000)):
        assert abs(person_count.estimate(row) - true) < 0.08 * true
    person_count.keep(settings, "a.b", first)
    person_count.keep(settings, "a.c", second)
    assert person_count.of_all_tables(settings) == person_count.estimate(both)
    person_count.keep(settings, "a.c", first)
    assert person_count.of_all_tables(settings) == person_count.estimate(first)
    (settings.layers.person_counts / "a.d.txt").write_text("torn")
    assert person_count.of_all_tables(settings) == person_count.estimate(first)


def test_few_persons_are_counted_nearly_exactly(settings: Settings) -> None:
    init_keys(settings)
    for true in (0, 1, 30):
        found = person_count.estimate(
            person_count.registers(settings, [numbers_of(0, true)])
        )
        assert abs(found - true) <= 2


def test_a_person_has_one_number_however_it_is_written() -> None:
    frame = pl.DataFrame(
        {
            "n": [
                "231202900228123",
                "23120219900228123X",
                "23120219900228123x ",
                "E1234567",
                None,
            ]
        }
    )
    found = list(frame.select(person_count.person_number(pl.col("n"))).to_series())
    assert found == [23120219900228123] * 3 + [None, None]


def test_levels_are_told_below_ten_million() -> None:
    assert [person_count.reached(total) for total in (999_999, 1_000_000, 9_499_999, 9_500_000)] == [
        0, 1_000_000, 1_000_000, 9_500_000,
    ]  # fmt: skip
    assert person_count.LEVELS[-1] < 10_000_000 * (
        1 - 3 * 1.04 / person_count.SIZE**0.5
    )
