"""Rules that need the whole table: duplicate keys and orphan references.

They give narrow `(_row, rule)` frames. No value leaves Spark, nothing is collected;
rows are never repaired here, only pointed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from lake_config.contract import Rule, Table
from quality.one_pass import judged
from quality.suite import set_rules

ROW, RULE = "_row", "rule"


def set_violations(
    table: Table,
    rules: Iterable[Rule],
    frame: DataFrame,
    parents: Mapping[str, DataFrame],
) -> DataFrame:
    """`(_row, rule)` for every row that breaks a set rule.

    `parents` holds all collected rows of the tables referred to, quarantined ones too:
    a defect in a parent must not make orphans of its children.
    """
    rules = tuple(rules)
    found = [
        _orphans(rules, rule, frame, _parent(table, rule, frame, parents))
        if rule.kind == "reference"
        else _repeated(rules, rule, frame)
        for rule in set_rules(rules)
    ]
    nothing = frame.select(ROW, F.lit("").alias(RULE)).limit(0)
    return reduce(DataFrame.unionByName, found) if found else nothing


def distinct_keys(table: Table, frame: DataFrame) -> int:
    """How many different primary keys there are; rows, where a table has no key."""
    keys = frame.select(*table.primary_key).na.drop() if table.primary_key else frame
    return (keys.distinct() if table.primary_key else keys).count()


def _repeated(rules: tuple[Rule, ...], rule: Rule, frame: DataFrame) -> DataFrame:
    """All rows of a key that occurs more than once; incomplete keys are passed over."""
    keys = list(rule.columns)
    complete = frame.where(judged(rules, rule.columns)).select(ROW, *keys)
    repeated = complete.groupBy(*keys).count().where(F.col("count") > 1).select(*keys)
    rows = complete.join(repeated, on=keys, how="left_semi")
    return rows.select(ROW, F.lit(rule.name).alias(RULE))


def _orphans(
    rules: tuple[Rule, ...], rule: Rule, frame: DataFrame, parent: DataFrame
) -> DataFrame:
    column = rule.columns[0]
    key = F.col(column).cast("string").alias("key")
    known = F.col(rule.arguments["parent_column"]).cast("string").alias("key")
    referring = frame.where(judged(rules, rule.columns)).select(ROW, key)
    orphans = referring.join(parent.select(known), on="key", how="left_anti")
    return orphans.select(ROW, F.lit(rule.name).alias(RULE))


def _parent(
    table: Table, rule: Rule, frame: DataFrame, parents: Mapping[str, DataFrame]
) -> DataFrame:
    name = rule.arguments["parent_table"]
    return frame if name == table.name else parents[name]
