"""The columns of delivered files and JSON rows, told from their head and first rows.

Where a file cannot be read nothing is seen: refusing it is the reader's part.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.context import Job
from jobs.drift import check_drift
from jobs.readers.json_rows import NotJson, Number, parsed
from jobs.readers.workbook import NUMBERS
from lake_config.contract import Server
from lake_config.source_schema import UNITS, Seen, SeenColumn
from quality.cell_layout import layout_of, number_facts
from quality.drift import Drifts
from quality.encodings import encoding_of
from quality.source_types import TEXT, family

FIRST_ROWS = 1_000
FIRST_BYTES = 1 << 20
WORD = re.compile(r"[\[(<]")
"""Where the word of a type of Arrow's ends; nested ones go on with names of the delivery's."""

Cells = dict[str, list[str | None]]
JSON_TYPES: dict[type, str] = {
    str: TEXT,
    Number: "number",
    bool: "boolean",
    dict: "object",
    list: "array",
}


def check_file(job: Job, server: Server, path: Path, units: Any) -> Drifts:
    """Drift of a delivered file that may be landed; `units` is what its manifest says."""
    seen = with_units(seen_file(job, server, path), units)
    textual = job.table.source["format"] in ("csv", "jsonl")
    return check_drift(job, seen, server.encoding if textual else "") if seen else ()


def seen_file(job: Job, server: Server, path: Path) -> Seen:
    """The file's columns; nothing where it cannot be read."""
    try:
        return FORMATS[job.table.source["format"]](job, server, path)
    except (OSError, ValueError, csv.Error, pa.ArrowException, NotJson, LookupError):
        return ()


def with_units(seen: Seen, units: Any) -> Seen:
    """Units of measure as a manifest or a page declares them, one word per column."""
    if not isinstance(units, dict):
        return seen
    return tuple(
        replace(column, unit=str(units[column.name]))
        if units.get(column.name) in UNITS
        else column
        for column in seen
    )


def _csv(job: Job, server: Server, path: Path) -> Seen:
    with path.open(encoding=server.encoding, errors="replace", newline="") as file:
        lines = csv.reader(file)
        names = [name.lstrip("\ufeff") for name in next(lines, [])]
        rows = [row for row in _until_broken(lines) if len(row) == len(names)]
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    cells = [[cell or None for cell in column] for column in columns]
    encoding = _encoding(path, server)
    return tuple(
        _told(job, SeenColumn(name, TEXT, encoding=encoding), column)
        for name, column in zip(names, cells, strict=True)
    )


def _until_broken(lines: Iterator[list[str]]) -> Iterator[list[str]]:
    """The first rows; those before a cell that is too large tell enough."""
    with suppress(csv.Error):
        yield from islice(lines, FIRST_ROWS)


def _encoding(path: Path, server: Server) -> str:
    with path.open("rb") as file:
        return encoding_of(file.read(FIRST_BYTES), server.encoding)


def _jsonl(job: Job, server: Server, path: Path) -> Seen:
    encoding = _encoding(path, server)
    with path.open(encoding=server.encoding, errors="replace") as file:
        texts = islice((line for line in file if not line.isspace()), FIRST_ROWS)
        seen = seen_rows(job, map(parsed, texts))
    return tuple(replace(column, encoding=encoding) for column in seen)


def seen_rows(job: Job, rows: Iterable[Any]) -> Seen:
    """The keys of JSON objects, in the order of their first coming."""
    found: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items() if isinstance(row, dict) else ():
            found.setdefault(name, []).append(value)
    return tuple(_of_values(job, name, values) for name, values in found.items())


def _of_values(job: Job, name: str, values: list[Any]) -> SeenColumn:
    """What most values are; a few others are for the rules to judge.

    A number and its digits as text land alike, so that it is one where one is due.
    """
    kinds = Counter(JSON_TYPES[type(value)] for value in values if value is not None)
    kind = kinds.most_common(1)[0][0] if kinds else ""
    if kind == "number" and name in _numbers(job):
        kind = TEXT
    texts = [value if isinstance(value, str) else None for value in values]
    return _told(job, SeenColumn(name, kind), texts)


def _numbers(job: Job) -> set[str]:
    kinds = ("integer", "number")
    return {item.name for item in job.table.columns if item.logical_type in kinds}


def check_page(job: Job, path: Path) -> Drifts:
    """Drift of a REST service's page, kept in a file, that may be landed."""
    return check_drift(job, seen_page(job, path.read_bytes()))


def seen_page(job: Job, content: bytes) -> Seen:
    """The columns of a REST service's page."""
    page = parsed(content.decode("utf-8-sig"))
    seen = seen_rows(job, page["rows"][:FIRST_ROWS])
    return with_units(seen, page.get("units"))


def _parquet(job: Job, server: Server, path: Path) -> Seen:
    file = pq.ParquetFile(path)
    texts = [
        field.name
        for field in file.schema_arrow
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
    ]
    cells = _first_cells(job, file, texts)
    return tuple(
        _told(job, _of_field(field), cells.get(field.name, []))
        for field in file.schema_arrow
    )


def _first_cells(job: Job, file: pq.ParquetFile, names: list[str]) -> Cells:
    """Of columns whose texts tell something; nothing where they are no text at all."""
    wanted = [item.name for item in job.table.columns if item.logical_type != "string"]
    names = [name for name in names if name in wanted]
    try:
        for batch in file.iter_batches(FIRST_ROWS, columns=names, use_threads=False):
            found: Cells = batch.to_pydict()
            return found
    except UnicodeDecodeError:
        pass
    return {}


def _of_field(field: pa.Field) -> SeenColumn:
    decimal = pa.types.is_decimal(field.type)
    unit = (field.metadata or {}).get(b"unit", b"").decode("utf-8", "replace")
    return SeenColumn(
        field.name,
        WORD.split(str(field.type))[0],
        precision=field.type.precision if decimal else None,
        scale=field.type.scale if decimal else None,
        nullable=field.nullable,
        unit=unit if unit in UNITS else "",
    )


def _xlsx(job: Job, server: Server, path: Path) -> Seen:
    """Of the texts that the reader has put beside the workbook."""
    text = path.with_suffix(".text.parquet")
    numbers = {
        field.name
        for field in pq.read_schema(text)
        if NUMBERS.items() <= (field.metadata or {}).items()
    } - _numbers(job)
    return tuple(
        replace(
            column,
            type="number" if column.name in numbers else column.type,
            nullable=None,
        )
        for column in _parquet(job, server, text)
    )


def _told(job: Job, column: SeenColumn, cells: list[str | None]) -> SeenColumn:
    """The column with what its texts show, if the contract expects dates or numbers."""
    known = {item.name: item for item in job.table.columns}
    if column.name not in known or family(column.type) != TEXT:
        return column
    column = replace(column, layout=layout_of(known[column.name], cells))
    facts = number_facts(known[column.name], cells)
    return replace(column, type=facts[0], scale=facts[1]) if facts else column


FORMATS: dict[str, Callable[[Job, Server, Path], Seen]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "xlsx": _xlsx,
}
