"""Which tables a recipient has, and which version of each, told from the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from deltalake import DeltaTable

from audit.events import Json
from audit.ledger import Ledger
from audit.receipts import still_granted, withdrawn_grants
from lake_config.calendar import city_today
from lake_config.layers import Layers
from privacy.policy import STATISTICS
from storage.store import Store

SHARE = "suihua"


@dataclass(frozen=True, slots=True)
class SharedTable:
    """One table of one recipient; `version` is the greatest that a receipt names, with
    the digest of its files, and `terms` are its `grant` and `until`, where it has one."""

    schema: str
    name: str
    recipient: str
    version: int
    files_digest: str
    purpose: str = STATISTICS
    terms: Json = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.schema}.{self.name}"


def tables_of(ledger: Ledger, recipient: str) -> dict[tuple[str, str], SharedTable]:
    """Every table published to the recipient whose grant, where it has one, is in force.

    A table whose newest version is not to be read any more is not read in an older one.
    """
    newest: dict[tuple[str, str], Json] = {}
    for event in ledger.events("published"):
        body = event.body
        if body["ok"] and body["recipient"] == recipient:
            key = (body["department"], body["table"])
            before = newest.get(key)
            if before is None or body["version"] >= before["version"]:
                newest[key] = body
    withdrawn, today = withdrawn_grants(ledger), city_today()
    return {
        key: SharedTable(
            *key,
            recipient,
            int(body["version"]),
            body["files_digest"],
            body["purpose"],
            {name: body[name] for name in ("grant", "until") if name in body},
        )
        for key, body in sorted(newest.items())
        if still_granted(body, withdrawn, today)
    }


def snapshot(
    store: Store, layers: Layers, table: SharedTable, version: int
) -> DeltaTable:
    path = layers.shared_table(table.recipient, table.schema, table.name)
    return store.table(path, version)


def metadata_line(found: DeltaTable) -> dict[str, Any]:
    """The `metaData` action of the protocol, for answers in Parquet format."""
    meta = found.metadata()
    return {
        "metaData": {
            "id": str(meta.id),
            "format": {"provider": "parquet"},
            "schemaString": found.schema().to_json(),
            "partitionColumns": [],
            "configuration": {},
        }
    }


def ndjson(lines: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
