"""What an analyst gets, by the official client: how many rows, and a checksum of them.

Tokens differ between two lakes by design, as their keys do; everything else of the same
deliveries is the same, whatever the lake runs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import delta_sharing
import pandas as pd

from lake_config.contract import Table
from lake_config.digests import sm3
from privacy.mask_frame import published_columns
from privacy.policy import STATISTICS, TOKEN, treatment


@dataclass(frozen=True, slots=True)
class PublishedRows:
    """`checksum` does not depend on the order of rows; tokens are not in it."""

    rows: int
    checksum: int


NOTHING = PublishedRows(0, 0)


def published_rows(profile: Path, department: str, table: Table) -> PublishedRows:
    """As the official client is served; NOTHING where it is served nothing."""
    url = f"{profile}#suihua.{department}.{table.name}"
    try:
        frame = delta_sharing.load_as_pandas(url)
    except Exception:
        return NOTHING
    return PublishedRows(len(frame), checksum(frame, table))


def checksum(frame: pd.DataFrame, table: Table) -> int:
    names = [
        column.name
        for column in published_columns(table, STATISTICS)
        if treatment(column.semantic_type, STATISTICS) != TOKEN
    ]
    texts = frame[names].astype("string").fillna("\x00")
    return int(pd.util.hash_pandas_object(texts, index=False).sum())


def digest_of_all(found: dict[str, PublishedRows]) -> str:
    """One name for what a whole lake has published."""
    lines = (f"{name} {one.rows} {one.checksum}" for name, one in found.items())
    return sm3("\n".join(sorted(lines)).encode())
