"""`./lake privacy risk`: what the risk gate found of a batch, told from its receipt."""

from __future__ import annotations

from datetime import date
from typing import Any

import typer

from audit.events import Event
from audit.ledger import open_ledger
from lake_config.errors import UsageError
from lake_config.layers import batch_id, table_key
from lake_config.settings import Settings, write_private
from ops.pipeline import find_contract
from privacy.risk.report import lines, page


def show_risk(settings: Settings, department: str, name: str, day: date | None) -> None:
    """Print it, and write the page; without a day that of the latest masking."""
    contract = find_contract(settings, department)
    table = next((item for item in contract.tables if item.name == name), None)
    if table is None:
        raise UsageError(f"{department} 没有表“{name}”。")
    masked = _latest(settings, department, name, day)
    batch, body = masked.subject, masked.body["risk"]
    if not body:
        typer.echo(f"{batch}：这张表没有关于个人的列，不需要评估。")
        return
    difference = _difference(settings, masked)
    for line in lines(table, batch, body, difference):
        typer.echo(line)
    path = settings.layers.risk_page(batch)
    write_private(path, page(table, batch, body, difference))
    typer.echo(f"网页：{path}")


def _latest(settings: Settings, department: str, name: str, day: date | None) -> Event:
    ledger = open_ledger(settings)
    found = (
        ledger.newest_under("masked", f"{table_key(department, name)}.")
        if day is None
        else ledger.newest("masked", batch_id(department, name, day))
    )
    event = next((one for one in found if "risk" in one.body), None)
    if event is None:
        raise UsageError(f"{department}.{name} 还没有脱敏过的批次，没有可看的评估。")
    return event


def _difference(settings: Settings, masked: Event) -> dict[str, Any] | None:
    """From the receipt of the publication of the very bytes."""
    published = open_ledger(settings).newest("published", masked.subject)
    same = masked.body["files_digest"]
    found = (one.body for one in published if one.body["files_digest"] == same)
    return next(found, {}).get("difference")
