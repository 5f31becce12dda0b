"""Which rows of a gated attempt are accepted and which lie in quarantine.

Filters over the rows and the list of rules they break, never copies. Apart from
`gate`, so that masking does not load Great Expectations (four seconds a task).
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from jobs.context import Job
from jobs.steps import Gated
from lake_config.contract import Rule
from lake_config.errors import OutOfTurn
from quality.suite import stop_rules
from storage.file_facts import rows_of

KEPT = pa.schema([("_row", pa.int64()), ("rules", pa.list_(pa.string()))])
KEPT_DDL = "_row bigint, rules array<string>"


def read_raw(job: Job, path: Path) -> DataFrame:
    """All rows of an attempt as they were landed and judged, whatever came later."""
    landed = job.spark.read.format("delta").option("versionAsOf", 0)
    return landed.load(job.store.spark_address(path))


def keep_broken_rows(job: Job, path: Path, broken: pa.Table) -> None:
    """Which rows break which rules, in one file that is there whole or not at all."""
    content = BytesIO()
    pq.write_table(broken.cast(KEPT), content, compression="zstd")
    job.store.write(job.layers.broken_rows(path), content.getvalue())


def quarantined(job: Job, gated: Gated, rules: tuple[Rule, ...]) -> DataFrame:
    """Rows that break a stop rule, with all rules they break in `_rules`.

    Without those that a replay let through.
    """
    path, passed = gated.raw(job), _corrected(job, gated)
    rows, refused = read_raw(job, path), _refused(job, path, rules)
    if refused is None:
        none = F.array().cast("array<string>")
        return rows.limit(0).withColumn("_rules", none)
    if passed is not None:
        refused = refused.join(passed, on="_row", how="left_anti")
    both = rows.join(F.broadcast(refused), on="_row")
    return both.withColumnRenamed("rules", "_rules")


def accepted(job: Job, gated: Gated, rules: tuple[Rule, ...]) -> DataFrame:
    """All other rows, with the delivered columns only."""
    path, passed = gated.raw(job), _corrected(job, gated)
    rows, refused = read_raw(job, path), _refused(job, path, rules)
    if refused is not None:
        refused = F.broadcast(refused.select("_row"))
        rows = rows.join(refused, on="_row", how="left_anti")
    names = [column.name for column in job.table.columns]
    rows = rows.select(*names)
    return rows if passed is None else rows.unionByName(passed.select(*names))


def _corrected(job: Job, gated: Gated) -> DataFrame | None:
    """The corrected rows of a replay, as they were judged; None without a replay."""
    file = gated.corrected(job)
    if file is None:
        return None
    if not job.store.holds(file):
        raise OutOfTurn(
            f"{job.batch}：更正后的行不在了，请重新执行 quarantine replay。"
        )
    columns = (f"`{item.name}` {item.landed_type}" for item in job.table.columns)
    rows = job.spark.read.schema(", ".join([*columns, "_row bigint"]))
    return rows.parquet(job.store.spark_address(file))


def _refused(job: Job, path: Path, rules: tuple[Rule, ...]) -> DataFrame | None:
    """`_row, rules` of the rows that break a stop rule; nothing is joined without any."""
    file = job.layers.broken_rows(path)
    if not _kept(job, file):
        return None
    kept = job.spark.read.schema(KEPT_DDL).parquet(job.store.spark_address(file))
    return kept.where(_broken(rules))


def _kept(job: Job, file: Path) -> int:
    """How many rows break a rule, by the footer."""
    try:
        return rows_of(job.store, file)
    except FileNotFoundError:
        raise OutOfTurn(f"{job.batch}：把关的判定文件不在了，请重新把关。") from None


def _broken(rules: tuple[Rule, ...]) -> Expression:
    """Only warnings let a row pass; a rule nobody knows any more does not."""
    warnings = {rule.name for rule in rules} - stop_rules(rules)
    allowed = F.array(*map(F.lit, sorted(warnings))).cast("array<string>")
    return F.size(F.array_except("rules", allowed)) > 0
