"""Great Expectations, running the declared suite itself, gives the same verdicts."""

from __future__ import annotations

import json
import sys
from collections import Counter

import polars as pl
from pyspark.sql import functions as F

from quality import run_suite
from quality.row_rules import row_violations
from quality.set_rules import set_violations
from quality.suite import row_rules, rules_for
from tests.lib.quality_cases import (
    FAMILIES,
    GOOD,
    INVENTED,
    MEMBERS,
    contract,
    generated_rows,
)
from tests.lib.spark_rows import landed, written_and_scanned
from tests.lib.typed_rows import TYPED, typed_row

RULES = rules_for(INVENTED, MEMBERS)


def counted(frame, made, rules, folder):
    found = row_violations(made, rules, written_and_scanned(frame, folder)).collect()
    return Counter(name for names in found["rules"] for name in names)


def test_row_expectations_give_the_same_counts(spark, tmp_path):
    frame = landed(spark, MEMBERS, generated_rows(21, 3000))
    counts = counted(frame, MEMBERS, RULES, tmp_path)
    outcomes = run_suite.run_row_rules(MEMBERS, RULES, frame)
    assert {item.rule: item.unexpected for item in outcomes} == {
        rule.name: counts[rule.name] for rule in row_rules(RULES)
    }
    assert all(item.success is (counts[item.rule] == 0) for item in outcomes)
    assert sum(1 for rule in row_rules(RULES) if counts[rule.name]) > 35


def test_typed_columns_give_the_same_counts(spark, tmp_path):
    rules = rules_for(contract(FAMILIES, TYPED), TYPED)
    frame = landed(spark, TYPED, [typed_row(number) for number in range(500)])
    counts = counted(frame, TYPED, rules, tmp_path)
    outcomes = run_suite.run_row_rules(TYPED, rules, frame)
    assert {item.rule: item.unexpected for item in outcomes} == {
        rule.name: counts[rule.name] for rule in row_rules(rules)
    }


def raw(spark, rows):
    names = [item.name for item in MEMBERS.columns]
    frame = landed(spark, MEMBERS, rows).withColumn("_batch", F.lit("b"))
    return frame.select(*names, "_row", "_batch")


def verdicts(spark, rows):
    frame = raw(spark, rows)
    whole = run_suite.run(MEMBERS, frame.columns, len(rows))
    outcomes = whole + run_suite.run_unique_rules(RULES, frame)
    assert all(item.unexpected is None for item in outcomes)
    return {item.rule: item.success for item in outcomes}


def test_gx_judges_the_whole_table(spark):
    rows = [{**GOOD, "member_no": f"M{n:03d}", "card_no": f"C{n}"} for n in range(9)]
    good = {
        "columns.table": True,
        "row_count.table": True,
        "unique.member_no": True,
        "unique.card_no": True,
    }
    assert verdicts(spark, rows) == good
    again = [*rows, {**rows[0], "card_no": None}, {**rows[1], "card_no": None}]
    assert verdicts(spark, again) == {**good, "unique.member_no": False}


def test_gx_passes_over_the_keys_that_the_set_rules_pass_over(spark, tmp_path):
    rows = generated_rows(23, 800)
    members = written_and_scanned(raw(spark, rows), tmp_path)
    parents = {"families": pl.LazyFrame({"family_no": ["F1"]})}
    found = set(set_violations(MEMBERS, RULES, members, parents)["rule"])
    judged = verdicts(spark, rows)
    for rule in ("unique.member_no", "unique.card_no"):
        assert judged[rule] is (rule not in found)
    undecodable = [
        {**GOOD, "card_no": "\ufffd", "member_no": f"M00{n}"} for n in (1, 2)
    ]
    assert verdicts(spark, undecodable)["unique.card_no"] is True


def test_another_order_of_columns_and_a_small_table_are_seen(spark):
    names = raw(spark, [GOOD]).columns
    for columns, rows in ((names[::-1], 1), (names[1:], 1), (names, 0), (names, 1)):
        outcomes = run_suite.run(MEMBERS, columns, rows)
        assert {item.rule: item.success for item in outcomes} == {
            "columns.table": columns == names,
            "row_count.table": rows == 1,
        }


def test_the_suite_names_every_rule_and_its_severity():
    declared = run_suite.suite(MEMBERS, RULES).to_json_dict()["expectations"]
    severities = {item["meta"]["rule"]: item["meta"]["severity"] for item in declared}
    wanted = {rule.name: rule.severity for rule in RULES if rule.kind != "reference"}
    assert wanted.items() <= severities.items()
    assert set(severities) - set(wanted) == {"columns.table", "row_count.table"}


def test_the_digest_names_the_content_of_the_suite():
    digest = run_suite.suite_digest(MEMBERS, RULES)
    assert digest == run_suite.suite_digest(MEMBERS, RULES)
    assert digest != run_suite.suite_digest(MEMBERS, RULES[1:])


def test_no_value_comes_out_and_nothing_is_written(spark, tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [{**GOOD, "name": "秘密秘密秘密", "card_no": "SECRET-77"}] * 2
    outcomes = run_suite.run_unique_rules(RULES, raw(spark, rows))
    seen = capfd.readouterr()
    assert "SECRET-77" not in json.dumps([str(item) for item in outcomes])
    assert "SECRET-77" not in seen.out + seen.err
    assert "Calculating Metrics" not in seen.out + seen.err
    assert list(tmp_path.iterdir()) == []


def test_no_usage_statistics_library_is_loaded():
    assert "posthog" not in sys.modules
    assert "great_expectations.analytics" not in sys.modules
