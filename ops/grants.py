"""Grants for people at a terminal: what there is, signing, withdrawing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console

from audit.events import Json
from audit.ledger import Ledger, open_ledger
from audit.receipts import (
    last_published,
    masked_as_published,
    still_granted,
    withdrawn_grants,
)
from lake_config.calendar import city_today
from lake_config.contract_loader import contract_of
from lake_config.grants import Grant, read_grants
from lake_config.layers import table_key
from lake_config.settings import Settings
from privacy.grants import (
    grant_signers,
    problems,
    sign_grant,
    withdraw_grant,
)
from privacy.policy import PURPOSES
from privacy.warrants import NEEDED

console = Console()


def show_grants(settings: Settings, as_json: bool) -> None:
    """Every declared grant, whether it is in force and if not, why; and what is served
    though its declaration was changed or taken out since."""
    ledger, declared = open_ledger(settings), read_grants(settings)
    rows = [_row(settings, ledger, grant) for grant in declared]
    rows += _still_served(ledger, declared)
    if as_json:
        console.print_json(json.dumps(rows, ensure_ascii=False))
        return
    lines = [line for row in rows for line in _lines(row)] or ["没有声明任何授权。"]
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)


def _lines(row: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{row['name']}：{row['state']}（{len(row['signers'])}/{NEEDED} 人签署，"
        f"{row['until']} 到期）"
    )
    yield f"　{row['recipient']} 读 {row['table']}，用途：{row['purpose']}"
    if row["columns"]:
        yield f"　列：{'、'.join(row['columns'])}"
    yield f"　最近发布：{row['published'] or '无'}"


def _row(settings: Settings, ledger: Ledger, grant: Grant) -> dict[str, Any]:
    contract = contract_of(settings.contracts, grant.department)
    found = grant_signers(settings, ledger, grant, contract)
    wrong = problems(ledger, grant, contract)
    state = "；".join(wrong) or ("生效" if len(found) >= NEEDED else "待签署")
    return {
        "name": grant.name,
        "recipient": grant.recipient,
        "table": table_key(grant.department, grant.table),
        "columns": [_told(grant, name) for name in grant.columns],
        "purpose": PURPOSES.get(grant.purpose, grant.purpose),
        "until": grant.until.isoformat(),
        "signers": list(found),
        "state": state,
        "published": _published(ledger, grant),
    }


def _still_served(ledger: Ledger, declared: Iterable[Grant]) -> list[dict[str, Any]]:
    known, withdrawn = {grant.digest for grant in declared}, withdrawn_grants(ledger)
    today = city_today()
    newest = {
        (event.body["recipient"], event.body["department"], event.body["table"]): event
        for event in ledger.events("published")
        if event.body["ok"] and "grant" in event.body
    }
    return [
        _undeclared(event.body)
        for event in newest.values()
        if event.body["grant"] not in known
        and still_granted(event.body, withdrawn, today)
    ]


def _undeclared(body: Json) -> dict[str, Any]:
    return {
        "name": body["table"],
        "recipient": body["recipient"],
        "table": table_key(body["department"], body["table"]),
        "columns": [],
        "purpose": PURPOSES.get(body["purpose"], body["purpose"]),
        "until": body["until"],
        "signers": [],
        "state": "声明已改动或移除，已发布的版本仍在提供，不需要时请撤回",
        "published": f"{body['date']}，{body['rows']:,} 行",
    }


def _told(grant: Grant, name: str) -> str:
    option = grant.options.get(name)
    return f"{name}（{option}）" if option else name


def _published(ledger: Ledger, grant: Grant) -> str:
    """Of the version people read: delivery date, rows, and what its texts may still tell."""
    newest = last_published(ledger, grant.recipient, grant.department, grant.name)
    if newest is None:
        return ""
    masked = masked_as_published(ledger, newest.batch, newest.body)
    text = masked.body.get("text", {})
    rates = [
        f"{name}：人名漏遮 {about['rates']['person']['leak_rate']:.1%}，"
        f"地名漏遮 {about['rates']['place']['leak_rate']:.1%}"
        for name, about in text.items()
    ]
    return "；".join([f"{newest.body['date']}，{newest.body['rows']:,} 行", *rates])


def sign_one(settings: Settings, name: str, officer: str) -> None:
    """Show what a grant allows, and sign it."""
    grant, found = sign_grant(settings, open_ledger(settings), name, officer)
    columns = "、".join(_told(grant, column) for column in grant.columns)
    console.print(
        f"授权“{name}”：{grant.recipient} 因{PURPOSES[grant.purpose]}读取 "
        f"{table_key(grant.department, grant.table)} 的 {columns}，{grant.until} 到期。"
        f"事由：{grant.reason}。已有 {len(found)}/{NEEDED} 人签署。",
        highlight=False,
        markup=False,
    )


def withdraw_one(settings: Settings, name: str, officer: str) -> None:
    withdraw_grant(settings, open_ledger(settings), name, officer)
    console.print(
        f"授权“{name}”已撤回，其表不再提供。需要恢复时，须改写声明并重新签署。",
        highlight=False,
    )
