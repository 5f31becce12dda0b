"""Plants values in every place a leak can take, written in every encoding.

A container makes real files, by the libraries that make such files; what cannot hold bytes
holds them as base64, which is how programs put them there. docs/reference/leak_paths.md says
which path of security.md is which container.
"""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import nbformat
import pyarrow as pa
import pyarrow.parquet as pq

Values = Sequence[str]
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
SNAPPY_HEAD = b"\x82SNAPPY\0" + (1).to_bytes(4, "big") * 2
LINE = "2026-03-02 03:04:05 ERROR "
LONGEST_NAME = 255


def _snappy(content: bytes) -> bytes:
    """As snappy-java frames a block."""
    block = pa.Codec("snappy").compress(content, asbytes=True)
    return SNAPPY_HEAD + len(block).to_bytes(4, "big") + block


def _in_halves(text: str) -> bytes:
    """Packed, the whole is references to its halves, and stands nowhere as it is."""
    half = len(text) // 2
    return f"{text[:half]}|{text[half:]}|{text}".encode()


def _zstd(content: bytes) -> bytes:
    return bytes(pa.Codec("zstd", 19).compress(content, asbytes=True))


ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "gb18030": lambda text: text.encode("gb18030"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "base64": lambda text: base64.b64encode(text.encode()),
    "hex": lambda text: text.encode().hex().encode(),
    "url": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
    "json": lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text).encode(),
    "full-width": lambda text: " ".join(text.translate(FULL_WIDTH)).encode(),
    "gzip": lambda text: gzip.compress(_in_halves(text)),
    "zstd": lambda text: _zstd(_in_halves(text)),
    "snappy": lambda text: _snappy(_in_halves(text)),
}
TEXTS = ("utf-8", "base64", "hex", "url", "json", "full-width")
PACKED = ("gzip", "zstd", "snappy")


def as_text(value: str, encoding: str) -> str:
    """Where only text can stand."""
    content = ENCODINGS[encoding](value)
    if encoding in TEXTS:
        return content.decode()
    return base64.urlsafe_b64encode(content).decode()


def _parquet(folder: Path, encoding: str, values: Values) -> None:
    """As text and as bytes; packed pages are those of Parquet itself."""
    packed = encoding in PACKED
    text = list(values) if packed else [as_text(value, encoding) for value in values]
    content = [
        value.encode() if packed else ENCODINGS[encoding](value) for value in values
    ]
    table = pa.table({"who": text, "seen": pa.array(content, pa.binary())})
    codec = encoding if packed else "none"
    pq.write_table(table, folder / "part-0.parquet", compression=codec)


def _dictionary(folder: Path, encoding: str, values: Values) -> None:
    """Entries that no row refers to: no reader shows them, and no statistics tell them."""
    packed = encoding in PACKED
    text = [value if packed else as_text(value, encoding) for value in values]
    indices = pa.array([0, 0], pa.int32())
    who = pa.DictionaryArray.from_arrays(indices, pa.array(["x", *text]))
    codec = encoding if packed else "none"
    pq.write_table(pa.table({"who": who}), folder / "part-0.parquet", compression=codec)


def _footer(folder: Path, encoding: str, values: Values) -> None:
    note = json.dumps({"note": [as_text(value, encoding) for value in values]})
    table = pa.table({"n": [1]}).replace_schema_metadata({"note": note})
    pq.write_table(table, folder / "part-0.parquet")


def _delta_log(folder: Path, encoding: str, values: Values) -> None:
    """Statistics, predicates, comments and properties, JSON inside JSON."""
    told = [as_text(value, encoding) for value in values]
    stats = json.dumps({"minValues": {"who": told[0]}, "maxValues": {"who": told[1]}})
    schema = json.dumps({"fields": [{"name": "who", "metadata": {"comment": told[2]}}]})
    lines = [
        {"add": {"path": "part-0.parquet", "stats": stats}},
        {"metaData": {"schemaString": schema}},
        {"commitInfo": {"operationParameters": {"predicate": f"who = '{told[3]}'"}}},
    ]
    log = folder / "_delta_log"
    log.mkdir()
    text = "\n".join(json.dumps(line) for line in lines)
    (log / f"{0:020d}.json").write_text(text, "utf-8")


def _names(folder: Path, encoding: str, values: Values) -> None:
    for value in values:
        name = f"who={as_text(value, encoding).replace('/', '_')}"
        assert len(name.encode()) <= LONGEST_NAME
        (folder / name).mkdir()


def _lines(folder: Path, encoding: str, values: Values) -> None:
    """A log: whatever it is told, byte for byte."""
    with (folder / "task.log").open("wb") as file:
        for value in values:
            padding = b"\n" * (file.tell() % 2) + LINE.encode()
            file.write(padding + ENCODINGS[encoding](value) + b"\n")


def _json_lines(folder: Path, encoding: str, values: Values) -> None:
    """Events, receipts, metrics: a value inside a text inside JSON."""
    told = (f"row [{as_text(value, encoding)}, 1]" for value in values)
    lines = (json.dumps({"event": json.dumps({"reason": text})}) for text in told)
    (folder / "events.jsonl").write_text("\n".join(lines), "utf-8")


def _database(folder: Path, encoding: str, values: Values) -> None:
    with closing(sqlite3.connect(folder / "a.db")) as opened, opened:
        opened.execute("create table rendered (told text, kept blob)")
        for value in values:
            row = (as_text(value, encoding), ENCODINGS[encoding](value))
            opened.execute("insert into rendered values (?, ?)", row)


def _notebook(folder: Path, encoding: str, values: Values) -> None:
    outputs = [
        nbformat.v4.new_output("stream", text=f"{as_text(value, encoding)}\n")
        for value in values
    ]
    cell = nbformat.v4.new_code_cell("frame.head()", outputs=outputs)
    book = nbformat.v4.new_notebook(cells=[cell])
    (folder / "look.ipynb").write_text(nbformat.writes(book), "utf-8")


def _zip(folder: Path, encoding: str, values: Values) -> None:
    """A workbook, an archive: packed once more."""
    with zipfile.ZipFile(folder / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        for number, value in enumerate(values):
            packed.writestr(f"sheet{number}.xml", ENCODINGS[encoding](value))


def _image(folder: Path, encoding: str, values: Values) -> None:
    """In what a picture says of itself."""
    content = b"\x89PNG\r\n\x1a\n"
    for value in values:
        told = b"Comment\0" + ENCODINGS[encoding](value)
        told += b"\0" * (len(told) % 2)
        size, check = len(told), zlib.crc32(b"tEXt" + told)
        content += struct.pack(">I", size) + b"tEXt" + told + struct.pack(">I", check)
    (folder / "a.png").write_bytes(content)


def _spilled(folder: Path, encoding: str, values: Values) -> None:
    """Blocks of LZ4, as Spark spills; a dump of memory is the same without."""
    content = b"".join(ENCODINGS[encoding](value).ljust(400, b"\0") for value in values)
    block = pa.Codec("lz4_raw").compress(content, asbytes=True)
    sizes = struct.pack("<III", len(block), len(content), 0)
    (folder / "shuffle_0_0_0.data").write_bytes(b"LZ4Block\x26" + sizes + block)


CONTAINERS: dict[str, Callable[[Path, str, Values], None]] = {
    "parquet": _parquet,
    "dictionary": _dictionary,
    "footer": _footer,
    "delta log": _delta_log,
    "names": _names,
    "lines": _lines,
    "json lines": _json_lines,
    "database": _database,
    "notebook": _notebook,
    "zip": _zip,
    "image": _image,
    "spill": _spilled,
}
