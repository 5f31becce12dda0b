"""Which tables a recipient has, and which version of each, told from the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from deltalake import DeltaTable

from audit.ledger import Ledger
from lake_config.layers import Layers
from storage.store import Store

SHARE = "suihua"


@dataclass(frozen=True, slots=True)
class SharedTable:
    """One table of one recipient; `version` is the greatest that a receipt names, with
    the digest of its files."""

    schema: str
    name: str
    recipient: str
    version: int
    files_digest: str

    @property
    def key(self) -> str:
        return f"{self.schema}.{self.name}"


def tables_of(ledger: Ledger, recipient: str) -> dict[tuple[str, str], SharedTable]:
    """Every table that was ever published to the recipient."""
    found: dict[tuple[str, str], SharedTable] = {}
    for event in ledger.events("published"):
        body = event.body
        if body["ok"] and body["recipient"] == recipient:
            key = (body["department"], body["table"])
            version, before = int(body["version"]), found.get(key)
            if before is None or version >= before.version:
                digest = body["files_digest"]
                found[key] = SharedTable(*key, recipient, version, digest)
    return dict(sorted(found.items()))


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
