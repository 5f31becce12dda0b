"""The compiled rules agree, row by row, with the plain-Python ones."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from pyspark.sql import functions as F

from quality.one_pass import parsed, violations
from quality.set_rules import distinct_keys, set_violations
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
def test_set_rules_agree_on_generated_rows(spark, seed):
    rows = generated_rows(seed, 3000)
    expected = plain_rules.violations(MEMBERS, RULES, rows, {"families": FAMILY_ROWS})
    names = {rule.name for rule in RULES if rule.kind in ("unique", "reference")}
    wanted = {
        (number, name)
        for number, broken in enumerate(expected)
        for name in broken
        if name in names
    }
    parents = {"families": landed(spark, FAMILIES, FAMILY_ROWS)}
    frame = landed(spark, MEMBERS, rows)
    found = set_violations(MEMBERS, RULES, frame, parents).collect()
    assert {(row._row, row.rule) for row in found} == wanted
    assert len(found) == len(wanted)
    assert {name for _, name in wanted} == names


def test_a_table_may_refer_to_itself(spark):
    from lake_config.contract import Reference

    made = table(
        "offices",
        [column("office", primary_key=True), column("above")],
        references=(Reference("above", "offices", "office"),),
    )
    rows = [
        {"office": "A", "above": None},
        {"office": "B", "above": "A"},
        {"office": "C", "above": "Z"},
    ]
    rules = rules_for(contract(made), made)
    found = set_violations(made, rules, landed(spark, made, rows), {}).collect()
    assert [(row._row, row.rule) for row in found] == [(2, "reference.above")]


def test_keys_are_compared_as_text_across_types(spark):
    child = table("child", [column("parent", "integer", landed_type="bigint")])
    from dataclasses import replace

    from lake_config.contract import Reference

    child = replace(child, references=(Reference("parent", "families", "family_no"),))
    rules = rules_for(contract(FAMILIES, child), child)
    frame = landed(spark, child, [{"parent": 1}, {"parent": 2}])
    parents = {"families": landed(spark, FAMILIES, [{"family_no": "1"}])}
    found = set_violations(child, rules, frame, parents).collect()
    assert [row._row for row in found] == [1]


def test_distinct_keys(spark):
    rows = [{"family_no": key} for key in ("F1", "F1", "F2", None)]
    frame = landed(spark, FAMILIES, rows)
    assert distinct_keys(FAMILIES, frame) == 2
    loose = table("loose", [column("family_no")])
    assert distinct_keys(loose, frame) == 4


def test_no_set_rules_gives_an_empty_frame_of_the_same_shape(spark):
    frame = landed(spark, FAMILIES, FAMILY_ROWS)
    empty = set_violations(FAMILIES, (), frame, {})
    assert empty.columns == ["_row", "rule"]
    assert empty.agg(F.count("*")).collect()[0][0] == 0
