"""Ways in which the files of a gatekeeper drop can be bad, for tests/lib/bad_sources.py.

`torn` files are damaged on their way: their manifest is about the good bytes. `sealed` ones
were bad when the department wrote their manifest, which is right about them.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from simulation.deliver.gatekeeper import drop_folder, entry, write_manifest
from tests.lib.bad_sources import Source, Way, hand_over

Damage = Callable[[bytes], bytes]


def drop(source: Source) -> Path:
    folder = drop_folder(source.settings, source.contract, source.server)
    return folder / source.day.isoformat()


def file_of(source: Source) -> Path:
    return drop(source) / source.table.source["file"]


def torn(damage: Damage) -> Way:
    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        hand_over(source)
        path = file_of(source)
        path.write_bytes(damage(path.read_bytes()))
        yield source

    return way


def sealed(damage: Damage, more_rows: int = 0) -> Way:
    """`more_rows` is how many the manifest promises beyond those that were written."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        hand_over(source)
        path = file_of(source)
        path.write_bytes(damage(path.read_bytes()))
        rows = source.rows().height + more_rows
        line = entry(path, source.table.name, rows)
        write_manifest(drop(source), source.contract.department, source.day, [line])
        yield source

    return way


def manifest(change: Callable[[dict[str, Any]], Any]) -> Way:
    """A manifest whose content is changed; None takes it away, a text stands as it is."""

    @contextmanager
    def way(source: Source) -> Iterator[Source]:
        hand_over(source)
        path = drop(source) / "manifest.json"
        content = change(json.loads(path.read_text("utf-8")))
        path.unlink()
        if content is not None:
            text = content if isinstance(content, str) else json.dumps(content)
            path.write_text(text, "utf-8")
        yield source

    return way


@contextmanager
def nothing_yet(source: Source) -> Iterator[Source]:
    """The day has come, the drop has not."""
    yield source


@contextmanager
def file_missing(source: Source) -> Iterator[Source]:
    hand_over(source)
    file_of(source).unlink()
    yield source


@contextmanager
def link_elsewhere(source: Source) -> Iterator[Source]:
    """Where the file should be, a link leads out of the drop."""
    hand_over(source)
    path = file_of(source)
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))
    yield source


@contextmanager
def manifest_piped(source: Source) -> Iterator[Source]:
    """A pipe that nobody will ever write to."""
    hand_over(source)
    path = drop(source) / "manifest.json"
    path.unlink()
    os.mkfifo(path)
    yield source


@contextmanager
def manifest_linked(source: Source) -> Iterator[Source]:
    hand_over(source)
    path = drop(source) / "manifest.json"
    path.rename(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))
    yield source


def listed_twice(content: dict[str, Any]) -> dict[str, Any]:
    [line] = content["files"]
    return {**content, "files": [line, {**line, "rows": 1}]}


def elsewhere(content: dict[str, Any]) -> dict[str, Any]:
    """Its name leads out of the drop."""
    [line] = content["files"]
    return {**content, "files": [{**line, "name": f"../../{line['name']}"}]}


def endless(content: dict[str, Any]) -> str:
    return json.dumps({**content, "note": "x" * (17 << 20)})


def fewer_than_none(content: dict[str, Any]) -> dict[str, Any]:
    content["files"][0]["rows"] = -1
    return content


def yesterdays(content: dict[str, Any]) -> dict[str, Any]:
    day = date.fromisoformat(content["delivery_date"]) - timedelta(days=1)
    return {**content, "delivery_date": day.isoformat()}


def without_files(content: dict[str, Any]) -> dict[str, Any]:
    return {**content, "files": []}


def without_digest(content: dict[str, Any]) -> dict[str, Any]:
    [line] = content["files"]
    line["md5"] = line.pop("sm3")
    return content


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def one_byte_more(content: bytes) -> bytes:
    return content + b"\n"


def no_bytes(content: bytes) -> bytes:
    return b""


def nested(content: bytes) -> bytes:
    """The first line's object holds lists in lists in lists."""
    deep = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
    return deep + content


def no_number(content: bytes) -> bytes:
    """NaN without quotes, which is none of JSON."""
    return content.replace(b': "', b': NaN, "x": "', 1)


def prose(content: bytes) -> bytes:
    return "附件见明日重新报送。\n".encode() * 50


def last_line_cut(content: bytes) -> bytes:
    return content.rstrip()[:-20]


def line_without_a_cell(content: bytes) -> bytes:
    """The fourth line loses all but its first cell."""
    lines = content.split(b"\r\n")
    lines[3] = lines[3].split(b",")[0]
    return b"\r\n".join(lines)


def renamed_halfway(name: str) -> Damage:
    """From the middle on a key has another name."""

    def damage(content: bytes) -> bytes:
        lines = content.splitlines(keepends=True)
        middle = len(lines) // 2
        old, new = f'"{name}"'.encode(), f'"{name}_new"'.encode()
        changed = [line.replace(old, new) for line in lines[middle:]]
        return b"".join([*lines[:middle], *changed])

    return damage


def _sheet(change: Damage) -> Damage:
    """An XLSX whose first sheet's XML is changed and that is a sound archive again."""

    def damage(content: bytes) -> bytes:
        made = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(content)) as old,
            zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in old.namelist():
                inside = old.read(name)
                new.writestr(name, change(inside) if "sheet1" in name else inside)
        return made.getvalue()

    return damage


undecodable_sheet = _sheet(lambda xml: xml.replace(b"</t>", b"\xff\xfe</t>"))
bomb = _sheet(
    lambda xml: xml.replace(b"</sheetData>", b" " * (200 << 20) + b"</sheetData>")
)
far_away_cell = _sheet(lambda xml: xml.replace(b'r="A2"', b'r="XFD1048576"', 1))


def undecodable_parquet(content: bytes) -> bytes:
    """Each text ends in bytes that are none of UTF-8; the file itself is sound."""
    table = pq.read_table(io.BytesIO(content))
    columns = [
        pa.array([(cell or "").encode() + b"\xff\xfe" for cell in column.to_pylist()])
        for column in table.columns
    ]
    texts = [column.view(pa.string()) for column in columns]
    made = io.BytesIO()
    pq.write_table(pa.table(texts, names=table.column_names), made)
    return made.getvalue()
