"""What is promised about a delivery that cannot be taken, as one check.

A code of its own, a message without values, the failure in the ledger, nothing half
written, and what was published before as it was, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from audit.events import Event
from audit.ledger import open_ledger
from audit.receipts import published_versions
from audit.verify import verify
from lake_config.layers import CURATED
from simulation.city import rows_of
from tests.lib.bad_sources import Source
from tests.lib.small_lake import DAY

SHORTEST = 6
"""Shorter cells (codes, given names) occur in any text by chance."""

CHINESE = re.compile("[\u4e00-\u9fff]")
TOLD = ("alert", "ticket", "ticket_settled")
"""Events that tell somebody of a refusal, or of its end."""


@dataclass(frozen=True)
class Published:
    """Content and versions of a source's shared table, and how long the ledger is."""

    files: dict[str, bytes]
    versions: tuple[int, ...]
    events: int

    @classmethod
    def of(cls, source: Source) -> Published:
        about = (CURATED, source.contract.department, source.table.name)
        folder = source.settings.layers.shared_table(*about)
        files = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        ledger = open_ledger(source.settings)
        events = sum(1 for _ in ledger.events())
        return cls(files, published_versions(ledger, *about), events)


def check_refusal(
    source: Source, before: Published, step: str, wanted: int, code: int, said: str
) -> None:
    """`code` and `said` are what the step ended with; `before` is the state before it."""
    assert code == wanted, said
    after = Published.of(source)
    assert (before.versions, before.files) == (after.versions, after.files)
    new = list(open_ledger(source.settings).events())[before.events :]
    _check_events(source, new, step, code)
    _check_texts(source, said, new)
    _check_leavings(source)
    assert verify(source.settings).ok


def _check_events(source: Source, new: Sequence[Event], step: str, code: int) -> None:
    """One failure, after it nothing but its alert, and no receipt that leads on."""
    *others, failed = [event for event in new if event.kind not in TOLD]
    assert [event.kind for event in new if event.index > failed.index] in (
        [],
        ["alert"],
    )
    assert (failed.kind, failed.subject) == ("failed", source.batch)
    assert (failed.body["step"], failed.body["exit_code"]) == (step, code)
    kinds = {event.kind for event in others}
    assert kinds <= {"collected", "reconciled", "gated"}
    assert all(event.body["ok"] for event in others[:-1])
    assert not others or not others[-1].body["ok"]


def _check_texts(source: Source, said: str, new: Sequence[Event]) -> None:
    """Chinese, about this batch, and no cell anywhere."""
    assert "Traceback" not in said and "内部错误" not in said
    assert source.batch in said and len(CHINESE.findall(said)) >= 10
    told = "".join(
        [said, *(json.dumps(event.body, ensure_ascii=False) for event in new)]
    )
    told = told.replace(source.batch, "").replace(source.day.isoformat(), "")
    assert not [cell for cell in cells_of(source) if cell in told]


def cells_of(source: Source) -> set[str]:
    about = (source.settings.layers, source.contract.department, source.table.name)
    return {
        cell
        for day in (DAY, source.day)
        for rows in rows_of(*about, day)
        for row in rows.iter_rows()
        for cell in map(str, row)
        if len(cell) >= SHORTEST
    }


def _check_leavings(source: Source) -> None:
    """Nothing in staging, and in raw no attempt that the ledger does not know."""
    layers, department = source.settings.layers, source.contract.department
    assert not [path for path in layers.staging.rglob("*") if path.is_file()]
    raw = layers.raw_batch(department, source.table.name, source.day)
    attempts = {path.name for path in raw.iterdir()} if raw.exists() else set()
    collected = {
        event.body["attempt"]
        for event in open_ledger(source.settings).events()
        if (event.kind, event.subject) == ("collected", source.batch)
    }
    assert attempts <= collected
