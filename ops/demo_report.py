"""The demo's closing table: source = collected = accepted + quarantined = the truth.

Accepted = published + what the risk gate left out."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid

from audit.ledger import open_ledger
from audit.receipts import counting, find
from audit.verify import verify
from lake_config.contract import NOT_SHARED, Contract, Table
from lake_config.duties import Duty
from lake_config.layers import CURATED, batch_id
from lake_config.settings import Settings, write_private
from ops import demo_grant
from ops.demo_check import (
    Comparison,
    Finding,
    compare,
    found_defects,
    per_rule,
    planted_defects,
    true_values_in,
)
from ops.published_rows import PublishedRows, digest_of_all, published_rows
from ops.source_counts import source_rows
from sharing.people import enrol
from storage.store import store_of

COLUMNS = "源端 归集 接收 隔离 抑制 发布 埋入 查出".split()
Pair = tuple[Counter[Finding], Counter[Finding]]


def report(
    settings: Settings,
    contracts: Sequence[Contract],
    day: date,
    analyst: str,
    console: Console,
) -> bool:
    """Print the comparison; True when every line agrees."""
    planted = planted_defects(settings.layers.truth)
    grid = _grid()
    pairs: list[Pair] = []
    published: dict[str, PublishedRows] = {}
    good = True
    with tempfile.TemporaryDirectory(prefix="lake-profile-") as folder:
        profile = Path(folder) / "analyst.share"
        write_private(profile, json.dumps(enrol(settings, analyst, 1)))
        for contract in contracts:
            grid.add_section()
            grid.add_row(f"[bold]{contract.business_name}[/bold]")
            for table in contract.tables:
                key = (contract.department, table.name)
                pair = (
                    planted.get(key, Counter()),
                    _found(settings, contract, table, day),
                )
                pairs.append(pair)
                got = published_rows(profile, contract.department, table)
                published[".".join(key)] = got
                cells, agrees = _line(settings, contract, table, day, got.rows, pair)
                grid.add_row(*cells)
                good = good and agrees
    console.print(grid)
    console.print(_rules(pairs))
    told = f"发布内容校验和（不含假名列）：{digest_of_all(published)[:16]}"
    console.print(told, highlight=False)
    layers = settings.layers
    folders = [
        layers.shared_table(CURATED, contract.department, table.name)
        for contract in contracts
        for table in contract.tables
    ]
    if demo_grant.granted_here(contracts):
        line, as_granted = demo_grant.told(settings)
        console.print(line, highlight=False)
        good = good and as_granted
        folders.append(demo_grant.folder(settings))
    store = store_of(settings, Duty.SHARING)
    seen, hits = true_values_in(store, folders, layers.truth)
    console.print(f"共享库逐格比对真值：{seen:,} 格，含真实个人信息 {hits} 处")
    result = verify(settings)
    console.print(
        f"审计账本：{result.events} events {'ok' if result.ok else result.place}"
    )
    return good and result.ok and not hits


def _found(
    settings: Settings, contract: Contract, table: Table, day: date
) -> Counter[Finding]:
    batch = batch_id(contract.department, table.name, day)
    receipt = counting(open_ledger(settings), batch)
    if receipt is None:
        return Counter()
    attempt = receipt.body["attempt"]
    return found_defects(settings, contract, table, day, attempt)


def _line(
    settings: Settings,
    contract: Contract,
    table: Table,
    day: date,
    published: int,
    pair: Pair,
) -> tuple[list[str], bool]:
    batch = batch_id(contract.department, table.name, day)
    gated = find(open_ledger(settings), "gated", batch)
    body = gated.body if gated else {"rows": 0, "accepted": 0, "quarantined": 0}
    masked = find(open_ledger(settings), "masked", batch)
    left_out = masked.body["risk"].get("left_out", 0) if masked else 0
    source = source_rows(settings, contract, table, day)
    compared: Comparison = compare(*pair)
    expected = 0 if table.share_type == NOT_SHARED else body["accepted"] - left_out
    agrees = (
        source == body["rows"] == body["accepted"] + body["quarantined"]
        and published == expected
        and compared.perfect
    )
    numbers = [
        source, body["rows"], body["accepted"], body["quarantined"], left_out, published
    ]  # fmt: skip
    cells = [f"{number:,}" for number in [*numbers, compared.planted, compared.found]]
    mark = "[green]✓[/green]" if agrees else "[red]✗[/red]"
    return [f"  {table.name}", *cells, mark], agrees


def _grid() -> Grid:
    grid = Grid(
        title="源端 = 归集 = 接收 + 隔离，接收 = 抑制 + 发布；查出的隔离行 = 埋入的缺陷",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    grid.add_column("表", no_wrap=True)
    for name in COLUMNS:
        grid.add_column(name, justify="right", no_wrap=True)
    grid.add_column("一致", justify="center")
    return grid


def _rules(pairs: list[Pair]) -> Grid:
    grid = Grid(
        "规则", "埋入", "查出", "召回率", "精确率", title="按规则", title_justify="left"
    )
    for kind, found in per_rule(pairs).items():
        grid.add_row(
            kind,
            str(found.planted),
            str(found.found),
            f"{found.recall:.4f}",
            f"{found.precision:.4f}",
        )
    return grid
