"""Puts a person's values into a copy of any file of a lake: a search must find them there."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

Values = Sequence[str]


def planted(source: Path, how: str, values: Values, folder: Path) -> Path:
    """A copy of the file in an empty folder, with the values written in one way."""
    folder.mkdir()
    copy = folder / "copied"
    shutil.copyfile(source, copy)
    WAYS[how](copy, values)
    return folder


def _column(path: Path, values: Values) -> None:
    table = pq.read_table(path)
    cells = [values[place % len(values)] for place in range(table.num_rows)]
    pq.write_table(table.append_column("planted", pa.array(cells)), path)


def _footer(path: Path, values: Values) -> None:
    table = pq.read_table(path)
    note = json.dumps({"planted": list(values)})
    pq.write_table(table.replace_schema_metadata({"note": note}), path)


def _cell(path: Path, values: Values) -> None:
    """Over the first text column there is, as JSON inside JSON."""
    told = json.dumps({"error": json.dumps(list(values))})
    with closing(sqlite3.connect(path)) as opened, opened:
        for (table,) in opened.execute(
            "select name from sqlite_master where type = 'table'"
        ).fetchall():
            rows = opened.execute(f'select count(*) from "{table}"').fetchone()[0]
            columns = opened.execute(f'pragma table_info("{table}")').fetchall()
            texts = [item[1] for item in columns if "CHAR" in item[2] and not item[5]]
            if rows and texts:
                opened.execute(f'update "{table}" set "{texts[0]}" = ?', [told])
                return
    raise AssertionError("the database has no text")


def _appended(write: Callable[[str], str]) -> Callable[[Path, Values], None]:
    def append(path: Path, values: Values) -> None:
        with path.open("a", encoding="utf-8") as file:
            for value in values:
                file.write(f"\n{write(value)}\n")

    return append


WAYS: dict[str, Callable[[Path, Values], None]] = {
    "column": _column,
    "footer": _footer,
    "cell": _cell,
    "quoted": _appended(lambda value: f"ERROR the value '{value}' cannot be cast"),
    "json": _appended(lambda value: json.dumps({"event": f"row [{value}, 1]"})),
    "repr": _appended(lambda value: f"KeyError: {value.encode()!r}"),
    "octal": _appended(
        lambda value: "".join(f"\\{byte:03o}" for byte in value.encode())
    ),
    "address": _appended(lambda value: f"GET /tables/{quote(value)} 404"),
}
