"""What a re-link table is made of: the tokens of a key version that people were given, and
that stand for one person in all rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from audit.events import Event
from audit.ledger import Ledger
from audit.receipts import masked_as_published
from lake_config.contract import Column, Contract, Table
from lake_config.errors import UsageError
from lake_config.layers import CURATED, table_key
from privacy.risk.events import SAME, changes_with


@dataclass(frozen=True, slots=True)
class Linked:
    """The newest batch of a table that was published under a version, and the columns
    whose tokens last."""

    contract: Contract
    table: Table
    day: date
    columns: tuple[Column, ...]


def linkable(
    ledger: Ledger, contracts: Iterable[Contract], scope: str, number: int
) -> list[Linked]:
    """UsageError where there is nothing to link; asked before a warrant is used up."""
    found = [
        one
        for contract in contracts
        for table in contract.tables
        if (one := _published_under(ledger, contract, table, scope, number))
    ]
    if not found:
        raise never_published(scope, number)
    if lasting := [one for one in found if one.columns]:
        return lasting
    raise UsageError(
        f"{scope} 的表发布时，为防止认出个人，假名已按月更换或不提供：没有前后一致的令牌"
        "可供重关联。没有生成重关联表，批准也没有用掉。无需操作。"
    )


def never_published(scope: str, number: int) -> UsageError:
    return UsageError(f"{scope} 第 {number} 版没有发布过数据，无需重关联。")


def _published_under(
    ledger: Ledger, contract: Contract, table: Table, scope: str, number: int
) -> Linked | None:
    """A column stays out when its tokens changed in that batch, or in any published since:
    the old or the new token of a pair would stand in no table."""
    batches = f"{table_key(contract.department, table.name)}."
    ways: set[str] = set()
    for event in ledger.newest_under("published", batches):
        if event.body["ok"] and event.body["recipient"] == CURATED:
            masked = masked_as_published(ledger, event.subject, event.body).body
            ways.add(masked["risk"].get("tokens", SAME))
            if classes := _classes(masked["key_ids"], scope, number):
                columns = _lasting(table, classes, ways)
                return Linked(contract, table, _day(event), columns)
    return None


def _classes(ids: Iterable[str], scope: str, number: int) -> set[str]:
    begin, end = f"{scope};c=", f";v={number}"
    mine = (name for name in ids if name.startswith(begin) and name.endswith(end))
    return {name.removeprefix(begin).partition(";")[0] for name in mine}


def _lasting(table: Table, classes: set[str], ways: set[str]) -> tuple[Column, ...]:
    return tuple(
        column
        for column in table.columns
        if column.semantic_type in classes
        and not any(changes_with(way, column, table.primary_key) for way in ways)
    )


def _day(event: Event) -> date:
    return date.fromisoformat(event.body["date"])
