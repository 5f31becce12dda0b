"""Tables that are late are told of once: per table and delivery that is missing."""

from __future__ import annotations

from datetime import UTC, date, datetime

from rich.console import Console

from audit.ledger import Ledger, open_ledger
from jobs.failures import alert
from jobs.tell_receivers import tell_receivers
from lake_config.calendar import CITY_TIME, announced
from lake_config.layers import batch_id
from lake_config.settings import Settings
from ops.freshness import in_words
from ops.status import TableStatus, table_statuses

LATE = "late"


def check_freshness(settings: Settings, now: datetime | None = None) -> None:
    """An alert for each delivery that is overdue and was not told of before."""
    now = now or datetime.now(UTC)
    ledger, console = open_ledger(settings), Console()
    late = [
        (row, row.freshness.expected)
        for row in table_statuses(settings, now)
        if row.freshness.late is not None and row.freshness.expected
    ]
    fresh = [(row, day) for row, day in late if not _told(ledger, row, day)]
    for row, day in fresh:
        alert(settings, row.department, row.table, day, LATE, send=False)
        console.print(f"{row.department}.{row.table}：{in_words(row.freshness)}")
    if fresh:
        tell_receivers(settings)
    console.print(f"逾期 {len(late)} 张表，新告警 {len(fresh)} 张。")
    year = now.astimezone(CITY_TIME).year
    if not announced(year):
        console.print(
            f"{year} 年的节假日安排尚未收录，暂按周一至周五计算。"
            "请在国务院公布后升级 chinesecalendar。"
        )


def _told(ledger: Ledger, row: TableStatus, day: date) -> bool:
    subject = batch_id(row.department, row.table, day)
    return any(event.body["what"] == LATE for event in ledger.newest("alert", subject))
