"""The pages of a Parquet file, decompressed one by one, without any reader's help.

A reader shows only the cells that are referred to; this shows every byte a page holds,
also where a writer was killed before it wrote the footer. It understands just enough of
Thrift's compact protocol to find where pages begin and end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = b"PAR1"
DATA, DICTIONARY, DATA_V2 = 0, 2, 3
CODECS = {"ZSTD": "zstd", "SNAPPY": "snappy", "GZIP": "gzip", "LZ4_RAW": "lz4_raw"}


@dataclass(frozen=True, slots=True)
class Page:
    """`plain`: the part that holds texts one after the other, where it has one."""

    column: str
    content: bytes
    plain: bytes


def pages(content: bytes) -> Iterator[Page]:
    """Every page of every column chunk of a file with this content."""
    if not is_whole(content):
        yield from _pages_until_the_cut(content)
        return
    metadata = pq.read_metadata(pa.BufferReader(content))
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(number)
            # A chunk without a value has no page of data, or none at all.
            places = (chunk.dictionary_page_offset, chunk.data_page_offset)
            start = min(place for place in places if place)
            end = start + chunk.total_compressed_size
            optional = metadata.schema.column(number).max_definition_level > 0
            for header, body in _raw_pages(content[start:end]):
                page = _decompressed(header, body, chunk.compression)
                is_text = chunk.physical_type == "BYTE_ARRAY"
                plain = _plain(header, page, optional) if is_text else b""
                yield Page(chunk.path_in_schema, page, plain)


def is_whole(content: bytes) -> bool:
    """Whether the writer came to the end, where the footer stands."""
    return len(content) >= 12 and content[-4:] == MAGIC


def _pages_until_the_cut(content: bytes) -> Iterator[Page]:
    """Pages stand one after the other from the first byte after the magic. Which column
    they are of, how they are packed and whether they have levels only the footer knows:
    every way that fits counts."""
    with suppress(IndexError, KeyError, TypeError, ValueError):
        for header, body in _raw_pages(content[len(MAGIC) :]):
            if not _is_page(header):
                return
            for codec in ("UNCOMPRESSED", *CODECS):
                with suppress(OSError, pa.ArrowException):
                    page = _decompressed(header, body, codec)
                    if not _is_filled(header, body, codec):
                        continue
                    for optional in (True, False):
                        yield Page("?", page, _plain(header, page, optional))


def _is_filled(header: dict[int, Any], body: bytes, codec: str) -> bool:
    """Whether a page has the size its header tells: then it fits in no smaller one. Of
    what a codec leaves over the reader shows any memory, with cells of other files."""
    if codec == "UNCOMPRESSED":
        return True
    try:
        _decompressed({**header, 2: header[2] - 1}, body, codec)
    except (OSError, pa.ArrowException):
        return True
    return False


def _is_page(header: dict[int, Any]) -> bool:
    """After the last page indexes follow, and the footer."""
    sizes = all(isinstance(header[field], int) for field in (2, 3))
    return sizes and header[1] in (DATA, DICTIONARY, DATA_V2)


def _plain(header: dict[int, Any], page: bytes, optional: bool) -> bytes:
    """What follows the levels, if it is encoded PLAIN (0); flat columns only."""
    if header[1] == DICTIONARY:
        return page
    if header[1] == DATA and header[5][2] == 0:
        levels = 4 + int.from_bytes(page[:4], "little") if optional else 0
        return page[levels:]
    if header[1] == DATA_V2 and header[8][4] == 0:
        return page[header[8].get(5, 0) + header[8].get(6, 0) :]
    return b""


def byte_arrays(content: bytes) -> Iterator[bytes]:
    """Values of a plain page of texts: each has its length before it."""
    place = 0
    while place + 4 <= len(content):
        size = int.from_bytes(content[place : place + 4], "little")
        if place + 4 + size > len(content):
            return
        yield content[place + 4 : place + 4 + size]
        place += 4 + size


def _raw_pages(chunk: bytes) -> Iterator[tuple[dict[int, Any], bytes]]:
    place = 0
    while place < len(chunk):
        header, place = _struct(chunk, place)
        yield header, chunk[place : place + header[3]]
        place += header[3]


def _decompressed(header: dict[int, Any], body: bytes, codec: str) -> bytes:
    if codec == "UNCOMPRESSED":
        return body
    levels = 0
    if header[1] == DATA_V2:
        levels = header[8].get(5, 0) + header[8].get(6, 0)
        if header[8].get(7) is False:
            return body
    packed, size = body[levels:], header[2] - levels
    if not packed:
        return body
    plain = pa.Codec(CODECS[codec]).decompress(packed, size)
    return body[:levels] + plain.to_pybytes()


def _struct(data: bytes, place: int) -> tuple[dict[int, Any], int]:
    fields: dict[int, Any] = {}
    name = 0
    while data[place] != 0:
        step, kind = data[place] >> 4, data[place] & 0x0F
        place += 1
        if step:
            name += step
        else:
            name, place = _number(data, place)
        fields[name], place = _value(data, place, kind)
    return fields, place + 1


def _value(data: bytes, place: int, kind: int) -> tuple[Any, int]:
    if kind in (1, 2):
        return kind == 1, place
    if kind == 3:
        return data[place], place + 1
    if kind in (4, 5, 6):
        return _number(data, place)
    if kind == 7:
        return data[place : place + 8], place + 8
    if kind == 8:
        size, place = _varint(data, place)
        return data[place : place + size], place + size
    if kind in (9, 10):
        return _list(data, place)
    if kind == 12:
        return _struct(data, place)
    raise ValueError(f"thrift type {kind}")


def _list(data: bytes, place: int) -> tuple[list[Any], int]:
    size, kind = data[place] >> 4, data[place] & 0x0F
    place += 1
    if size == 15:
        size, place = _varint(data, place)
    items = []
    for _ in range(size):
        item, place = _value(data, place, kind)
        items.append(item)
    return items, place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[place] & 0x7F) << shift
        shift += 7
        place += 1
        if not data[place - 1] & 0x80:
            return value, place


def _number(data: bytes, place: int) -> tuple[int, int]:
    value, place = _varint(data, place)
    return (value >> 1) ^ -(value & 1), place
