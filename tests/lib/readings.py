"""Every text that some bytes can be read as: twelve encodings, and these inside each other.

For searching, so nothing is exact: what cannot be read in one way is left out of it.
"""

from __future__ import annotations

import base64
import binascii
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO

import pyarrow as pa
import zstandard

from tests.lib.plain_texts import without_escapes

CHARACTERS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
DEPTH = 3
LARGEST = 1 << 28
"""Bytes that one packed piece is opened to at most."""

BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{10,}")
BASE64_LETTERS = bytes.maketrans(b"-_", b"+/")
HEXADECIMAL = re.compile(rb"(?:[0-9a-fA-F]{2}){8,}")
ESCAPED = re.compile(rb"\\+x([0-9a-fA-F]{2})|%([0-9a-fA-F]{2})|\\+([0-3][0-7]{2})")
GZIP, ZSTD, ZIP = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
SNAPPY, LZ4 = b"\x82SNAPPY\0", b"LZ4Block"
BETWEEN = b"\n\0\n\0"
"""Ends a line in every encoding, and keeps pairs of bytes together."""


def readings(content: bytes, depth: int = DEPTH) -> Iterator[tuple[str, str]]:
    """(how it was read, text); ways that were gone one after the other stand apart."""
    for name in CHARACTERS:
        for shift in (0, 1) if name.startswith("utf-16") else (0,):
            text = content[shift:].decode(name, "ignore")
            yield name, text
            plain = without_escapes(text)
            if plain != text:
                yield f"escaped {name}", plain
    if depth:
        for how, inner in opened(content):
            for name, text in readings(inner, depth - 1):
                yield f"{how} > {name}", text


def opened(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What is packed or written in other letters inside, all of one sort at once."""
    for how, ways in WAYS.items():
        for inner in ways(content):
            if inner and inner != content:
                yield how, inner


def _base64(content: bytes) -> Iterator[bytes]:
    """From each of four places on: what stands before may be of the same letters."""
    runs = BASE64.findall(content.translate(BASE64_LETTERS))
    for shift in range(4) if runs else ():
        yield _joined(_decoded(run[shift:]) for run in runs)


def _decoded(run: bytes) -> bytes:
    whole = run[: len(run) - (len(run) % 4 == 1)]
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _hexadecimal(content: bytes) -> Iterator[bytes]:
    yield _joined(binascii.unhexlify(run) for run in HEXADECIMAL.findall(content))


def _joined(parts: Iterator[bytes]) -> bytes:
    return BETWEEN.join(part + b"\0" * (len(part) % 2) for part in parts)


def _escapes(content: bytes) -> Iterator[bytes]:
    def byte(found: re.Match[bytes]) -> bytes:
        if found[3]:
            return bytes([int(found[3], 8)])
        return binascii.unhexlify(found[1] or found[2])

    if b"\\" in content or b"%" in content:
        yield ESCAPED.sub(byte, content)


def _places(content: bytes, sign: bytes) -> Iterator[int]:
    place = content.find(sign)
    while place >= 0:
        yield place
        place = content.find(sign, place + 1)


def _gzip(content: bytes) -> Iterator[bytes]:
    for place in _places(content, GZIP):
        try:
            yield zlib.decompressobj(31).decompress(content[place:], LARGEST)
        except zlib.error:
            continue


def _zstd(content: bytes) -> Iterator[bytes]:
    for place in _places(content, ZSTD):
        try:
            yield (
                zstandard.ZstdDecompressor().decompressobj().decompress(content[place:])
            )
        except zstandard.ZstdError:
            continue


def _snappy(content: bytes) -> Iterator[bytes]:
    """Blocks as snappy-java writes them, which Spark does: a size, and a packed block."""
    for place in _places(content, SNAPPY):
        yield b"".join(_snappy_blocks(content, place + 16))


def _snappy_blocks(content: bytes, place: int) -> Iterator[bytes]:
    while place + 4 < len(content):
        size = int.from_bytes(content[place : place + 4], "big")
        block = content[place + 4 : place + 4 + size]
        plain, length = _varint(block)
        if len(block) < size or plain > LARGEST or not length:
            return
        try:
            yield pa.Codec("snappy").decompress(block, plain).to_pybytes()
        except OSError:
            return
        place += 4 + size


def _varint(content: bytes) -> tuple[int, int]:
    """How many bytes a block has when it is opened, and in how many that is written."""
    value = 0
    for place, byte in enumerate(content[:5]):
        value |= (byte & 0x7F) << 7 * place
        if not byte & 0x80:
            return value, place + 1
    return 0, 0


def _lz4(content: bytes) -> Iterator[bytes]:
    """Blocks as Spark writes what it shuffles and spills; a value may lie across two."""
    yield b"".join(_lz4_block(content, place) for place in _places(content, LZ4))


def _lz4_block(content: bytes, place: int) -> bytes:
    sizes = content[place + 9 : place + 17]
    packed, plain = (int.from_bytes(sizes[at : at + 4], "little") for at in (0, 4))
    block = content[place + 21 : place + 21 + packed]
    if packed == plain or plain > LARGEST:
        return block
    try:
        return bytes(pa.Codec("lz4_raw").decompress(block, plain))
    except OSError:
        return b""


def _zip(content: bytes) -> Iterator[bytes]:
    if ZIP not in content:
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            for item in packed.infolist():
                yield item.filename.encode() + BETWEEN + packed.read(item)
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        RuntimeError,
        OSError,
        EOFError,
    ):
        return  # what looks like one, and is none


WAYS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "base64": _base64,
    "hex": _hexadecimal,
    "escapes": _escapes,
    "gzip": _gzip,
    "zstd": _zstd,
    "snappy": _snappy,
    "lz4": _lz4,
    "zip": _zip,
}
