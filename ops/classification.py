"""Column classes for people: what is proposed beside what the contract says."""

from __future__ import annotations

import getpass

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from jobs.classify import Classified, classify, newest_batch
from jobs.column_classes import WHOLE_TABLE, places
from jobs.context import Job
from lake_config.calendar import city_today
from lake_config.contract import Contract, Table
from lake_config.errors import OutOfTurn, UsageError
from lake_config.layers import table_key
from lake_config.settings import Settings
from ops.pipeline import find_contract
from privacy.class_confirmation import confirm
from privacy.classification.classes import DIRECT, TITLES
from privacy.classification.proposal import Evidence, Proposal, protects_less

HEADS = (
    "列",
    "中文名",
    "建议类别",
    "级别",
    "把握",
    "依据",
    "取值数",
    "契约类别",
    "结论",
)
DEGREES = {
    ("name", "exact"): "名称相符",
    ("name", "partial"): "名称部分相符",
    ("value", "checked"): "校验位通过",
    ("value", "formed"): "格式符合",
    ("lineage", "confirmed"): "来源列已确认",
    ("shape", "shape"): "书写形式",
}


def show_classes(
    settings: Settings, department: str, table: str | None, hidden: bool
) -> None:
    """Prints a proposal for each column of the newest batch and records it."""
    contract, console = find_contract(settings, department), Console()
    for item in _tables(contract, table):
        job = Job(settings, contract, item, city_today(), "classify")
        try:
            job = newest_batch(job)
            found = classify(job, getpass.getuser(), hidden)
        except OutOfTurn as error:
            console.print(str(error), highlight=False)
            continue
        console.print(_grid(item, found, hidden))
        for one in found.findings:
            console.print(
                f"[red]{item.name}.{one.column}：数据像“{TITLES[one.name]}”"
                f"（{one.cells} 格），契约的保护不足，确认或修订契约前不会发布。[/red]",
                highlight=False,
            )


def _tables(contract: Contract, table: str | None) -> list[Table]:
    names = [item.name for item in contract.tables]
    if table is not None and table not in names:
        raise UsageError(
            f"{contract.department} 没有表“{table}”。现有：{'、'.join(names)}。"
        )
    return [item for item in contract.tables if table in (None, item.name)]


def _grid(table: Table, found: Classified, hidden: bool) -> Grid:
    shown = "（不看名称）" if hidden else ""
    title = f"{table.name} {table.business_name} {found.date}{shown}"
    grid = Grid(title=Text(title), title_justify="left")
    for head in HEADS:
        grid.add_column(head, overflow="fold")
    for item in found.proposals:
        grid.add_row(*map(Text, _cells(table, item)))
    return grid


def _cells(table: Table, item: Proposal) -> tuple[str, ...]:
    column = table.column(item.column)
    return (
        item.column,
        column.business_name,
        TITLES[item.name],
        item.level,
        f"{item.confidence:.2f}",
        "；".join(map(_words, item.evidence)) or "无，按自由文本对待",
        str(item.values),
        TITLES[column.semantic_type],
        conclusion(column.semantic_type, item.name),
    )


def _words(item: Evidence) -> str:
    counts = ""
    if item.candidates:
        passed = "" if item.passed is None else f"，通过 {item.passed}"
        counts = f"（像的 {item.candidates}{passed}）"
    return DEGREES[item.source, item.detail] + counts


def conclusion(contract: str, proposed: str) -> str:
    """How a contract's class stands to a proposal, in a word for people."""
    if contract == proposed:
        return "一致"
    if proposed in DIRECT and protects_less(contract, proposed):
        return "契约保护不足"
    return (
        "不同，契约不低于建议"
        if not protects_less(contract, proposed)
        else "不同，待核实"
    )


def confirm_class(
    settings: Settings,
    department: str,
    table: str,
    column: str,
    name: str,
    officer: str,
) -> None:
    """An officer's signature under a finding that a step has recorded."""
    contract = find_contract(settings, department)
    [item] = _tables(contract, table)
    job = Job(settings, contract, item, city_today(), "classify")
    if (column, name) not in _found(job):
        raise UsageError(
            f"{department}.{table} 最近的检查没有发现“{column} 列有 {name}”，无须确认。"
            f"发现的内容见 ./lake privacy classify {department} --table {table}。"
        )
    confirm(settings, officer, contract, table, (column, name))
    where = "整张表" if column == WHOLE_TABLE else f"{column} 列"
    Console().print(
        f"{officer} 已确认：{contract.business_name} {item.business_name} {where}"
        f"虽有“{TITLES[name]}”，仍按契约 {contract.digest[:12]} 处理。",
        highlight=False,
        markup=False,
    )


def _found(job: Job) -> set[tuple[str, str]]:
    """What the newest look at the table's data has found, in either way."""
    under = f"{table_key(job.contract.department, job.table.name)}."
    masked = next(job.ledger.newest_under("masked", under), None)
    looked = next(job.ledger.newest_under("class_proposed", under), None)
    found = set(places(masked.body)) if masked else set()
    if looked:
        found |= {(item["column"], item["name"]) for item in looked.body["findings"]}
    return found
