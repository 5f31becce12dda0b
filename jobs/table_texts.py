"""What readers of a staged table get besides its cells: names, comments, the log, footers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from storage.store import Store

DRAWN = ("id", "location", "sha256")
"""Of a log, or of the list beside the files: random signs read like a number now and then, and
where the staged table lay is not published with it."""


def texts_beside(
    store: Store, staged: Path, formed: Collection[str] = ()
) -> Iterator[str]:
    """Every text that a reader of the table gets besides its cells; statistics of `formed`
    columns are such cells."""
    for path in store.files(staged):
        yield path.name
        if path.suffix == ".json":
            for line in store.read(path).decode().splitlines():
                yield from _texts(json.loads(line))
        elif path.suffix == ".parquet":
            with store.opened(path) as file:
                yield from _footer(pq.read_metadata(file), formed)


def _footer(metadata: pq.FileMetaData, formed: Collection[str]) -> Iterator[str]:
    yield str(metadata.created_by)
    yield from metadata.schema.names
    for name, value in (metadata.metadata or {}).items():
        yield from (name.decode(), *_texts(value.decode()))
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            facts = column.statistics
            if column.path_in_schema in formed:
                continue
            if facts is not None and facts.has_min_max and isinstance(facts.min, str):
                yield from (facts.min, facts.max)


def _texts(value: Any, name: str = "") -> Iterator[str]:
    """Names and values; a text that is JSON is opened."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield inner
            yield from _texts(item, inner)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield from _opened(value, name)


def _opened(text: str, name: str) -> Iterator[str]:
    if text[:1] in ("{", "["):
        try:
            yield from _texts(json.loads(text))
            return
        except ValueError:
            pass
    if name not in DRAWN:
        yield text
