"""Gate: is the batch good enough? Row rules were judged at the write; this adds the set.

Duplicates and orphans become a narrow `(_row, rule)` list beside the attempt. A batch
that fails leaves the last published version in place.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812

from audit.receipts import Receipt, find
from jobs.accepted import read_raw, set_rules_by_row
from jobs.context import Job
from jobs.steps import Gated, Reconciled
from jobs.turn import place_of, published_now
from lake_config.contract import Contract, Rule
from lake_config.errors import LakeError, NothingToDo, OutOfTurn
from lake_config.layers import batch_id
from lake_config.settings import Settings
from quality.one_pass import VIOLATIONS
from quality.run_suite import run, suite_digest
from quality.set_rules import ROW, distinct_keys, set_violations
from quality.suite import rules_for
from quality.verdict import Verdict, Volume, counted, judge


def gate_department(
    settings: Settings, contract: Contract, day: date, only: str | None = None
) -> None:
    """Gate every table of a department (or `only` one), parents first.

    A refused table does not hold back the others; the first refusal is raised at the
    end, and one that says more than "not landed yet" before any that says only that.
    """
    tables = [item for item in contract.parents_first() if only in (None, item.name)]
    refusals: list[LakeError] = []
    done = 0
    for table in tables:
        try:
            gate(Job(settings, contract, table, day, "gate"))
        except NothingToDo:
            done += 1
        except LakeError as error:
            refusals.append(error)
    if refusals:
        refusals.sort(key=lambda error: isinstance(error, OutOfTurn))
        text = "\n".join(str(error) for error in refusals)
        raise type(refusals[0])(text)
    if done == len(tables):
        raise NothingToDo(f"{contract.department} {day}：全部表已把关。")


def gate(job: Job) -> Gated:
    """Judge one reconciled batch and record the verdict."""
    reconciled, published = Reconciled.load(job), published_now(job)
    _refuse_if_done(job, reconciled.attempt, published)
    rules = rules_for(job.contract, job.table)
    path = reconciled.raw(job)
    frame = read_raw(job, path)
    parents = {name: _parent(job, name) for name in _parent_names(job)}
    found = set_violations(job.table, rules, frame, parents)
    target = str(job.layers.set_violations(path))
    found.coalesce(1).write.mode("overwrite").parquet(target)
    verdict, warned = _verdict(job, rules, frame, path, published)
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
        compared_with=place_of(published),
    )
    if not verdict.ok:
        raise verdict.error()
    return Gated(reconciled.attempt, body)


def _refuse_if_done(job: Job, attempt: str, published: Receipt | None) -> None:
    """A verdict holds until another version is read than the one it was reached against."""
    before = find(job.ledger, "gated", job.batch)
    if before is None or not before.ok or before.body["attempt"] != attempt:
        return
    released = find(job.ledger, "published", job.batch, attempt)
    if released or before.body.get("compared_with") == place_of(published):
        raise NothingToDo(f"{job.batch}：已把关。")


def _parent_names(job: Job) -> set[str]:
    parents = {reference.parent_table for reference in job.table.references}
    return parents - {job.table.name}


def _parent(job: Job, name: str) -> DataFrame:
    """All collected rows of a parent; OutOfTurn when it was not collected."""
    parent = Job(job.settings, job.contract, job.contract.table(name), job.date, "gate")
    return read_raw(job, Reconciled.load(parent).raw(parent))


def _verdict(
    job: Job,
    rules: tuple[Rule, ...],
    frame: DataFrame,
    path: Path,
    published: Receipt | None,
) -> tuple[Verdict, int]:
    severities = {rule.name: rule.severity for rule in rules}
    combinations = _combinations(job, frame, path)
    quarantined, warned, findings = counted(combinations, severities)
    rows = sum(number for _, number in combinations)
    volume = Volume(rows, distinct_keys(job.table, frame), quarantined)
    failed = [item.rule for item in run(job.table, frame) if not item.success]
    return judge(job.table, volume, findings, _previous(job, published), failed), warned


def _combinations(
    job: Job, frame: DataFrame, path: Path
) -> list[tuple[frozenset[str], int]]:
    """How many rows break exactly which set of rules; names and counts only."""
    sets = set_rules_by_row(job, path)
    both = frame.select(ROW, VIOLATIONS).join(sets, on=ROW, how="left")
    empty = F.array().cast("array<string>")
    names = F.array_sort(F.array_union(VIOLATIONS, F.coalesce("set_rules", empty)))
    counts = both.groupBy(names.alias("names")).count().collect()
    return [(frozenset(row["names"]), int(row["count"])) for row in counts]


def _previous(job: Job, published: Receipt | None) -> Volume | None:
    """Size of the batch that is published now."""
    if published is None:
        return None
    day = date.fromisoformat(published.body["date"])
    batch = batch_id(job.contract.department, job.table.name, day)
    gated = find(job.ledger, "gated", batch, published.body["attempt"])
    if gated is None:
        return None
    return Volume(gated.body["rows"], gated.body["keys"], gated.body["quarantined"])
