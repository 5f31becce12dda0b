"""Texts as people would read them: escapes undone, SQLite's cells one by one.

For searching, so nothing here is exact: what cannot be read is left as it is.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

UNICODE = re.compile(r"\\+u([0-9a-fA-F]{4})")
HEXADECIMAL = re.compile(r"(?:\\+x[0-9a-fA-F]{2})+|(?:%[0-9a-fA-F]{2})+")
OCTAL = re.compile(r"(?:\\+[0-3][0-7]{2})+")
PAIR, TRIPLE = re.compile("[0-9a-fA-F]{2}"), re.compile("[0-3][0-7]{2}")
ROWS_AT_ONCE = 1_000


def without_escapes(text: str) -> str:
    """As JSON, Python, protocol buffers and URLs write a character."""
    text = UNICODE.sub(lambda found: chr(int(found[1], 16)), text)
    text = HEXADECIMAL.sub(lambda found: _decoded(PAIR.findall(found[0]), 16), text)
    return OCTAL.sub(lambda found: _decoded(TRIPLE.findall(found[0]), 8), text)


def _decoded(numbers: list[str], base: int) -> str:
    return bytes(int(number, base) for number in numbers).decode("utf-8", "ignore")


def is_sqlite(content: bytes) -> bool:
    return content.startswith(b"SQLite format 3\0")


def cells_of(database: Path) -> Iterator[tuple[str, list[str]]]:
    """(table.column, texts), a thousand rows at a time, of a copy with its log."""
    with tempfile.TemporaryDirectory() as folder:
        for path in database.parent.glob(f"{database.name}*"):
            with suppress(FileNotFoundError):  # a log that was just taken in
                shutil.copy(path, folder)
        with closing(sqlite3.connect(Path(folder) / database.name)) as opened:
            names = "select name from sqlite_master where type = 'table'"
            for (table,) in opened.execute(names).fetchall():
                yield from _cells_of_table(opened, table)


def _cells_of_table(
    opened: sqlite3.Connection, table: str
) -> Iterator[tuple[str, list[str]]]:
    rows = opened.execute(f'select * from "{table}"')
    columns = [column[0] for column in rows.description]
    while some := rows.fetchmany(ROWS_AT_ONCE):
        for column, cells in zip(columns, zip(*some, strict=True), strict=True):
            yield f"{table}.{column}", [_text(cell) for cell in cells]


def _text(cell: object) -> str:
    if isinstance(cell, bytes):
        return _unpacked(cell).decode("utf-8", "ignore")
    return "" if cell is None else str(cell)


def _unpacked(content: bytes) -> bytes:
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content
