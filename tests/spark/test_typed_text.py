"""What masking reads in a cell is what the rules judged: the plain-Python value."""

from __future__ import annotations

import pytest

from quality.typed_text import parsed
from tests.lib import plain_rules
from tests.lib.quality_cases import (
    IDENTITY_NUMBERS,
    MEMBERS,
    NASTY,
    column,
    generated_rows,
    table,
)
from tests.lib.spark_rows import landed


@pytest.mark.parametrize("seed", [7, 8])
def test_parsed_values_are_the_plain_ones(spark, seed):
    assert_same(spark, MEMBERS, generated_rows(seed, 3000))


@pytest.mark.parametrize("name", [item.name for item in MEMBERS.columns])
def test_every_nasty_text_is_read_as_plain_python_reads_it(spark, name):
    column_ = MEMBERS.column(name)
    texts = [text for text in (*NASTY, *IDENTITY_NUMBERS) if text]
    assert_same(spark, table("one", [column_]), [{name: text} for text in texts])


@pytest.mark.parametrize(
    "pattern", ["yyyy/MM/dd", "yyyy.MM.dd", "ddMMyyyy", "yyyy年MM月dd日"]
)
def test_other_date_formats(spark, pattern):
    made = table("days", [column("day", "date", date_format=pattern)])
    texts = [text for text in NASTY if text] + ["29022024", "30022024", "2024.02.29"]
    assert_same(
        spark, made, [{"day": text.replace("-", m)} for text in texts for m in "-/.年"]
    )


def test_nothing_throws_with_ansi_on(spark):
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"


def assert_same(spark, made, rows):
    frame = landed(spark, made, rows)
    # A timestamp comes back in the driver's zone; compare what the session sees.
    values = [parsed(item).cast("string").alias(item.name) for item in made.columns]
    found = {row._row: row for row in frame.select("_row", *values).collect()}
    for number, row in enumerate(rows):
        for item in made.columns:
            expected = (
                plain_rules.parse(item, row[item.name]) if row[item.name] else None
            )
            same = written(item, expected)
            assert (found[number][item.name] or None) == same, (
                item.name,
                row[item.name],
            )


def written(item, value):
    if value is None or value == "":
        return None
    if item.logical_type == "number":
        return f"{value + 0:.2f}"
    if item.logical_type == "boolean":
        return str(value).lower()
    return str(value)
