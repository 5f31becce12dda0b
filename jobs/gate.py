"""Gate: is the batch good enough? Row rules were judged at the write; this adds the set.

Duplicates and orphans become a narrow `(_row, rule)` list beside the attempt. Accepted
and quarantined rows are filters over both, never copies. A batch that fails leaves the
last published version in place.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from audit.receipts import find, last_published
from jobs.context import Job
from jobs.steps import Gated, Reconciled
from lake_config.contract import Contract, Rule
from lake_config.errors import LakeError, NothingToDo
from lake_config.layers import CURATED, batch_id
from lake_config.settings import Settings
from quality.one_pass import VIOLATIONS
from quality.run_suite import run, suite_digest
from quality.set_rules import ROW, RULE, distinct_keys, set_violations
from quality.suite import rules_for, stop_rules
from quality.verdict import Verdict, Volume, counted, judge


def gate_department(settings: Settings, contract: Contract, day: date) -> None:
    """Gate every table of a department, parents first; raises the first refusal last.

    A refused table does not hold back the others.
    """
    refusals: list[LakeError] = []
    done = 0
    for table in contract.parents_first():
        job = Job(settings, contract, table, day, "gate")
        try:
            gate(job)
        except NothingToDo:
            done += 1
        except LakeError as error:
            refusals.append(error)
    if refusals:
        text = "\n".join(str(error) for error in refusals)
        raise type(refusals[0])(text)
    if done == len(contract.tables):
        raise NothingToDo(f"{contract.department} {day}：全部表已把关。")


def gate(job: Job) -> Gated:
    """Judge one reconciled batch and record the verdict."""
    reconciled = Reconciled.load(job)
    before = find(job.ledger, "gated", job.batch)
    if before and before.ok and before.body["attempt"] == reconciled.attempt:
        raise NothingToDo(f"{job.batch}：已把关。")
    rules = rules_for(job.contract, job.table)
    path = reconciled.raw(job)
    frame = read_raw(job, path)
    parents = {name: _parent(job, name) for name in _parent_names(job)}
    found = set_violations(job.table, rules, frame, parents)
    target = str(job.layers.set_violations(path))
    found.coalesce(1).write.mode("overwrite").parquet(target)
    verdict, warned = _verdict(job, rules, frame, path)
    body = job.record(
        "gated",
        reconciled.attempt,
        verdict.ok,
        rows=verdict.volume.rows,
        accepted=verdict.volume.accepted,
        quarantined=verdict.volume.quarantined,
        keys=verdict.volume.keys,
        warned=warned,
        findings=[
            {"rule": item.rule, "severity": item.severity, "rows": item.rows}
            for item in verdict.findings
        ],
        suite=suite_digest(job.table, rules),
        verdict=verdict.word,
        reasons=[reason.code for reason in verdict.reasons],
    )
    if not verdict.ok:
        raise verdict.error()
    return Gated(reconciled.attempt, body)


def read_raw(job: Job, path: Path) -> DataFrame:
    return job.spark.read.format("delta").load(str(path))


def _parent_names(job: Job) -> set[str]:
    parents = {reference.parent_table for reference in job.table.references}
    return parents - {job.table.name}


def _parent(job: Job, name: str) -> DataFrame:
    """All collected rows of a parent; OutOfTurn when it was not collected."""
    parent = Job(job.settings, job.contract, job.contract.table(name), job.date, "gate")
    return read_raw(job, Reconciled.load(parent).raw(parent))


def _verdict(
    job: Job, rules: tuple[Rule, ...], frame: DataFrame, path: Path
) -> tuple[Verdict, int]:
    severities = {rule.name: rule.severity for rule in rules}
    combinations = _combinations(job, frame, path)
    quarantined, warned, findings = counted(combinations, severities)
    rows = sum(number for _, number in combinations)
    volume = Volume(rows, distinct_keys(job.table, frame), quarantined)
    # Uniqueness is judged row by row above: duplicated keys go to quarantine.
    failed = [
        item.rule
        for item in run(job.table, rules, frame)
        if not item.success and not item.rule.startswith("unique.")
    ]
    return judge(job.table, volume, findings, _previous(job), failed), warned


def _combinations(
    job: Job, frame: DataFrame, path: Path
) -> list[tuple[frozenset[str], int]]:
    """How many rows break exactly which set of rules; names and counts only."""
    sets = _set_rules_by_row(job, path)
    both = frame.select(ROW, VIOLATIONS).join(sets, on=ROW, how="left")
    empty = F.array().cast("array<string>")
    names = F.array_sort(F.array_union(VIOLATIONS, F.coalesce("set_rules", empty)))
    counts = both.groupBy(names.alias("names")).count().collect()
    return [(frozenset(row["names"]), int(row["count"])) for row in counts]


def _set_rules_by_row(job: Job, path: Path) -> DataFrame:
    found = job.spark.read.schema(f"{ROW} bigint, {RULE} string").parquet(
        str(job.layers.set_violations(path))
    )
    return found.groupBy(ROW).agg(F.collect_set(RULE).alias("set_rules"))


def _previous(job: Job) -> Volume | None:
    """Size of the batch that is published now."""
    table, department = job.table.name, job.contract.department
    published = last_published(job.ledger, CURATED, department, table)
    if published is None:
        return None
    day = date.fromisoformat(published.body["date"])
    gated = find(job.ledger, "gated", batch_id(department, table, day))
    if gated is None:
        return None
    return Volume(gated.body["rows"], gated.body["keys"], gated.body["quarantined"])


def quarantined(job: Job, path: Path, rules: tuple[Rule, ...]) -> DataFrame:
    """Rows that break a stop rule, with all rules they break in `_rules`."""
    both = _with_all_rules(job, path)
    return both.where(_broken(rules))


def accepted(job: Job, path: Path, rules: tuple[Rule, ...]) -> DataFrame:
    """All other rows, with the delivered columns only."""
    both = _with_all_rules(job, path).where(~_broken(rules))
    return both.select(*(column.name for column in job.table.columns))


def _with_all_rules(job: Job, path: Path) -> DataFrame:
    sets = F.broadcast(_set_rules_by_row(job, path))
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
