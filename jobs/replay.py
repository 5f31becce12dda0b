"""Replay: quarantined rows that signed corrections put right pass the gate after all.

The raw rows stay as they are; the corrected ones lie beside them, and the new `gated`
receipt names them and says what corrected them. Masking and publishing go on from that
receipt. Which replay it is follows from attempt, contract and corrections alone, so that
another run, or two at once, end in the same rows, the same file and one receipt.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from audit.events import canonical
from audit.receipts import Receipt, find
from jobs.accepted import broken_rows_of
from jobs.committed_rows import committed_rows, no_cell_told
from jobs.context import Job
from jobs.gate import Seen, facts_of, parents_of, verdict_of
from jobs.steps import Gated, Reconciled
from jobs.turn import place_of, published_now
from lake_config.corrections import Correction, Corrections, read_corrections
from lake_config.digests import sm3
from lake_config.errors import (
    ControlTotalsDiffer,
    GateFailed,
    JobFailed,
    NothingToDo,
    OutOfTurn,
)
from privacy.correction_approval import check_corrections
from quality.broken_rows import combinations, stopped
from quality.corrections import CORRECTED_BY
from quality.frames import count
from quality.replay import Replayed, replay
from quality.set_rules import distinct_keys
from quality.suite import rules_for


def replay_quarantine(job: Job) -> Gated:
    """Judge the batch's quarantined rows again, corrected, and record the verdict."""
    corrections = read_corrections(job.settings, job.contract)
    check_corrections(job.settings, job.contract, corrections)
    own = corrections.of(job.table.name)
    if not own:
        raise NothingToDo(f"{job.batch}：没有针对这张表的更正规则。")
    base, published = _base(job), published_now(job)
    name = _name(job, base, corrections)
    _refuse_if_done(job, base, published, name)
    _refuse_if_overtaken(job, published)
    try:
        with no_cell_told(job):
            found = _replayed(job, base, own)
    except FileNotFoundError:
        raise OutOfTurn(
            f"{job.batch}：归集的文件已过保存期限并清理，不能再重放。"
        ) from None
    facts = _facts(job, base, found, name)
    seen = _seen(job, base, found)
    verdict, warned = verdict_of(job, seen, published)
    if not verdict.ok:
        raise verdict.error()
    body = job.record(
        "gated",
        base.body["attempt"],
        True,
        unless=lambda: _refuse_if_changed(job, base, published, name),
        **facts_of(job, verdict, warned, published),
        **facts,
    )
    return Gated(base.body["attempt"], body)


def _base(job: Job) -> Receipt:
    """The latest judgement of the attempt that counts, good enough or not."""
    attempt = Reconciled.load(job).attempt
    found = find(job.ledger, "gated", job.batch, attempt)
    if found is None or found.body["contract"] != job.contract.digest:
        raise OutOfTurn(f"{job.batch}：还没有按现行契约把关，请先运行 gate。")
    return found


def _name(job: Job, base: Receipt, corrections: Corrections) -> str:
    """The same rows under the same rules are the same replay."""
    about = [base.body["attempt"], job.contract.digest, corrections.digest]
    return sm3(canonical({"replay": about}))[:32]


def _refuse_if_done(
    job: Job, base: Receipt, published: Receipt | None, name: str
) -> None:
    step = Gated(base.body["attempt"], base.body)
    if not base.ok or step.replay != name:
        return
    released = published is not None and published.body.get("replay") == name
    same = base.body["compared_with"] == place_of(published)
    file = step.corrected(job)
    if released or (same and file and job.store.holds(file)):
        raise _done(job)


def _done(job: Job) -> NothingToDo:
    return NothingToDo(f"{job.batch}：已按这些规则重放过，没有改动。")


def _refuse_if_overtaken(job: Job, published: Receipt | None) -> None:
    if published and published.body["date"] > job.date.isoformat():
        raise OutOfTurn(
            f"{job.batch}：已发布 {published.body['date']} 交付的数据，"
            "较早批次的隔离行不再重放。请处理较新的批次。"
        )


def _refuse_if_changed(
    job: Job, base: Receipt, published: Receipt | None, name: str
) -> None:
    """Under the ledger's lock, without a store: nobody judged or published meanwhile."""
    now, newest = _base(job), published_now(job)
    if now.index != base.index and now.ok and now.body.get("replay") == name:
        raise _done(job)
    if now.index != base.index or place_of(newest) != place_of(published):
        raise JobFailed(f"{job.batch}：重放时另有作业更新了这个批次，稍后重试。")


def _replayed(job: Job, base: Receipt, corrections: tuple[Correction, ...]) -> Replayed:
    raw, rules = Reconciled.load(job).raw(job), rules_for(job.contract, job.table)
    judged = Gated(base.body["attempt"], base.body).raw(job)
    held = stopped(rules, broken_rows_of(job, judged))
    rows = committed_rows(job.store, raw)
    return replay(job.table, rules, corrections, rows, held, parents_of(job))


def _seen(job: Job, base: Receipt, found: Replayed) -> Seen:
    broken = combinations(found.broken, int(base.body["rows"]))
    with no_cell_told(job):
        keys = distinct_keys(job.table, found.rows)
    return Seen(found.rows.collect_schema().names(), broken, keys)


def _facts(job: Job, base: Receipt, found: Replayed, name: str) -> dict[str, Any]:
    """The corrected rows kept, once the counts agree to the last row."""
    rules = rules_for(job.contract, job.table)
    before = int(base.body["quarantined"]) + int(base.body.get("replayed", 0))
    after = len(stopped(rules, found.broken))
    with no_cell_told(job):
        rows = count(found.rows)
    accepted = int(base.body["rows"]) - before
    if not reconciled(rows, accepted, before, found.passed.height, after):
        raise ControlTotalsDiffer(
            f"{job.batch}：重放前后行数对不上（共 {rows} 行，原隔离 {before} 行，"
            f"重放 {found.passed.height} 行，仍隔离 {after} 行），没有重放任何一行。"
        )
    if not found.passed.height:
        raise GateFailed(
            f"{job.batch}：已签署的更正规则没有使任何一行隔离数据合格。"
            "请检查规则，或请数源部门改正后重新交付。"
        )
    content = BytesIO()
    found.passed.write_parquet(content, compression="zstd")
    raw = Gated(base.body["attempt"], base.body).raw(job)
    job.store.write(job.layers.corrected_rows(raw, name), content.getvalue())
    by = found.passed[CORRECTED_BY].explode().drop_nulls().unique().sort()
    return {
        "replay": name,
        "replayed": found.passed.height,
        "quarantined_before": before,
        "corrected_by": by.to_list(),
    }


def reconciled(rows: int, accepted: int, before: int, replayed: int, now: int) -> bool:
    """Nothing lost, nothing twice: what was held either passes or is still held."""
    return before == replayed + now and rows == accepted + replayed + now
