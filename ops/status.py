"""What became of each table's latest batch, told from the ledger alone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from audit.ledger import open_ledger
from audit.receipts import STEPS
from lake_config.contract import NOT_SHARED, Table
from lake_config.contract_loader import load_contracts
from lake_config.settings import Settings

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
    """One table's latest batch; `verdict` is the last step it passed, or `failed:<step>`."""

    department: str
    table: str
    batch: str | None
    source_rows: int | None
    collected_rows: int | None
    quarantined_rows: int | None
    published_rows: int | None
    published_version: int | None
    verdict: str


def table_statuses(settings: Settings) -> list[TableStatus]:
    """One entry per table of every contract, in the contracts' order."""
    latest = _latest_by_table(open_ledger(settings).events(*STEPS, "failed"))
    return [
        _status(
            contract.department,
            table,
            latest.get((contract.department, table.name)),
        )
        for contract in load_contracts(settings.contracts)
        for table in contract.tables
    ]


def _latest_by_table(events: Iterable[Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Per table: the newest delivery date's steps, and the last publication of any date."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for event in events:
        key = (event.body["department"], event.body["table"])
        entry = found.setdefault(key, {"batch": "", "steps": {}, "published": None})
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
    if event.kind == "published" and event.body["ok"]:
        bodies = filter(None, (entry["published"], event.body))
        # As the sharing service: the greatest version is the one that is read.
        entry["published"] = max(bodies, key=lambda body: int(body["version"]))


def _status(department: str, table: Table, entry: dict[str, Any] | None) -> TableStatus:
    if entry is None:
        entry = {"batch": None, "steps": {}, "published": None}
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
    )


def _verdict(steps: dict[str, tuple[bool, Any]]) -> str:
    failed = [step for step, (ok, _) in steps.items() if not ok]
    if failed:
        return f"failed:{failed[-1]}"
    passed = [step for step in STEPS if step in steps]
    return passed[-1] if passed else NOT_COLLECTED


def show_status(settings: Settings, as_json: bool) -> None:
    rows = table_statuses(settings)
    if as_json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))  # noqa: T201
        return
    Console().print(status_grid(rows))


def status_grid(rows: Iterable[TableStatus]) -> Grid:
    """The same as a table for people."""
    grid = Grid(title="各表最近一批", title_justify="left")
    for name in ("部门", "表", "批次日期"):
        grid.add_column(name)
    for name in ("源端", "归集", "隔离", "已发布", "版本"):
        grid.add_column(name, justify="right")
    grid.add_column("结论")
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
        grid.add_row(row.department, row.table, day, *cells, _word(row.verdict))
    return grid


def _word(verdict: str) -> str:
    if verdict.startswith("failed:"):
        return f"[red]未通过（{verdict.removeprefix('failed:')}）[/red]"
    return VERDICT_WORDS[verdict]
