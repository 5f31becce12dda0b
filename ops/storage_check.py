"""`./lake storage check` for people: the table, the verdict's file, the ledger's entry."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from audit.ledger import open_ledger
from lake_config.contract_loader import load_contracts
from lake_config.errors import StoreUnfit
from lake_config.settings import Settings
from lake_config.store_verdict import sealed, write_verdict
from ops.processes import free_port, stop
from ops.store_server import our_product, start_store
from storage.administrator import administrator
from storage.check.findings import Outcome, Verdict
from storage.check.place import Place
from storage.check.run import as_fact, check_store, fit

WORDS = {
    Outcome.PASSED: "[green]通过[/green]",
    Outcome.FAILED: "[red]不通过[/red]",
    Outcome.NOT_APPLICABLE: "不适用",
}
console = Console()


def run_check(settings: Settings, rounds: int) -> None:
    """Try everything, show it, record it; StoreUnfit when a property does not hold."""
    place = place_of(settings, rounds)
    ledger = open_ledger(settings)
    console.print(f"核验 {settings.store} …", highlight=False)
    verdicts = check_store(place, say=_progress)
    facts = [as_fact(verdict) for verdict in verdicts]
    verdict = sealed(settings, fit(verdicts), rounds, facts)
    outcomes = {fact["name"]: fact["outcome"] for fact in facts}
    body = {name: verdict[name] for name in ("endpoint", "passed", "digest")}
    body["properties"] = outcomes
    ledger.append("storage_checked", getpass.getuser(), settings.store, body)
    write_verdict(settings, verdict)
    console.print(_table(verdicts))
    broken = [it.property.title for it in verdicts if it.outcome == Outcome.FAILED]
    if broken:
        raise StoreUnfit(
            f"对象存储 {settings.store} 不满足：{'、'.join(broken)}。数据湖依靠这些性质，"
            "请更换或修正存储后重新核验；生产环境在此之前不会启动。"
        )


def place_of(settings: Settings, rounds: int) -> Place:
    """The store of this deployment; one of our own has a twin that may be killed."""
    product = our_product(settings)
    return Place(
        settings,
        administrator(settings),
        rounds,
        load_contracts(settings.contracts),
        partial(twin, settings, product) if product else None,
    )


@contextmanager
def twin(settings: Settings, product: str) -> Iterator[Twin]:
    """A second server of the same program, on a folder that goes away with it."""
    settings.layers.state.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="store-twin-", dir=settings.layers.state)
    made = Twin(settings, product, folder)
    try:
        yield made
    finally:
        stop(made.server.service)
        shutil.rmtree(folder, ignore_errors=True)


class Twin:
    """What the check kills, again and again."""

    def __init__(self, settings: Settings, product: str, folder: str) -> None:
        self._start = partial(start_store, settings, product, Path(folder), free_port())
        self.server = self._start()
        self.settings = self.server.settings

    def kill(self) -> None:
        os.killpg(self.server.service.process.pid, signal.SIGKILL)
        self.server.service.process.wait()

    def revive(self) -> None:
        self.server = self._start()


def _progress(verdict: Verdict) -> None:
    console.print(
        f"  {verdict.property.title} {WORDS[verdict.outcome]}", highlight=False
    )


def _table(verdicts: list[Verdict]) -> Table:
    table = Table("性质", "结论", "成立/试验", "秒", "说明", title="存储核验")
    for item in verdicts:
        note = item.note or item.property.sentence
        counts = f"{item.held}/{item.tried}" if item.tried else ""
        table.add_row(
            item.property.title,
            WORDS[item.outcome],
            counts,
            f"{item.seconds:.1f}",
            note,
        )
    return table
