"""The keys' commands for people: what there is, and each change with its two signatures."""

from __future__ import annotations

import getpass
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from audit.ledger import Ledger, open_ledger
from audit.receipts import last_published, masked_as_published
from jobs.relink import hand_over, relink, rotation_of, warrant_to_relink
from jobs.vault import reveal, warrant_to_reveal
from lake_config.calendar import CITY_TIME
from lake_config.contract import Contract
from lake_config.contract_loader import contract_of, sound_contracts
from lake_config.errors import NothingToDo, UsageError
from lake_config.layers import CURATED, table_key
from lake_config.linkage import read_groups
from lake_config.settings import Settings
from privacy.key_changes import came_back, destroy, rotate, warrant_to_destroy
from privacy.key_states import WORDS, scopes, versions
from privacy.keys import group_scope, own_scope
from privacy.linkage import sign_group
from privacy.warrants import NEEDED, Warrant, sign_warrant, signers
from privacy.warrants import WORDS as WARRANTS

console = Console()


def scope_of(text: str) -> str:
    """`analysts/statistics/civil_affairs`, or a linkage group's `household/statistics`."""
    parts = text.split("/")
    if len(parts) == 3:
        return own_scope(*parts)
    if len(parts) == 2:
        return group_scope(*parts)
    raise UsageError(
        f"“{text}”应写成 使用方/用途/部门 或 可关联组/用途，见 ./lake keys list。"
    )


def as_typed(scope: str) -> str:
    """The way back: what people type for a scope."""
    return "/".join(part.partition("=")[2] for part in scope.split(";"))


def show_keys(settings: Settings, as_json: bool) -> None:
    """Every version there ever was, and the tables people read that carry it."""
    ledger = open_ledger(settings)
    rows = list(_rows(settings, ledger))
    if as_json:
        console.print_json(json.dumps(rows, ensure_ascii=False))
        return
    grid = Grid(title="假名密钥", title_justify="left")
    for name in ("范围", "版本", "算法", "状态", "自", "现在发布的表"):
        grid.add_column(name)
    for row in rows:
        state = WORDS[row["state"]] + ("，密钥文件重新出现" if row["came_back"] else "")
        facts = (str(row["version"]), row["algorithm"], state, row["since"])
        grid.add_row(row["scope"], *facts, "、".join(row["tables"]))
    console.print(grid if rows else "还没有生成过假名密钥。")


def _rows(settings: Settings, ledger: Ledger) -> list[dict[str, Any]]:
    carrying = _carrying(settings, ledger)
    return [
        {
            "scope": as_typed(scope),
            "version": it.number,
            "algorithm": it.algorithm,
            "state": it.state,
            "since": datetime.fromisoformat(it.since)
            .astimezone(CITY_TIME)
            .date()
            .isoformat(),
            "tables": sorted(carrying.get((scope, it.number), ())),
            "came_back": came_back(settings, scope, it),
        }
        for scope in scopes(ledger)
        for it in versions(ledger, scope).values()
    ]


def _carrying(settings: Settings, ledger: Ledger) -> dict[tuple[str, int], set[str]]:
    """Scope and version to the tables whose published version was masked under it."""
    found: dict[tuple[str, int], set[str]] = {}
    for contract in sound_contracts(settings.contracts)[0]:
        for table in contract.tables:
            for name in _ids_published(ledger, contract.department, table.name):
                scope, _, rest = name.partition(";c=")
                number = int(rest.rpartition(";v=")[2])
                tables = found.setdefault((scope, number), set())
                tables.add(table_key(contract.department, table.name))
    return found


def _ids_published(ledger: Ledger, department: str, table: str) -> list[str]:
    newest = last_published(ledger, CURATED, department, table)
    if newest is None:
        return []
    masked = masked_as_published(ledger, newest.batch, newest.body)
    return list(masked.body["key_ids"])


