"""The quarantine's commands for people: rules and counts, and the way back."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import date

from rich.console import Console
from rich.table import Table as Grid

from jobs.context import Job
from jobs.quarantine import listed, return_to_department
from lake_config.contract_loader import load_contracts
from lake_config.corrections import read_corrections
from lake_config.errors import OutOfTurn
from lake_config.settings import Settings
from ops.pipeline import find_contract
from privacy.correction_approval import sign_corrections

console = Console()


def _jobs(
    settings: Settings, department: str | None, table: str | None, day: date
) -> Iterator[Job]:
    contracts = (
        [find_contract(settings, department)]
        if department
        else load_contracts(settings.contracts)
    )
    for contract in contracts:
        for item in contract.tables:
            if table in (None, item.name):
                yield Job(settings, contract, item, day, "quarantine")


def show_quarantine(
    settings: Settings,
    department: str | None,
    table: str | None,
    day: date,
    rule: str | None = None,
) -> None:
    """Per table and rule: rows, and the source's own record numbers where allowed."""
    grid = Grid(title=f"{day} 隔离区", title_justify="left")
    for name in ("部门", "表", "规则", "行数", "源系统记录号"):
        grid.add_column(name)
    for job in _jobs(settings, department, table, day):
        try:
            found = listed(job, getpass.getuser())
        except OutOfTurn as error:
            console.print(str(error))
            continue
        for row in (row for row in found if rule in (None, row["rule"])):
            numbers = "、".join(row["numbers"][:5]) or "（契约未允许显示）"
            cells = (row["rule"], str(row["rows"]), numbers)
            grid.add_row(job.contract.department, job.table.name, *cells)
    console.print(grid)


def return_quarantine(
    settings: Settings, department: str, table: str | None, day: date
) -> None:
    """Full rows into the department's own channel."""
    for job in _jobs(settings, department, table, day):
        path, count = return_to_department(job, getpass.getuser())
        console.print(f"{job.table.name}：{count} 行已退回部门通道 {path.parent}")


def sign_rules(settings: Settings, department: str, officer: str) -> None:
    """Shows what is signed: a correction's kind and place, and its digest."""
    contract = find_contract(settings, department)
    corrections = read_corrections(settings, contract)
    for item in corrections.items:
        console.print(
            f"{item.ref}：{item.table}.{item.column} {item.kind}", highlight=False
        )
    sign_corrections(settings, officer, contract, corrections)
    console.print(
        f"{officer} 已签署：{contract.business_name} 更正规则 "
        f"{corrections.digest[:12]}，契约 {contract.digest[:12]}。",
        highlight=False,
    )
