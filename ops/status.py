"""What became of each table's latest batch, from the ledger; how fresh it is; its source."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as Grid

from audit.ledger import open_ledger
from audit.receipts import STEPS
from jobs.breaker import Phase, phase
from jobs.source_breaker import SourceBreaker
from lake_config.calendar import CITY_TIME
from lake_config.contract import NOT_SHARED, Contract, Table
from lake_config.contract_loader import load_contracts
from lake_config.settings import Settings
from ops.freshness import Freshness, in_words, judge
from ops.tickets import summary

NOTHING: dict[str, Any] = {
    "batch": None,
    "steps": {},
    "published": None,
    "gated_days": (),
    "published_days": (),
}
NOT_COLLECTED = "not_collected"
KEPT = "not_shared"
"""Past the gate, and by the catalogue no further."""
VERDICT_WORDS = {
    "published": "已发布",
    "masked": "待发布",
    "gated": "已把关",
    "reconciled": "已核对",
    "collected": "已归集",
    NOT_COLLECTED: "未归集",
    KEPT: "不予共享",
}


@dataclass(frozen=True, slots=True)
class TableStatus:
    """One table's latest batch; `verdict` is the last step it passed, or `failed:<step>`.

    `source` is the phase of its server's breaker, `source_until` when an open one is tried.
    """

    department: str
    table: str
    batch: str | None
    source_rows: int | None
    collected_rows: int | None
    quarantined_rows: int | None
    published_rows: int | None
    published_version: int | None
    verdict: str
    freshness: Freshness
    server: str
    source: str
    source_until: str | None


def table_statuses(
    settings: Settings, now: datetime | None = None
) -> list[TableStatus]:
    """One entry per table of every contract, in the contracts' order."""
    now = now or datetime.now(UTC)
    ledger = open_ledger(settings)
    latest = _latest_by_table(ledger.events(*STEPS, "failed"))
    signed = _signed(ledger.events("approved"))
    return [
        _status(
            contract.department,
            table,
            latest.get((contract.department, table.name)) or dict(NOTHING),
            signed.get(contract.department),
            now,
            _source(settings, contract, table, now),
        )
        for contract in load_contracts(settings.contracts)
        for table in contract.tables
    ]


def _signed(approvals: Iterable[Any]) -> dict[str, date]:
    """Department to the day on which its contract was first signed."""
    found: dict[str, date] = {}
    for event in approvals:
        moment = datetime.fromisoformat(event.time).astimezone(CITY_TIME)
        found.setdefault(event.subject, moment.date())
    return found


def _source(
    settings: Settings, contract: Contract, table: Table, now: datetime
) -> tuple[str, str, str | None]:
    """Server, the phase of its breaker, and until when it is left alone."""
    server = contract.server_for(table, settings.server_environment)
    state = SourceBreaker(settings, contract.department, server.name).state()
    found = phase(state, now.timestamp())
    until = datetime.fromtimestamp(state.until, CITY_TIME)
    shown = until.isoformat() if found is Phase.OPEN else None
    return server.name, found.value, shown


