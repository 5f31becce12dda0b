"""All steps of one department without Airflow: the same commands, in the same order."""

from __future__ import annotations

import getpass
import subprocess
import sys
from datetime import date

from rich.console import Console

from lake_config.contract import Contract
from lake_config.contract_loader import contract_of
from lake_config.errors import SKIPPED, UsageError
from lake_config.settings import ROOT, Settings
from ops.exit_codes import error_of


def find_contract(settings: Settings, department: str) -> Contract:
    """The department's contract; names the known ones when there is none."""
    return contract_of(settings.contracts, department)


def accept_redelivery(
    settings: Settings, department: str, table: str, day: date, reason: str
) -> None:
    """Record that one table's delivery of one date will be taken again."""
    from jobs import redeliver
    from jobs.context import Job

    contract = find_contract(settings, department)
    if table not in (names := [item.name for item in contract.tables]):
        raise UsageError(f"{department} 没有表“{table}”。现有：{'、'.join(names)}。")
    job = Job(settings, contract, contract.table(table), day, "redeliver")
    redeliver.accept_redelivery(job, getpass.getuser(), reason)
    Console().print(f"{job.batch} 已登记重新交付，下次运行时重新归集。")


def replay_table(settings: Settings, department: str, table: str, day: date) -> None:
    """Quarantined rows judged again, corrected; then all that was accepted is released."""
    contract = find_contract(settings, department)
    if table not in (names := [item.name for item in contract.tables]):
        raise UsageError(f"{department} 没有表“{table}”。现有：{'、'.join(names)}。")
    codes = [_step("replay", department, table, day)]
    if codes[0] in (0, *SKIPPED):
        codes.append(_step("release", department, table, day))
    _conclude(codes, department, day)


def run_department(
    settings: Settings, department: str, table: str | None, day: date
) -> None:
    """Land, gate and release; a broken table does not hold back its neighbours."""
    contract = find_contract(settings, department)
    names = [item.name for item in contract.parents_first()]
    if table is not None and table not in names:
        raise UsageError(f"{department} 没有表“{table}”。现有：{'、'.join(names)}。")
    wanted = [table] if table else names
    needed = _with_parents(contract, table) if table else set(names)
    lands = [_step("land", department, name, day) for name in names if name in needed]
    gate = _step("gate", department, table, day)
    releases = [_step("release", department, name, day) for name in wanted]
    _conclude([*lands, gate, *releases], department, day)


def _with_parents(contract: Contract, table: str) -> set[str]:
    """The table and all its rows refer to: without those it cannot be judged."""
    parents = {item.parent_table for item in contract.table(table).references}
    above = [_with_parents(contract, name) for name in parents - {table}]
    return {table}.union(*above)


def _step(step: str, department: str, table: str | None, day: date) -> int:
    which = ["--table", table] if table else []
    command = [sys.executable, "-m", "jobs", step, "--department", department, *which]
    command += ["--date", day.isoformat()]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _conclude(codes: list[int], department: str, day: date) -> None:
    """The first failure decides the exit code: later ones follow from it."""
    failed = [code for code in codes if code not in (0, *SKIPPED)]
    if failed:
        raise error_of(failed[0])(
            f"{department} {day} 有步骤没有通过（退出码 {failed[0]}），原因见上。"
            "已发布的版本不受影响。"
        )
    if all(code in SKIPPED for code in codes):
        Console().print(f"{department} {day} 已全部完成，本次没有改动任何内容。")
