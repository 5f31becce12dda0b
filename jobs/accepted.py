"""Which rows of a gated attempt are accepted and which lie in quarantine.

Filters over the rows and the two lists of rules they break, never copies. Apart from
`gate`, so that masking does not load Great Expectations (four seconds a task).
"""

from __future__ import annotations

from pathlib import Path

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.context import Job
from lake_config.contract import Rule
from quality.one_pass import VIOLATIONS
from quality.set_rules import ROW, RULE
from quality.suite import stop_rules


def read_raw(job: Job, path: Path) -> DataFrame:
    """All rows of an attempt, as they were landed."""
    return job.spark.read.format("delta").load(str(path))


def set_rules_by_row(job: Job, path: Path) -> DataFrame:
    """`_row, set_rules`: what the gate found about rows of the attempt."""
    found = job.spark.read.schema(f"{ROW} bigint, {RULE} string").parquet(
        str(job.layers.set_violations(path))
    )
    return found.groupBy(ROW).agg(F.collect_set(RULE).alias("set_rules"))


def quarantined(job: Job, path: Path, rules: tuple[Rule, ...]) -> DataFrame:
    """Rows that break a stop rule, with all rules they break in `_rules`."""
    both = _with_all_rules(job, path)
    return both.where(_broken(rules))


def accepted(job: Job, path: Path, rules: tuple[Rule, ...]) -> DataFrame:
    """All other rows, with the delivered columns only."""
    both = _with_all_rules(job, path).where(~_broken(rules))
    return both.select(*(column.name for column in job.table.columns))


def _with_all_rules(job: Job, path: Path) -> DataFrame:
    sets = F.broadcast(set_rules_by_row(job, path))
    both = read_raw(job, path).join(sets, on=ROW, how="left")
    empty = F.array().cast("array<string>")
    return both.withColumn(
        "_rules", F.array_union(VIOLATIONS, F.coalesce("set_rules", empty))
    ).drop("set_rules")


def _broken(rules: tuple[Rule, ...]) -> Expression:
    """Only warnings let a row pass; a rule nobody knows any more does not."""
    warnings = {rule.name for rule in rules} - stop_rules(rules)
    allowed = F.array(*map(F.lit, sorted(warnings))).cast("array<string>")
    return F.size(F.array_except("_rules", allowed)) > 0