def rotate_keys(settings: Settings, text: str) -> None:
    """A new version masks from now on; the old one stays until it is destroyed."""
    scope = scope_of(text)
    made = rotate(settings, open_ledger(settings), scope, getpass.getuser())
    console.print(
        f"{text} 已轮换：第 {made.number} 版现行（{made.algorithm}），下一批次起使用；"
        "旧版保留到销毁为止。",
        highlight=False,
    )


def relink_keys(
    settings: Settings, text: str, days: int, officer: str | None, target: Path | None
) -> None:
    """Sign, and with the second signature make the table; hand it over where asked."""
    ledger, actor = open_ledger(settings), getpass.getuser()
    rotation = rotation_of(ledger, scope_of(text))
    warrant = warrant_to_relink(ledger, rotation, days)
    if officer and not _second(settings, ledger, warrant, officer):
        return
    contracts = _contracts(settings, rotation.scope)
    try:
        count = relink(settings, ledger, contracts, rotation, days, actor)
        console.print(f"{text} 的重关联表已生成：{count:,} 对令牌，{days} 天内有效。")
    except NothingToDo:
        if target is None:
            raise
    if target:
        count = hand_over(settings, ledger, rotation, target, actor)
        console.print(f"{count:,} 对令牌已写入 {target}（仅本人可读），请交使用方。")


def _contracts(settings: Settings, scope: str) -> list[Contract]:
    """Those whose tables are masked under a scope."""
    facts = dict(part.split("=") for part in scope.split(";"))
    if "d" in facts:
        return [contract_of(settings.contracts, facts["d"])]
    groups = (it for it in read_groups(settings) if it.name == facts["g"])
    departments = {name for group in groups for name in group.departments}
    return [contract_of(settings.contracts, name) for name in sorted(departments)]


def destroy_keys(
    settings: Settings, text: str, number: int, officer: str | None
) -> None:
    """Sign, and with the second signature destroy; without officers only end what a
    killed run has begun."""
    ledger, scope = open_ledger(settings), scope_of(text)
    if number not in versions(ledger, scope):
        raise UsageError(f"{text} 没有第 {number} 版密钥，见 ./lake keys list。")
    if officer:
        warrant = warrant_to_destroy(ledger, scope, number)
        if not _second(settings, ledger, warrant, officer):
            return
    destroy(settings, ledger, scope, number, getpass.getuser())
    console.print(
        f"{text} 第 {number} 版密钥已销毁，其令牌不能再生成、不能再关联。"
        "备份中若有 keys/pseudonyms，请一并删除。",
        highlight=False,
    )


def sign_link(settings: Settings, name: str, officer: str) -> None:
    """Show what a linkage group allows, and sign it."""
    group, found = sign_group(settings, open_ledger(settings), name, officer)
    console.print(
        f"可关联组“{name}”：{'、'.join(group.departments)} 的 "
        f"{'、'.join(group.classes)}，供 {'、'.join(group.recipients)} 用于 "
        f"{group.purpose}，{group.until} 到期。已有 {len(found)}/{NEEDED} 人签署。",
        highlight=False,
    )


def reveal_identity(settings: Settings, token: str, reason: str, officer: str) -> None:
    """Sign, and with the second signature show the one number behind the token."""
    ledger = open_ledger(settings)
    warrant = warrant_to_reveal(settings, ledger, token, reason)
    if _second(settings, ledger, warrant, officer):
        value = reveal(settings, ledger, token, reason, getpass.getuser())
        console.print(value, highlight=False)


def _second(settings: Settings, ledger: Ledger, warrant: Warrant, officer: str) -> bool:
    """Sign; do enough officers stand behind it now?"""
    sign_warrant(settings, ledger, officer, warrant)
    found = signers(settings, ledger, warrant)
    console.print(
        f"{officer} 已签署：{WARRANTS[warrant.what]}，{len(found)}/{NEEDED} 人，"
        f"{warrant.until} 前有效。",
        highlight=False,
    )
    return len(found) >= NEEDED
