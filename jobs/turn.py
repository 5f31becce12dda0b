"""When a batch may be published: never over a newer one, never on an outdated judgement.

A publication is named by its place in the ledger. The gate writes down which one it compared
the batch with; who publishes holds that against the one that is read now.
"""

from __future__ import annotations

from audit.receipts import Receipt, counting, find, last_published
from jobs.context import Job
from jobs.steps import Gated, Masked
from jobs.table_state import outdated_base
from lake_config.contract import NOT_SHARED
from lake_config.errors import NotShared, OutOfTurn


def published_now(job: Job) -> Receipt | None:
    """The publication of this table that people read."""
    return last_published(
        job.ledger, job.recipient, job.contract.department, job.table.name
    )


def place_of(publication: Receipt | None) -> int | None:
    """How receipts name a publication; None where nothing was published."""
    return publication.index if publication else None


def refuse_if_not_shared(job: Job) -> None:
    """law L01: what the catalogue does not share is kept and judged, and goes no further."""
    if job.table.share_type == NOT_SHARED:
        raise NotShared(
            f"{job.batch}：目录规定本表不予共享（{job.table.legal_basis}）。"
            "数据已归集并把关，不脱敏、不发布。"
        )


def refuse_if_out_of_turn(job: Job) -> None:
    """Before masking, to spare the work, and once more by the only writer."""
    newest = published_now(job)
    if newest and newest.body["date"] > job.date.isoformat():
        raise OutOfTurn(
            f"{job.batch}：已发布 {newest.body['date']} 交付的数据，"
            "较早的交付不再发布，以免旧数据替换新数据。"
        )
    if Gated.load(job).body.get("compared_with") != place_of(newest):
        raise OutOfTurn(
            f"{job.batch}：把关时比较的不是现在发布的版本，请重新运行 gate，再发布。"
        )
    _refuse_if_withdrawn(job)


def _refuse_if_withdrawn(job: Job) -> None:
    """A load of changes holds rows of the delivery before, and falls with it."""
    collected = counting(job.ledger, job.batch)
    if collected and (day := outdated_base(job, collected.body)):
        raise OutOfTurn(
            f"{job.batch}：这一批是在 {day} 的交付上合并变更得来的，那次交付已登记重新交付，"
            "本批不再发布。请对本批执行 ./lake redeliver 说明原因后重新运行。"
        )


def refuse_if_masked_again(job: Job, masked: Masked) -> None:
    """Only the bytes of the latest masking are published, of what was judged last."""
    if Gated.load(job).replay != masked.replay:
        raise OutOfTurn(f"{job.batch}：此后又重放过隔离行，请重新执行 release。")
    if Masked.load(job).body["staged"] != masked.body["staged"]:
        raise OutOfTurn(f"{job.batch}：此后又重新脱敏过，请重新执行发布。")


def refuse_if_overtaken(job: Job, own: Job, masked: Masked) -> None:
    """What is made beside a table is never about another delivery than what people read
    of the table, and nothing but the latest masking of it is published."""
    newest = published_now(job)
    facts = (newest.batch, newest.body["attempt"]) if newest else ()
    latest = find(own.ledger, "masked", own.batch, masked.attempt)
    staged = latest.body["staged"] if latest else ""
    if facts != (job.batch, masked.attempt) or staged != masked.body["staged"]:
        raise OutOfTurn(f"{own.batch}：所依据的批次已不是现在发布的版本，不再发布。")
