"""What the sources look like now, kept beside the contracts, and how it differs.

Names and types only. A table whose source cannot be asked keeps what was seen before; the
first such refusal decides how the command ends, once all tables are done.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from rich.console import Console
from rich.table import Table as Grid

from jobs.context import Job
from jobs.readers.schemas import encoding_agreed, seen_now
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.errors import LakeError, SchemaChanged
from lake_config.settings import Settings
from lake_config.source_schema import (
    Seen,
    read_schemas,
    shown_name,
    without_values,
    write_schemas,
)
from ops.pipeline import find_contract
from quality.drift import REFUSE, RULES, Drift, Drifts, drifts, worst

OUTCOMES = {
    "accept": "归集并记录",
    "warn": "归集，开工单",
    "refuse": "不予归集，开工单",
}
HEAD = ("表", "列", "变化", "原来", "现在", "处理", "原因")
console = Console()


def refresh_schemas(settings: Settings, department: str | None, day: date) -> None:
    """Look at every table and keep what is there; shows what has changed."""
    refusals: list[LakeError] = []
    for contract in _contracts(settings, department):
        schemas = read_schemas(settings, contract.department)
        kept = {}
        for job in _jobs(settings, contract, day):
            before = schemas.get(job.table.name)
            seen = _seen(job, refusals)
            if seen:
                kept[job.table.name] = (without_values(job.table, seen), f"{day}")
            elif before:
                kept[job.table.name] = before
        path = write_schemas(settings, contract.department, kept)
        console.print(
            f"{contract.department}：{len(kept)} 张表，{path}", soft_wrap=True
        )
    _raise_first(refusals)


def show_drift(settings: Settings, department: str | None, day: date) -> None:
    """The drift of each table as one table for people."""
    refusals: list[LakeError] = []
    grid = Grid(title=f"{day} 源端结构变化", title_justify="left")
    for name in HEAD:
        grid.add_column(name)
    found: list[Drift] = []
    for contract in _contracts(settings, department):
        schemas = read_schemas(settings, contract.department)
        for job in _jobs(settings, contract, day):
            before, _ = schemas.get(job.table.name, ((), ""))
            seen = _seen(job, refusals)
            changes = (
                drifts(job.table, before, seen, encoding_agreed(job)) if seen else ()
            )
            found += changes
            for row in _rows(job, seen, changes):
                grid.add_row(*row)
    _conclude(grid, tuple(found), refusals)


def _conclude(grid: Grid, found: Drifts, refusals: list[LakeError]) -> None:
    if found:
        console.print(grid)
    elif not refusals:
        console.print("源端结构与上次所见一致。")
    _raise_first(refusals)
    if worst(found) == REFUSE:
        raise SchemaChanged(
            "有不予归集的变化。请与数源部门确认，改回源端，或修订契约后执行 "
            "./lake schema refresh。"
        )


def _raise_first(refusals: list[LakeError]) -> None:
    """Each was told when it came."""
    if refusals:
        raise type(refusals[0])(f"{len(refusals)} 张表没有看到，原因见上；其余已处理。")


def _rows(job: Job, seen: Seen, changes: Drifts) -> Iterator[tuple[str, ...]]:
    for drift in changes:
        rule = RULES[drift.kind]
        column, now = (_named(job, seen, text) for text in (drift.column, drift.now))
        outcome = OUTCOMES[rule.outcome]
        yield job.table.name, column, rule.name, drift.before, now, outcome, rule.why


def _named(job: Job, seen: Seen, text: str) -> str:
    """`#7` with the name that stands there, if that may be told."""
    if not text.startswith("#"):
        return text
    return shown_name(job.table, seen, int(text[1:]) - 1)


def _contracts(settings: Settings, department: str | None) -> tuple[Contract, ...]:
    if department:
        return (find_contract(settings, department),)
    return tuple(load_contracts(settings.contracts))


def _jobs(settings: Settings, contract: Contract, day: date) -> Iterator[Job]:
    for table in contract.tables:
        yield Job(settings, contract, table, day)


def _seen(job: Job, refusals: list[LakeError]) -> Seen:
    try:
        return seen_now(job)
    except LakeError as error:
        console.print(str(error), style="red", highlight=False)
        refusals.append(error)
        return ()