def _latest_by_table(events: Iterable[Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Per table: the newest delivery date's steps, and the last publication of any date."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        key = (event.body["department"], event.body["table"])
        entry = found.setdefault(key, {**NOTHING, "batch": "", "steps": {}})
        _take(entry, event)
    return found


def _again(event: Any, entry: dict[str, Any]) -> bool:
    """The newest batch is collected anew: what its earlier attempt came to is over."""
    return event.kind == "collected" and event.subject == entry["batch"]


def _take(entry: dict[str, Any], event: Any) -> None:
    if event.subject > entry["batch"] or _again(event, entry):
        entry["batch"], entry["steps"] = event.subject, {}
    if event.subject == entry["batch"]:
        step = event.body["step"] if event.kind == "failed" else event.kind
        ok = event.kind != "failed" and event.body["ok"]
        earlier = entry["steps"].items()
        # What failed before and went well at last is no failure any more.
        kept = {name: found for name, found in earlier if found[0] or not ok}
        entry["steps"] = {**kept, step: (ok, event.body)}
    days = f"{event.kind}_days"
    if days in NOTHING and event.body["ok"] and event.body["date"]:
        entry[days] = (max([event.body["date"], *entry[days]]),)
    if event.kind == "published" and event.body["ok"]:
        bodies = filter(None, (entry["published"], event.body))
        # As the sharing service: the greatest version is the one that is read.
        entry["published"] = max(bodies, key=lambda body: int(body["version"]))


def _status(
    department: str,
    table: Table,
    entry: dict[str, Any],
    signed: date | None,
    now: datetime,
    source: tuple[str, str, str | None],
) -> TableStatus:
    steps = {step: body for step, (ok, body) in entry["steps"].items() if ok}
    published = entry["published"] or {}
    verdict = _verdict(entry["steps"])
    kept = verdict == "gated" and table.share_type == NOT_SHARED
    return TableStatus(
        department,
        table.name,
        entry["batch"],
        steps.get("collected", {}).get("source_rows"),
        steps.get("collected", {}).get("collected_rows"),
        steps.get("gated", {}).get("quarantined"),
        published.get("rows"),
        published.get("version"),
        KEPT if kept else verdict,
        judge(table, _last_good(table, entry), signed, now),
        *source,
    )


def _last_good(table: Table, entry: dict[str, Any]) -> date | None:
    """Date of the last delivery that came as far as the catalogue lets it."""
    days = entry["gated_days" if table.share_type == NOT_SHARED else "published_days"]
    return max(map(date.fromisoformat, days), default=None)


def _verdict(steps: dict[str, tuple[bool, Any]]) -> str:
    failed = [step for step, (ok, _) in steps.items() if not ok]
    if failed:
        return f"failed:{failed[-1]}"
    passed = [step for step in STEPS if step in steps]
    return passed[-1] if passed else NOT_COLLECTED


def show_status(settings: Settings, as_json: bool) -> None:
    rows = table_statuses(settings)
    if as_json:
        told = [asdict(row) for row in rows]
        print(json.dumps(told, ensure_ascii=False, indent=2, default=str))  # noqa: T201
        return
    console = Console()
    console.print(status_grid(rows))
    if open_tickets := summary(settings):
        console.print(open_tickets)
    for line in dict.fromkeys(filter(None, map(_unreachable, rows))):
        console.print(f"[red]{line}[/red]")


def status_grid(rows: Iterable[TableStatus]) -> Grid:
    """The same as a table for people."""
    grid = Grid(title="各表最近一批", title_justify="left", box=SIMPLE, padding=(0, 1))
    for name in ("部门", "表", "批次日期"):
        grid.add_column(name, overflow="fold")
    for name in ("源端", "归集", "隔离", "已发布", "版本"):
        grid.add_column(name, justify="right")
    for name in ("结论", "时效"):
        grid.add_column(name, overflow="fold")
    for row in rows:
        numbers = (
            row.source_rows,
            row.collected_rows,
            row.quarantined_rows,
            row.published_rows,
            row.published_version,
        )
        cells = ["–" if number is None else f"{number:,}" for number in numbers]
        day = (row.batch or "–").rsplit(".", 1)[-1]
        words = _word(row.verdict), _fresh(row.freshness)
        grid.add_row(row.department, row.table, day, *cells, *words)
    return grid


def _fresh(found: Freshness) -> str:
    words = in_words(found)
    return words if found.late is None else f"[red]{words}[/red]"


def _unreachable(row: TableStatus) -> str:
    """A line about a source that is left alone; nothing about any other."""
    if row.source == Phase.CLOSED.value:
        return ""
    when = "待试探"
    if row.source_until:
        when = f"熔断至 {datetime.fromisoformat(row.source_until):%m-%d %H:%M:%S}"
    return f"数据源 {row.department}/{row.server}：{when}"


def _word(verdict: str) -> str:
    if verdict.startswith("failed:"):
        return f"[red]未通过（{verdict.removeprefix('failed:')}）[/red]"
    return VERDICT_WORDS[verdict]
