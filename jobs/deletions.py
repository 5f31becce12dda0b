"""Deletions in the ledger: ordered, done, certified; never half and forgotten.

The list of what goes lies in `state/deletions/` before the order, under the digest that
order and certificate carry, and stays: it is what the certificate is about. Names only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from audit.events import Event, canonical
from audit.ledger import Ledger
from jobs.lease import Lease
from lake_config.digests import sm3
from lake_config.errors import JobFailed
from lake_config.settings import Settings, write_private
from storage.store import Store

ACTOR = "retention"
AT_ONCE = 200
"""Files between two looks at the lease."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Files that end together; `about` says whose they are (batch and attempt, or table)."""

    reason: str
    about: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Deletions:
    """Of one table, by the holder of its lease."""

    settings: Settings
    store: Store
    ledger: Ledger
    table: str
    held: Lease

    def end(self, ending: Ending) -> None:
        """Order, deed, certificate."""
        names = sorted(self._name(path) for path in ending.files)
        content = canonical({"names": names})
        department, _, table = self.table.partition(".")
        body = {
            "department": department,
            "table": table,
            "reason": ending.reason,
            "files": len(names),
            "names_digest": sm3(content),
        }
        write_private(self._list(body), content)
        self.ledger.append("deletion_ordered", ACTOR, ending.about, body)
        self._carry_out(ending.about, body, frozenset(ending.files))

    def open_orders(self) -> list[Event]:
        """Orders of this table that have no certificate yet."""
        done = {event.body["names_digest"] for event in self._events("deletion_done")}
        ordered = self._events("deletion_ordered")
        return [event for event in ordered if event.body["names_digest"] not in done]

    def finish(self, order: Event, due: frozenset[Path]) -> None:
        """Carry out an order that was cut off, as far as it is still due: a publisher
        may have taken up again what lay there for nobody."""
        self._carry_out(order.subject, dict(order.body), due)

    def _events(self, kind: str) -> Iterator[Event]:
        found = self.ledger.newest_under(kind, self.table)
        about = tuple(self.table.split("."))
        return (e for e in found if (e.body["department"], e.body["table"]) == about)

    def _carry_out(
        self, about: str, body: dict[str, Any], due: frozenset[Path]
    ) -> None:
        names = json.loads(self._list(body).read_bytes())["names"]
        ordered = [self.settings.layers.zones / name for name in names]
        files = [path for path in ordered if path in due]
        rest = iter(files)
        while some := list(islice(rest, AT_ONCE)):
            self.held.keep()
            self.store.delete(some)
        if left := sum(self.store.holds(path) for path in files):
            raise JobFailed(f"{about}：{left} 个文件没有删掉，稍后重试。")
        spared = sum(self.store.holds(path) for path in ordered if path not in due)
        done = {**body, "files": len(ordered) - spared}
        self.ledger.append("deletion_done", ACTOR, about, done)

    def _list(self, body: dict[str, Any]) -> Path:
        return self.settings.layers.deletions / f"{body['names_digest']}.json"

    def _name(self, path: Path) -> str:
        return path.relative_to(self.settings.layers.zones).as_posix()
