"""Which tables a recipient has, and which version of each, told from the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from audit.ledger import Ledger
from lake_config.layers import Layers
from storage.store import Store

SHARE = "suihua"


@dataclass(frozen=True, slots=True)
class SharedTable:
    """One table of one recipient; `version` is the greatest that a receipt names."""

    schema: str
    name: str
    recipient: str
    version: int

    @property
    def key(self) -> str:
        return f"{self.schema}.{self.name}"


def tables_of(ledger: Ledger, recipient: str) -> dict[tuple[str, str], SharedTable]:
    """Every table that was ever published to the recipient."""
    found: dict[tuple[str, str], int] = {}
    for event in ledger.events("published"):
        body = event.body
        if body["ok"] and body["recipient"] == recipient:
            key = (body["department"], body["table"])
            found[key] = max(int(body["version"]), found.get(key, 0))
    return {
        key: SharedTable(*key, recipient, version)
        for key, version in sorted(found.items())
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


def files_of(store: Store, found: DeltaTable, folder: Path) -> list[tuple[Path, int]]:
    """Files of a version and their sizes, in a fixed order."""
    names = sorted(Path(uri).name for uri in found.file_uris())
    return [(folder / name, store.size(folder / name)) for name in names]


def ndjson(lines: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
