"""Receipts: the ledger's word that a step is done, which the next step cannot do without."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from audit.events import Event, Json
from audit.ledger import Ledger
from lake_config.errors import OutOfTurn
from lake_config.layers import table_key

STEPS = ("collected", "reconciled", "gated", "masked", "published")
WITHDRAWN = "grant_withdrawn"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A finished step of one batch; `batch` is layers.batch_id."""

    step: str
    batch: str
    body: dict[str, Any]
    index: int

    @property
    def ok(self) -> bool:
        return bool(self.body["ok"])


def _receipt(event: Event) -> Receipt:
    return Receipt(event.kind, event.subject, event.body, event.index)


def find(
    ledger: Ledger, step: str, batch: str, attempt: str | None = None
) -> Receipt | None:
    """The latest receipt of this step and batch (and attempt), good or bad."""
    for event in ledger.newest(step, batch):
        if attempt in (None, event.body.get("attempt")):
            return _receipt(event)
    return None


def counting(ledger: Ledger, batch: str) -> Receipt | None:
    """The collected receipt that counts: the latest good one whose attempt lives.

    An attempt that failed reconciliation, or that came before a redelivery was accepted,
    is dead: the batch may be collected again.
    """
    collected = find(ledger, "collected", batch)
    if collected is None or not collected.ok:
        return None
    again = find(ledger, "redelivery_accepted", batch)
    if again is not None and again.index > collected.index:
        return None
    reconciled = find(ledger, "reconciled", batch, collected.body["attempt"])
    dead = reconciled is not None and not reconciled.ok
    return None if dead else collected


def require(ledger: Ledger, step: str, batch: str, contract: str) -> Receipt:
    """The good receipt of `step` for the attempt that counts, under this contract.

    Raises OutOfTurn when it is missing, failed, or about anything else.
    """
    receipt = find(ledger, step, batch)
    if receipt is None:
        raise OutOfTurn(
            f"{batch}：没有 {step} 回执，前一步还没有完成。请先运行前一步。"
        )
    if not receipt.ok:
        raise OutOfTurn(f"{batch}：{step} 没有通过，后面的步骤不会进行。")
    if receipt.body["contract"] != contract:
        raise OutOfTurn(
            f"{batch}：{step} 是按另一版契约做的。契约改动后须由安全管理员重新签署，"
            "并从下一批次起生效。"
        )
    counted = counting(ledger, batch)
    if counted is None or counted.body["attempt"] != receipt.body["attempt"]:
        raise OutOfTurn(f"{batch}：{step} 回执属于另一次归集，请重新运行前一步。")
    return receipt


def masked_as_published(ledger: Ledger, batch: str, published: Json) -> Receipt:
    """The good masking of the very bytes of a publication (its batch and body).

    The latest masking of that batch may be another one: masked again, and not published.
    OutOfTurn where there is none, so that nothing goes on as if nothing had been told.
    """
    wanted = {name: published[name] for name in ("attempt", "files_digest")}
    for event in ledger.newest("masked", batch):
        if event.body["ok"] and wanted.items() <= event.body.items():
            return _receipt(event)
    raise OutOfTurn(
        f"{batch}：账本中没有这一版发布内容的 masked 回执，不能确定它是怎样脱敏的，"
        "因此没有继续。请系统管理员执行 ./lake verify 查明。"
    )


def last_published(
    ledger: Ledger, recipient: str, department: str, table: str
) -> Receipt | None:
    """The newest good publication of a table for one recipient."""
    return next(_publications(ledger, recipient, department, table), None)


def published_versions(
    ledger: Ledger, recipient: str, department: str, table: str
) -> tuple[int, ...]:
    """Delta versions that a receipt names; readers are served these and no others."""
    found = _publications(ledger, recipient, department, table)
    return tuple(int(receipt.body["version"]) for receipt in found)[::-1]


def _publications(
    ledger: Ledger, recipient: str, department: str, table: str
) -> Iterator[Receipt]:
    """The latest first."""
    batches = f"{table_key(department, table)}."
    for event in ledger.newest_under("published", batches):
        if event.body["ok"] and event.body["recipient"] == recipient:
            yield _receipt(event)


def withdrawn_grants(ledger: Ledger) -> frozenset[str]:
    """Digests of the grants that an officer ended."""
    return frozenset(event.body["grant"] for event in ledger.events(WITHDRAWN))


def still_granted(published: Json, withdrawn: frozenset[str], today: date) -> bool:
    """May what a receipt of publication tells of be read today? Without a grant always."""
    last = published.get("until", today.isoformat())
    return last >= today.isoformat() and published.get("grant") not in withdrawn
