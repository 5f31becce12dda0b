"""How much a batch may tell, decided over all its accepted rows before any is written.

One look at a few columns of each piece; what is held in memory is some 40 bytes a row.
After the write the committed files themselves are counted once more.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from audit.receipts import find, masked_as_published
from jobs.committed_rows import committed_rows, no_cell_told
from jobs.context import Job
from jobs.published_value import published_value
from jobs.staged import AT_ONCE
from jobs.steps import Gated
from jobs.turn import published_now
from lake_config.contract import Column
from lake_config.errors import JobFailed, OutOfTurn, TooFewPeople
from privacy.mask_frame import told_openly, untokened
from privacy.policy import POLICY_VERSION, STATISTICS
from privacy.risk.decide import (
    Decision,
    decide,
    decided_again,
    people_at_least,
)
from privacy.risk.ladder import Parts, parts_of
from privacy.risk.measure import ROWS, groups
from privacy.scopes import Scope
from privacy.tokens import person_column
from quality.frames import collected

Told = Callable[[Column], pl.Expr]


def decided(job: Job, scope: Scope, pieces: list[pl.LazyFrame]) -> Decision | None:
    """None where a table is about nobody."""
    parts = parts_of(job.table, job.purpose)
    if not parts.about_people:
        return None
    facts = (job.table, scope, job.settings, published_value)
    rows = looked_at(pieces, parts, lambda item: told_openly(item, *facts))
    at_least = people_at_least(job.contract)
    return decide(rows, parts, at_least, job.purpose, published_risk(job))


def by_policy(column: Column) -> pl.Expr:
    """As the city's analysts are told it."""
    return untokened(column, STATISTICS, published_value)


def looked_at(
    pieces: list[pl.LazyFrame], parts: Parts, told: Told = by_policy
) -> pl.DataFrame:
    """Persons as numbers, quasi-identifiers and sensitive columns as they are told; texts
    are kept as numbers of their distinct values."""
    columns = [
        *(
            person_column(pl.col(item.name), item.semantic_type).alias(item.name)
            for item in parts.persons
        ),
        *(told(item).alias(item.name) for item in (*parts.quasi, *parts.sensitive)),
    ]
    texts = cs.string().cast(pl.Categorical)
    looks = [piece.select(*columns).with_columns(texts) for piece in pieces]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return pl.concat(pool.map(collected, looks), rechunk=False)


def published_risk(job: Job) -> dict[str, Any] | None:
    """How the version that people read was told, under this very policy; OutOfTurn where
    the ledger does not say.

    Its tokens are the same, so that rows told in two ways would tell both.
    """
    newest = published_now(job)
    if newest is None or newest.body["policy"] != POLICY_VERSION:
        return None
    masked = masked_as_published(job.ledger, newest.batch, newest.body)
    return masked.body["risk"] or None


def decided_before(
    job: Job, gated: Gated, pieces: list[pl.LazyFrame]
) -> Decision | None:
    """Of the published batch: which rows were left out and which values left blank. Found
    again from the accepted rows, for the ledger has counts alone; None where there are none.
    """
    told = _risk_of(job, gated)
    if not told or not _takes_away(told):
        return None
    with no_cell_told(job, "统计"):
        parts = parts_of(job.table, job.purpose)
        found = decided_again(looked_at(pieces, parts), parts, told)
    body = found.body()
    if any(body[name] != told[name] for name in ("after", "left_out", "diversity")):
        raise JobFailed(
            f"{job.batch}：重新计算的抑制结果与脱敏回执不一致，没有写出统计。"
            "请重新执行 release；仍不一致时请数据工程师检查这一批。"
        )
    return found


def _risk_of(job: Job, gated: Gated) -> dict[str, Any]:
    """From the receipt of the very files that were published, not of a later masking."""
    published = find(job.ledger, "published", job.batch, gated.attempt)
    if published is None:
        raise OutOfTurn(f"{job.batch}：这一批还没有发布，不计统计。")
    masked = masked_as_published(job.ledger, job.batch, published.body)
    return dict(masked.body["risk"])


def _takes_away(told: dict[str, Any]) -> bool:
    blank = (one["untold_rows"] for one in told["diversity"].values())
    return bool(told["left_out"] or any(blank))


def told_as_decided(job: Job, staged: Path, decision: Decision | None) -> bool:
    """Are the committed rows those of the decision, and every group large enough?"""
    if decision is None:
        return True
    parts = Parts((), decision.parts.quasi, ())
    rows = committed_rows(job.store, staged)
    found = collected(groups(rows, parts, decision.levels))
    sizes = found[ROWS].to_list()
    return (
        sum(sizes) == decision.after.rows
        and len(sizes) == decision.after.groups
        and min(sizes, default=decision.at_least) >= decision.at_least
    )


def refuse(job: Job, decision: Decision) -> None:
    """TooFewPeople, with what was tried."""
    share = decision.left_out / decision.reached.rows
    raise TooFewPeople(
        f"{job.batch}：按策略逐级概括 {decision.steps} 步之后，仍有 {share:.1%} 的行所在的"
        f"组不足 {decision.at_least} 人，超过允许抑制的 5%。可能是人数太少，"
        "或缺少能区分人的列。没有写出任何内容，已发布的版本不受影响。请查看"
        f" ./lake privacy risk {job.contract.department} {job.table.name}，"
        "由数源部门与安全管理员商定减少列、扩大范围，或不予共享。"
    )
