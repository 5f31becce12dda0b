"""`./lake retain`: ends what is due in every table, and says what that was."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table as Grid

from audit.ledger import Ledger, open_ledger
from jobs.relink import end_relinks
from jobs.retain import Retained, others, own, retain
from lake_config.calendar import city_today
from lake_config.contract import Contract
from lake_config.contract_loader import sound_contracts
from lake_config.errors import LakeError, TableBusy
from lake_config.settings import Settings

REASONS = {
    "raw_expired": "归集批次已过保存期限",
    "dead_attempt": "作废的归集尝试",
    "staged_left": "待发布区的遗留",
    "shared_superseded": "共享库中被取代的旧版本",
    "grant_over": "授权已到期或已撤回",
}
console = Console()


def run_retention(settings: Settings) -> None:
    """Table by table; one that is being published now is left for the next run."""
    contracts, problems = sound_contracts(settings.contracts)
    grid = Grid(title="按保存期限清理", title_justify="left")
    for name in ("对象", "原因", "文件数"):
        grid.add_column(name)
    failed: list[LakeError] = []
    today, ledger = city_today(), open_ledger(settings)
    for kept in (found for one in contracts for found in _retained(ledger, one)):
        try:
            for ending in retain(settings, kept, today):
                number = f"{len(ending.files):,}"
                grid.add_row(ending.about, REASONS[ending.reason], number)
        except LakeError as error:
            failed.append(error)
    if ended := end_relinks(settings, ledger, today, "retention"):
        grid.add_row("重关联表", "已过批准的期限", str(ended))
    console.print(grid if grid.row_count else "没有到期的内容，没有删除任何东西。")
    for problem in problems:
        console.print(problem, style="red", highlight=False)
    if failed:
        failed.sort(key=lambda error: isinstance(error, TableBusy))
        raise type(failed[0])("\n".join(map(str, failed)))


def _retained(ledger: Ledger, contract: Contract) -> list[Retained]:
    delivered = [own(contract, table) for table in contract.tables]
    return delivered + others(ledger, contract)
