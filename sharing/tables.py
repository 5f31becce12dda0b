"""Which tables a recipient has, and their published versions, told from the ledger."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from audit.ledger import Ledger
from lake_config.layers import Layers

SHARE = "suihua"


@dataclass(frozen=True, slots=True)
class SharedTable:
    """One table of one recipient; `versions` are those a receipt names, oldest first."""

    schema: str
    name: str
    recipient: str
    versions: tuple[int, ...]

    @property
    def key(self) -> str:
        return f"{self.schema}.{self.name}"


def tables_of(ledger: Ledger, recipient: str) -> dict[tuple[str, str], SharedTable]:
    """Every table that was ever published to the recipient."""
    found: dict[tuple[str, str], list[int]] = {}
    for event in ledger.events():
        body = event.body
        if event.kind == "published" and body["ok"] and body["recipient"] == recipient:
            key = (body["department"], body["table"])
            found.setdefault(key, []).append(int(body["version"]))
    return {
        key: SharedTable(*key, recipient, tuple(versions))
        for key, versions in sorted(found.items())
    }


def snapshot(layers: Layers, table: SharedTable, version: int) -> DeltaTable:
    path = layers.shared_table(table.recipient, table.schema, table.name)
    return DeltaTable(str(path), version=version)


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


def files_of(found: DeltaTable, folder: Path) -> list[tuple[Path, int]]:
    """Files of a version and their sizes, in a fixed order."""
    names = sorted(Path(uri).name for uri in found.file_uris())
    return [(folder / name, (folder / name).stat().st_size) for name in names]


def ndjson(lines: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
