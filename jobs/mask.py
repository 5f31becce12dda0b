"""Mask: accepted rows to staging, scanned as committed; recipients cannot look there.

Every try writes a folder of its own, so that a killed writer can only fill a dead one.
What the scan refuses is deleted before anything else happens; the published version stays.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import polars as pl
from deltalake.exceptions import DeltaError

from audit.files_digest import files_digest
from audit.receipts import find
from jobs.accepted import accepted
from jobs.column_classes import (
    Seen,
    count_persons,
    is_told_by_these_rules,
    receipt_facts,
    seen,
    tell,
)
from jobs.committed_rows import no_cell_told
from jobs.context import Job
from jobs.delta_files import commit_new, files_of
from jobs.failures import alert
from jobs.key_use import keys_for, record_key_use, refuse_if_keys_changed
from jobs.leak_report import scan_of
from jobs.published_value import published_value
from jobs.risk_gate import decided, refuse, told_as_decided
from jobs.scanned import all_there, keep_list
from jobs.staged import schema_of, write_pieces
from jobs.steps import Gated, Masked
from jobs.vault import identities_kept
from lake_config.errors import (
    ControlTotalsDiffer,
    JobFailed,
    LeakFound,
    NothingToDo,
)
from privacy.mask_frame import key_names, mask, published_columns
from privacy.policy import POLICY_VERSION
from privacy.risk.decide import Decision
from privacy.scopes import Scope
from quality.suite import rules_for


@dataclass(frozen=True, slots=True)
class Staged:
    """One try in staging: `ok` where all of it may go on; else its files are gone."""

    ok: bool
    found: Seen | None
    decision: Decision | None
    facts: dict[str, Any]

    @property
    def left_out(self) -> int:
        return self.decision.left_out if self.decision else 0


def mask_batch(job: Job, gated: Gated) -> Masked:
    """Write, scan and record one recipient's masked table of this batch."""
    before = find(job.ledger, "masked", job.batch)
    scope = keys_for(job)
    ids = key_names(job.table, scope)
    _refuse_if_done(job, gated, ids)
    record_key_use(job, job.batch, ids, scope.purpose)
    staged = staged_of(job, job, scope, gated)

    def still_the_latest() -> None:
        """Another run may have begun later and cleared this one's files away."""
        gated.still_counts(job)
        refuse_if_keys_changed(job, ids)
        if find(job.ledger, "masked", job.batch) != before:
            raise JobFailed(
                f"{job.batch}：另一次运行已先完成脱敏，本次结果作废，稍后重试。"
            )

    about = receipt_facts(job, staged.found) if staged.found else {}
    body = recorded(job, gated, ids, staged, still_the_latest, **about)
    tell(job, body)
    if staged.found:
        count_persons(job, staged.found)
    refuse_unless_good(job, gated, staged, body)
    return Masked(gated.attempt, body)


def recorded(
    job: Job,
    gated: Gated,
    ids: tuple[str, ...],
    staged: Staged,
    unless: Callable[[], None],
    **also: Any,
) -> dict[str, Any]:
    """The receipt of one try, good or bad."""
    return job.record(
        "masked",
        gated.attempt,
        staged.ok,
        unless=unless,
        recipient=job.recipient,
        purpose=job.purpose,
        policy=POLICY_VERSION,
        key_ids=list(ids),
        columns=[item.name for item in published_columns(job.table, job.purpose)],
        **staged.facts,
        **also,
        **gated.replay_fact,
    )


def refuse_unless_good(
    job: Job, gated: Gated, staged: Staged, body: dict[str, Any]
) -> None:
    if staged.decision is not None and staged.decision.refused:
        refuse(job, staged.decision)
    if not staged.ok:
        _refuse(job, body, gated.body["accepted"] - staged.left_out)


