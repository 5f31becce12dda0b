"""Gate: is the batch good enough? Every rule is judged over the committed files.

Broken rows become a narrow list beside the attempt (`_row, rules`). A batch that fails
leaves the last published version in place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from audit.receipts import Receipt, find
from jobs.accepted import keep_broken_rows
from jobs.committed_rows import committed_rows, no_cell_told
from jobs.context import Job
from jobs.delta_files import rows_added
from jobs.steps import Gated, Reconciled
from jobs.tickets import settle_quarantine
from jobs.turn import place_of, published_now
from lake_config.contract import Contract, Rule
from lake_config.errors import (
    ContractError,
    JobFailed,
    LakeError,
    NothingToDo,
    OutOfTurn,
)
from lake_config.layers import batch_id
from lake_config.settings import Settings
from quality.broken_rows import Combinations, broken_rows, combinations
from quality.run_suite import run, suite_digest
from quality.set_rules import distinct_keys
from quality.suite import rules_for
from quality.verdict import VERDICTS, Verdict, Volume, counted, judge


def gate_department(
    settings: Settings, contract: Contract, day: date, only: str | None = None
) -> None:
    """Gate every table of a department (or `only` one), parents first.

    A refused table does not hold back the others; one refusal is raised at the end, with
    the words of all.
    """
    tables = [item for item in contract.parents_first() if only in (None, item.name)]
    refusals: list[LakeError] = []
    done = 0
    for table in tables:
        job = Job(settings, contract, table, day, "gate")
        try:
            gate(job)
        except NothingToDo:
            done += 1
        except LakeError as error:
            refusals.append(error)
        settle_quarantine(job)
    if refusals:
        raise _all_of(refusals)
    if done == len(tables):
        raise NothingToDo(f"{contract.department} {day}：全部表已把关。")


def _all_of(refusals: list[LakeError]) -> LakeError:
    """What may be tried again comes first, or a refused table would end it for all; then
    what is no verdict, of which no receipt tells; last what only says "not landed yet"."""
    words = "\n".join(map(str, refusals))
    first = min(refusals, key=_place)
    return (
        ContractError((words,))
        if isinstance(first, ContractError)
        else type(first)(words)
    )


def _place(error: LakeError) -> int:
    if error.transient:
        return 0
    return 3 if isinstance(error, OutOfTurn) else 1 + isinstance(error, VERDICTS)


def gate(job: Job) -> Gated:
    """Judge one reconciled batch and record the verdict."""
    reconciled, published = Reconciled.load(job), published_now(job)
    _refuse_if_done(job, reconciled, published)
    before = find(job.ledger, "gated", job.batch)
    path = reconciled.raw(job)
    rules = rules_for(job.contract, job.table)
    try:
        with no_cell_told(job):
            seen = _seen(job, rules, path)
    except FileNotFoundError:
        raise OutOfTurn(
            f"{job.batch}：归集的文件已过保存期限并清理（见账本的删除凭证），不能再把关。"
            "需要时请登记重新交付。"
        ) from None
    verdict, warned = verdict_of(job, seen, published)

    def still_true() -> None:
        """Nobody else has judged or published meanwhile."""
        reconciled.still_counts(job)
        said = find(job.ledger, "gated", job.batch)
        if said != before or place_of(published_now(job)) != place_of(published):
            raise JobFailed(
                f"{job.batch}：把关期间另一次运行已把关或已发布，"
                "本次结论作废，稍后重试。"
            )

    facts = facts_of(job, verdict, warned, published)
    body = job.record(
        "gated", reconciled.attempt, verdict.ok, unless=still_true, **facts
    )
    if not verdict.ok:
        raise verdict.error()
    return Gated(reconciled.attempt, body)


def facts_of(
    job: Job, verdict: Verdict, warned: int, published: Receipt | None
) -> dict[str, Any]:
    """What the receipt says of a verdict."""
    volume = verdict.volume
    return {
        "rows": volume.rows,
        "accepted": volume.accepted,
        "quarantined": volume.quarantined,
        "keys": volume.keys,
        "warned": warned,
        "findings": [
            {"rule": item.rule, "severity": item.severity, "rows": item.rows}
            for item in verdict.findings
        ],
        "suite": suite_digest(job.table, rules_for(job.contract, job.table)),
        "verdict": verdict.word,
        "reasons": [reason.code for reason in verdict.reasons],
        "compared_with": place_of(published),
    }


def _refuse_if_done(job: Job, step: Reconciled, published: Receipt | None) -> None:
    """Without the file of what it found nobody could go on from a verdict."""
    released = find(job.ledger, "published", job.batch, step.attempt)
    if released or job.store.holds(job.layers.broken_rows(step.raw(job))):
        _refuse_if_said(job, step, published)


def _refuse_if_said(job: Job, step: Reconciled, published: Receipt | None) -> None:
    """A verdict holds until another version is read than the one it was reached against;
    once its batch was published, for good."""
    said = find(job.ledger, "gated", job.batch)
    if said is None or not said.ok or said.body["attempt"] != step.attempt:
        return
    same = said.body.get("compared_with") == place_of(published)
    if same or find(job.ledger, "published", job.batch, step.attempt):
        raise NothingToDo(f"{job.batch}：已把关。")


def parents_of(job: Job) -> dict[str, pl.LazyFrame]:
    """All collected rows of the tables referred to, beside the table itself."""
    parents = {reference.parent_table for reference in job.table.references}
    return {name: _parent(job, name) for name in parents - {job.table.name}}


def _parent(job: Job, name: str) -> pl.LazyFrame:
    """All collected rows of a parent; OutOfTurn when it was not collected."""
    parent = Job(job.settings, job.contract, job.contract.table(name), job.date, "gate")
    return committed_rows(job.store, Reconciled.load(parent).raw(parent))


@dataclass(frozen=True, slots=True)
class Seen:
    """What the committed files of a batch show: names and counts only."""

    columns: list[str]
    broken: Combinations
    keys: int


def _seen(job: Job, rules: tuple[Rule, ...], path: Path) -> Seen:
    """Every rule judged; which rows break which is kept beside the batch."""
    rows = committed_rows(job.store, path)
    broken = broken_rows(job.table, rules, rows, parents_of(job))
    keep_broken_rows(job, path, broken.to_arrow())
    found = combinations(broken, rows_added(job.store, path, 0))
    names = rows.collect_schema().names()
    return Seen(names, found, distinct_keys(job.table, rows))


def verdict_of(job: Job, seen: Seen, published: Receipt | None) -> tuple[Verdict, int]:
    """The verdict, and how many rows break warnings alone."""
    rules = rules_for(job.contract, job.table)
    severities = {rule.name: rule.severity for rule in rules}
    quarantined, warned, findings = counted(seen.broken, severities)
    volume = Volume(sum(number for _, number in seen.broken), seen.keys, quarantined)
    outcomes = run(job.table, seen.columns, volume.rows)
    failed = [item.rule for item in outcomes if not item.success]
    return judge(job.table, volume, findings, _previous(job, published), failed), warned


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
