"""Rules are judged by another engine than the one that wrote the rows: both read alike."""

from __future__ import annotations

import datetime
from collections import Counter
from decimal import Decimal

import polars as pl
import pytest
from pyspark.sql import functions as F

from quality.broken_rows import broken_rows, combinations
from quality.set_rules import set_violations
from quality.suite import rules_for
from tests.lib import plain_rules
from tests.lib.quality_cases import (
    FAMILIES,
    INVENTED,
    MEMBERS,
    column,
    contract,
    generated_rows,
    table,
)
from tests.lib.spark_rows import landed, written_and_scanned
from tests.lib.typed_rows import TYPED, typed_row

RULES = rules_for(INVENTED, MEMBERS)
FAMILY_ROWS = [{"family_no": "F1"}, {"family_no": "F2"}, {"family_no": None}]
MEMBER_ROWS = generated_rows(11, 3000)
TYPED_ROWS = [typed_row(number) for number in range(2000)]


@pytest.mark.parametrize(
    ("made", "rows"),
    [(MEMBERS, MEMBER_ROWS), (TYPED, TYPED_ROWS)],
    ids=["text", "typed"],
)
def test_rows_that_spark_wrote_are_judged_as_in_plain_python(
    spark, made, rows, tmp_path
):
    rules = rules_for(contract(FAMILIES, made), made)
    wanted = plain_rules.violations(made, rules, rows, {"families": FAMILY_ROWS})
    families = written_and_scanned(landed(spark, FAMILIES, FAMILY_ROWS), tmp_path / "f")
    members = written_and_scanned(landed(spark, made, rows), tmp_path / "m")
    found = broken_rows(made, rules, members, {"families": families})
    assert {row: set(names) for row, names in found.iter_rows()} == {
        row: set(names) for row, names in enumerate(wanted) if names
    }
    counts = combinations(found, len(rows))
    assert dict(counts) == Counter(map(frozenset, wanted))


KEYS = {
    "bigint": 12,
    "decimal(9,0)": Decimal(-12),
    "decimal(18,2)": Decimal("12.50"),
    "decimal(38,10)": Decimal("0.0000000001"),
    "date": datetime.date(2024, 2, 29),
    "boolean": True,
    "string": "十二",
}


@pytest.mark.parametrize("type_", KEYS)
def test_keys_of_every_landed_type_are_read_as_spark_wrote_them(spark, type_, tmp_path):
    made = table("typed", [column("key", landed_type=type_, unique=True)])
    rules = [rule for rule in rules_for(contract(made), made) if rule.kind == "unique"]
    rows = [{"key": KEYS[type_]}, {"key": None}, {"key": KEYS[type_]}, {"key": None}]
    scanned = written_and_scanned(landed(spark, made, rows), tmp_path)
    found = set_violations(made, rules, scanned, {}).sort("_row").rows()
    assert found == [(0, "unique.key"), (2, "unique.key")]


@pytest.mark.parametrize("type_", ["bigint", "decimal(9,0)", "decimal(38,0)"])
def test_whole_numbers_have_one_text_in_both_engines(spark, type_, tmp_path):
    made = table("whole", [column("key", landed_type=type_)])
    rows = [{"key": 0}, {"key": 120}, {"key": -7}]
    if type_ != "bigint":
        rows = [{"key": Decimal(row["key"])} for row in rows]
    frame = landed(spark, made, rows).select(
        F.col("key"), F.col("key").cast("string").alias("text")
    )
    texts = written_and_scanned(frame, tmp_path).with_columns(
        pl.col("key").cast(pl.String)
    )
    assert [key == text for key, text in texts.collect().iter_rows()] == [True] * 3
