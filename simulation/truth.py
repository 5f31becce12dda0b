"""The ground truth, apart from the data, and sealed while jobs run (AES-256-GCM)."""

from __future__ import annotations

import secrets
from pathlib import Path
from types import TracebackType

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PEOPLE = pa.schema(
    [
        (name, pa.string())
        for name in "identity_number name mobile address county".split()
    ]
)
DEFECTS = pa.schema(
    [(name, pa.string()) for name in "department table batch rule row_digest".split()]
)
SEALED = ".sealed"


class TruthWriter:
    """Writes people.parquet and defects.parquet while the city is being invented."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._people = pq.ParquetWriter(folder / "people.parquet", PEOPLE)
        self._defects = pq.ParquetWriter(folder / "defects.parquet", DEFECTS)

    def __enter__(self) -> TruthWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._people.close()
        self._defects.close()

    def people(self, frame: pl.DataFrame) -> None:
        self._people.write_table(frame.to_arrow().cast(PEOPLE))

    def defects(
        self, department: str, table: str, batch: str, found: list[tuple[str, str]]
    ) -> None:
        rows = [(department, table, batch, rule, digest) for rule, digest in found]
        columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 5
        self._defects.write_table(pa.table(columns, schema=DEFECTS))


def seal(folder: Path, key: bytes) -> None:
    """Encrypt every file of the truth and remove the plain ones."""
    for path in sorted(folder.glob("*.parquet")):
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(key).encrypt(nonce, path.read_bytes(), path.name.encode())
        path.with_name(path.name + SEALED).write_bytes(nonce + sealed)
        path.unlink()


def unseal(folder: Path, key: bytes) -> None:
    """Open the truth again."""
    for path in sorted(folder.glob(f"*{SEALED}")):
        content = path.read_bytes()
        name = path.name.removesuffix(SEALED)
        plain = AESGCM(key).decrypt(content[:12], content[12:], name.encode())
        path.with_name(name).write_bytes(plain)
        path.unlink()
