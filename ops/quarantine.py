"""The quarantine's commands for people: rules and counts, and the way back."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import date

from rich.console import Console
from rich.table import Table as Grid

from jobs.context import Job
from jobs.quarantine import listed, return_to_department
from lake_config.errors import OutOfTurn
from lake_config.settings import Settings
from ops.pipeline import find_contract

console = Console()


def _jobs(
    settings: Settings, department: str, table: str | None, day: date
) -> Iterator[Job]:
    contract = find_contract(settings, department)
    for item in contract.tables:
        if table in (None, item.name):
            yield Job(settings, contract, item, day, "quarantine")


def show_quarantine(
    settings: Settings, department: str, table: str | None, day: date
) -> None:
    """Per table and rule: rows, and the source's own record numbers where allowed."""
    grid = Grid(title=f"{department} {day} 隔离区", title_justify="left")
    for name in ("表", "规则", "行数", "源系统记录号"):
        grid.add_column(name)
    for job in _jobs(settings, department, table, day):
        try:
            found = listed(job, getpass.getuser())
        except OutOfTurn as error:
            console.print(str(error))
            continue
        for row in found:
            numbers = "、".join(row["numbers"][:5]) or "（契约未允许显示）"
            grid.add_row(job.table.name, row["rule"], str(row["rows"]), numbers)
    console.print(grid)


def return_quarantine(
    settings: Settings, department: str, table: str | None, day: date
) -> None:
    """Full rows into the department's own channel."""
    for job in _jobs(settings, department, table, day):
        path, count = return_to_department(job, getpass.getuser())
        console.print(f"{job.table.name}：{count} 行已退回部门通道 {path.parent}")
