"""The compiled rules agree, row by row, with the plain-Python ones."""

from __future__ import annotations

import datetime
from collections import Counter
from decimal import Decimal

import polars as pl
import pytest
from pyspark.sql import functions as F

from quality.one_pass import parsed, violations
from quality.set_rules import by_row, combinations, set_violations
from quality.suite import row_rules, rules_for
from tests.lib import plain_rules
from tests.lib.quality_cases import (
    FAMILIES,
    GOOD,
    IDENTITY_NUMBERS,
    INVENTED,
    MEMBERS,
    NASTY,
    column,
    contract,
    generated_rows,
    table,
    typed,
)

RULES = rules_for(INVENTED, MEMBERS)


def landed(spark, made, rows):
    """Rows as they lie in raw: landed types and `_row`."""
    schema = ", ".join(f"`{item.name}` {item.landed_type}" for item in made.columns)
    values = [
        (*(row[item.name] for item in made.columns), number)
        for number, row in enumerate(rows)
    ]
    return spark.createDataFrame(values, f"{schema}, _row long").coalesce(2)


def judged(frame, made, rules):
    seen = frame.select("_row", violations(made, rules).alias("broken")).collect()
    return [row.broken for row in sorted(seen, key=lambda row: row._row)]


def differences(expected, found, rows):
    """Only what differs, so that a failure can be read."""
    return [
        (set(left) ^ set(right), row)
        for left, right, row in zip(expected, found, rows, strict=True)
        if left != right
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_row_rules_agree_on_generated_rows(spark, seed):
    rules = row_rules(RULES)
    rows = generated_rows(seed, 4000)
    expected = plain_rules.violations(MEMBERS, rules, rows)
    found = judged(landed(spark, MEMBERS, rows), MEMBERS, RULES)
    assert differences(expected, found, rows) == []
    assert {name for broken in expected for name in broken} == {
        rule.name for rule in rules
    }


@pytest.mark.parametrize("name", [item.name for item in MEMBERS.columns])
def test_row_rules_agree_on_every_nasty_text_in_every_column(spark, name):
    rules = row_rules(RULES)
    rows = [{**GOOD, name: text} for text in (*NASTY, *IDENTITY_NUMBERS)]
    expected = plain_rules.violations(MEMBERS, rules, rows)
    found = judged(landed(spark, MEMBERS, rows), MEMBERS, RULES)
    assert differences(expected, found, rows) == []


def test_parsed_values_are_the_plain_ones(spark):
    rows = generated_rows(7, 3000)
    frame = landed(spark, MEMBERS, rows)
    # A timestamp comes back in the driver's zone; compare what the session sees.
    values = [parsed(item).cast("string").alias(item.name) for item in MEMBERS.columns]
    found = {row._row: row for row in frame.select("_row", *values).collect()}
    for number, row in enumerate(rows):
        for item in MEMBERS.columns:
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


TYPED = typed(
    MEMBERS,
    {
        "birth_date": "date",
        "joined": "date",
        "left": "date",
        "seen_at": "timestamp",
        "children": "bigint",
        "income": "decimal(12,2)",
        "wages": "decimal(12,2)",
        "aid": "decimal(12,2)",
        "alive": "boolean",
    },
)


def typed_row(number):
    day = datetime.date(1890, 1, 1) + datetime.timedelta(days=number * 37)
    odd = number % 7
    return {
        **GOOD,
        "member_no": f"M{number % 1000:03d}",
        "relation": None if odd == 3 else "01",
        "birth_date": day,
        "joined": day,
        "left": None if odd == 2 else day + datetime.timedelta(days=odd - 3),
        "seen_at": datetime.datetime(2024, 2, 29),
        "children": None if odd == 1 else number % 40 - 5,
        "income": Decimal("3.30"),
        "wages": None if odd == 4 else Decimal(odd) - 1,
        "aid": Decimal("2.30"),
        "alive": bool(odd),
    }


def test_row_rules_agree_on_typed_columns(spark):
    rules = row_rules(rules_for(contract(FAMILIES, TYPED), TYPED))
    rows = [typed_row(number) for number in range(2000)]
    expected = plain_rules.violations(TYPED, rules, rows)
    found = judged(landed(spark, TYPED, rows), TYPED, rules)
    assert differences(expected, found, rows) == []
    broken = {name for names in expected for name in names}
    assert {"range.birth_date", "range.children", "order.membership"} <= broken
    assert {"sum.income", "range.wages"} <= broken


@pytest.mark.parametrize(
    "pattern", ["yyyy/MM/dd", "yyyy.MM.dd", "ddMMyyyy", "yyyy年MM月dd日"]
)
def test_other_date_formats(spark, pattern):
    made = table("days", [column("day", "date", date_format=pattern)])
    rules = rules_for(contract(made), made)
    texts = [text for text in NASTY if text] + ["29022024", "30022024", "2024.02.29"]
    rows = [{"day": text.replace("-", mark)} for text in texts for mark in "-/.年"]
    expected = plain_rules.violations(made, rules, rows)
    assert (
        differences(expected, judged(landed(spark, made, rows), made, rules), rows)
        == []
    )


def test_a_table_without_rules_has_empty_lists(spark):
    made = table("loose", [column("note")], source={"table": "loose"})
    assert judged(landed(spark, made, [{"note": None}]), made, ()) == [[]]


def test_nothing_throws_with_ansi_on(spark):
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"


def test_the_plan_holds_no_python(spark):
    frame = landed(spark, MEMBERS, [GOOD]).select(violations(MEMBERS, RULES))
    plan = frame._jdf.queryExecution().executedPlan().toString()
    assert "Python" not in plan.replace("ExistingRDD", "")


FAMILY_ROWS = [{"family_no": "F1"}, {"family_no": "F2"}, {"family_no": None}]


@pytest.mark.parametrize("seed", [11, 12])
def test_set_rules_agree_on_rows_that_spark_wrote(spark, seed, tmp_path):
    rows = generated_rows(seed, 3000)
    expected = plain_rules.violations(MEMBERS, RULES, rows, {"families": FAMILY_ROWS})
    names = {rule.name for rule in RULES if rule.kind in ("unique", "reference")}
    wanted = {
        (number, name)
        for number, broken in enumerate(expected)
        for name in broken
        if name in names
    }
    marked = landed(spark, MEMBERS, rows).withColumn(
        "_violations", violations(MEMBERS, RULES)
    )
    families = written_and_scanned(landed(spark, FAMILIES, FAMILY_ROWS), tmp_path / "f")
    members = written_and_scanned(marked, tmp_path / "m")
    found = set_violations(MEMBERS, RULES, members, {"families": families})
    assert sorted(found.rows()) == sorted(wanted)
    assert {name for _, name in wanted} == names
    counts = combinations(members, by_row(found))
    assert dict(counts) == Counter(map(frozenset, expected))


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
    frame = landed(spark, made, rows).withColumn("_violations", violations(made, ()))
    scanned = written_and_scanned(frame, tmp_path)
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


def written_and_scanned(frame, folder):
    """As the gate gets it: files of the engine that judged the rows."""
    frame.write.mode("overwrite").parquet(str(folder))
    return pl.scan_parquet(sorted(folder.glob("*.parquet")), glob=False)