def staged_of(job: Job, of: Job, scope: Scope, gated: Gated) -> Staged:
    """Decided over all rows, written, and judged as committed.

    `of`: whose rows they are, where it is another table that is made of them; what its
    columns show was looked at with its own.
    """
    folder = fresh_folder(job, gated.attempt)
    with removed_unless_written(job, folder):
        rows = accepted(of, gated, rules_for(of.contract, of.table))
        decision = decided(job, scope, rows)
        enough = decision is None or not decision.refused
        if enough:
            masked = [_masked(job, scope, piece, decision) for piece in rows]
            _write(job, masked, folder)
        found = seen(job, rows) if of is job else None
    files = files_of(job.store, folder) if enough else []
    written = sum(file["rows"] for file in files)
    scan = scan_of(job, folder, written, rows)
    left_out = decision.left_out if decision else 0
    ok = enough and scan["ok"] and written + left_out == gated.body["accepted"]
    kept: dict[str, Any] = {}
    if ok and told_as_decided(job, folder, decision):
        kept = identities_kept(job, scope, rows, decision)
        keep_list(job, folder, files)
    else:
        # First, so that a crash between here and the receipt leaves nothing behind.
        ok = False
        job.store.remove(folder)
    facts = {
        "rows": written,
        "staged": str(folder.relative_to(job.settings.home)),
        "leak_scan": scan,
        "risk": decision.body() if decision else {},
        "files": len(files),
        "files_digest": files_digest(files),
        **kept,
    }
    return Staged(ok, found, decision, facts)


def _masked(
    job: Job, scope: Scope, piece: pl.LazyFrame, decision: Decision | None
) -> pl.LazyFrame:
    return mask(piece, job.table, scope, job.settings, published_value, decision)


def _refuse_if_done(job: Job, gated: Gated, ids: tuple[str, ...]) -> None:
    done = find(job.ledger, "masked", job.batch)
    if done is None or not done.ok or done.body["attempt"] != gated.attempt:
        return
    told = (done.body["contract"], done.body["policy"], done.body.get("replay", ""))
    same = told == (job.contract.digest, POLICY_VERSION, gated.replay)
    same = same and done.body["key_ids"] == list(ids)
    same = same and is_told_by_these_rules(done)
    if same and all_there(job, done.body):
        raise NothingToDo(f"{job.batch}：已脱敏，没有改动。")


def fresh_folder(job: Job, attempt: str) -> Path:
    """A new folder under staging; what earlier tries of this batch left there goes."""
    name = f"{attempt}.{secrets.token_hex(4)}"
    facts = (job.contract.department, job.table.name, job.date)
    staged = job.layers.staged(job.recipient, *facts, name)
    job.store.remove(staged.parent)
    return staged


def _write(job: Job, pieces: list[pl.LazyFrame], staged: Path) -> None:
    files = write_pieces(job.store, pieces, staged)
    schema = schema_of(published_columns(job.table, job.purpose), pieces)
    commit_new(job.store, staged, schema, files)


@contextmanager
def removed_unless_written(job: Job, staged: Path) -> Iterator[None]:
    try:
        with no_cell_told(job, "脱敏写入"):
            yield
    except Exception as error:
        job.store.remove(staged)
        if not isinstance(error, OSError | DeltaError):
            raise
        kind = type(error).__name__
        raise JobFailed(
            f"{job.batch}：脱敏写入中断（{kind}），没有留下任何内容，稍后重试。"
        ) from None


def _refuse(job: Job, body: dict[str, Any], expected: int) -> NoReturn:
    scan = body["leak_scan"]
    if scan["ok"]:
        raise ControlTotalsDiffer(
            f"{job.batch}：脱敏后 {body['rows']} 行，应为 {expected} 行，"
            "待发布内容已删除，已发布的版本不受影响。请重新执行。"
        )
    alert(
        job.settings,
        job.contract.department,
        job.table.name,
        job.date,
        "leak_found",
    )
    places = "、".join(
        f"{where}（{number}）" for where, number in scan["found"].items()
    )
    raise LeakFound(
        f"{job.batch}：泄露扫描发现疑似明文的个人信息：{places}。待发布内容已删除，"
        "已发布的版本不受影响。请安全管理员检查脱敏策略与契约的列类别。"
    )
