"""`./lake privacy review`: the masking of one table, gathered from contract and ledger."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from audit.events import Event, Json
from audit.ledger import Ledger, open_ledger
from audit.receipts import masked_as_published
from lake_config.calendar import CITY_TIME
from lake_config.contract import Contract, Table
from lake_config.errors import NotSigned, UsageError
from lake_config.layers import CURATED, table_key
from lake_config.settings import Settings, write_private
from ops.pipeline import find_contract
from privacy import approval
from privacy.class_confirmation import confirmations
from privacy.classification.classes import TITLES
from privacy.key_states import WORDS, versions
from privacy.keys import parsed
from privacy.masking_review import (
    EXAMPLES,
    HEADS,
    KEY_HEADS,
    Found,
    KeyLine,
    Word,
    key_rows,
    page,
    rows,
    summary,
)
from privacy.policy import POLICY_VERSION

MINUTE = "%Y-%m-%d %H:%M"


def show_review(
    settings: Settings, department: str, name: str, file: Path | None = None
) -> None:
    """Print it, and write the page; to `file`, or where reports lie."""
    contract = find_contract(settings, department)
    table = next((item for item in contract.tables if item.name == name), None)
    if table is None:
        names = "、".join(item.name for item in contract.tables)
        raise UsageError(f"{department} 没有表“{name}”。现有：{names}。")
    found = gathered(settings, contract, table)
    _print(table, found)
    path = file or settings.layers.review_page(table_key(department, name))
    write_private(path, page(table, found))
    Console().print(f"网页：{path}", highlight=False, soft_wrap=True)


def gathered(settings: Settings, contract: Contract, table: Table) -> Found:
    """What the ledger says of one table; opens no table."""
    ledger = open_ledger(settings)
    key = table_key(contract.department, table.name)
    published = _published(ledger, key)
    batch, masked = _masking(ledger, key, published)
    return Found(
        contract.digest,
        POLICY_VERSION,
        _signed(settings, contract),
        _missing(settings, contract),
        _confirmed(settings, contract, table),
        batch,
        masked,
        Word("", _time(published), str(published.body["version"]))
        if published
        else None,
        _keys(ledger, masked["key_ids"]) if masked else (),
    )


def _published(ledger: Ledger, key: str) -> Event | None:
    """The publication people read."""
    for event in ledger.newest_under("published", f"{key}."):
        if event.body["ok"] and event.body["recipient"] == CURATED:
            return event
    return None


def _masking(
    ledger: Ledger, key: str, published: Event | None
) -> tuple[str, Json | None]:
    """Batch and receipt of the masking behind it; without one, of the latest masking."""
    if published is not None:
        batch = published.subject
        return batch, masked_as_published(ledger, batch, published.body).body
    for event in ledger.newest_under("masked", f"{key}."):
        if event.body["recipient"] == CURATED:
            return event.subject, event.body
    return "", None


def _signed(settings: Settings, contract: Contract) -> tuple[Word, ...]:
    found = approval.signatures(settings, contract, POLICY_VERSION)
    return tuple(Word(event.body["officer"], _time(event)) for event in found)


def _missing(settings: Settings, contract: Contract) -> str:
    try:
        approval.check(settings, contract, POLICY_VERSION)
    except NotSigned as error:
        return str(error)
    return ""


def _confirmed(
    settings: Settings, contract: Contract, table: Table
) -> dict[str, tuple[Word, ...]]:
    found: dict[str, tuple[Word, ...]] = {}
    for event in confirmations(settings, contract, table.name):
        body = event.body
        word = Word(body["officer"], _time(event), TITLES[body["class"]])
        found[body["column"]] = (*found.get(body["column"], ()), word)
    return found


def _keys(ledger: Ledger, names: list[str]) -> tuple[KeyLine, ...]:
    return tuple(_key(ledger, name) for name in names)


def _key(ledger: Ledger, name: str) -> KeyLine:
    parts = parsed(name)
    version = versions(ledger, parts.scope).get(parts.version)
    state = WORDS[version.state] if version else "账本中没有"
    return KeyLine(parts.key_class, parts.scope, parts.algorithm, parts.version, state)


def _time(event: Event) -> str:
    return datetime.fromisoformat(event.time).astimezone(CITY_TIME).strftime(MINUTE)


def _print(table: Table, found: Found) -> None:
    # What departments write is text: in no bracket of theirs is a style or a link.
    console = Console(markup=False)
    title = f"脱敏审阅　{table.business_name}（{table.name}）"
    console.print(title, style="bold", highlight=False)
    for line in summary(table, found):
        console.print(line, highlight=False)
    console.print(_grid(HEADS, rows(table, found)))
    console.print(EXAMPLES, highlight=False)
    if found.keys:
        console.print("用到的密钥（只有标识）", highlight=False)
        console.print(_grid(KEY_HEADS, key_rows(found)))


def _grid(heads: tuple[str, ...], lines: list[tuple[str, ...]]) -> Grid:
    grid = Grid(show_lines=True)
    for name in heads:
        grid.add_column(name, overflow="fold")
    for line in lines:
        grid.add_row(*map(Text, line))
    return grid
