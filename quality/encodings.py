"""Which encoding the bytes of a delivered text file are in: a name from a closed list."""

from __future__ import annotations

MOST, HALF = 0.9, 0.5
UNKNOWN = "unknown"
MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
OTHERS = ("UTF-8", "GB18030")
THREE = "\u0800"
"""The first character that UTF-8 writes in three bytes."""


def encoding_of(head: bytes, agreed: str) -> str:
    """`agreed` unless the lines show another one; ASCII shows nothing.

    UTF-8 is asked first: its lines often pass for GB18030, hardly ever the other way. GBK
    is a part of GB18030 and passes for it.
    """
    if mark := MARKS.get(head[:2]):
        return mark if agreed.upper().replace("_", "-")[:6] != "UTF-16" else agreed
    lines = [line for line in head.split(b"\n")[:-1] if not line.isascii()]
    if not lines or _same(agreed, "UTF-8") and _share(lines, agreed) >= HALF:
        return agreed
    if sum(map(_surely_utf8, lines)) >= MOST * len(lines):
        return "UTF-8"
    if _share(lines, agreed) >= HALF:
        return agreed
    return next((name for name in OTHERS if _share(lines, name) >= MOST), UNKNOWN)


def _same(one: str, other: str) -> bool:
    return one.upper().replace("_", "-") == other


def _share(lines: list[bytes], encoding: str) -> float:
    return sum(_decodes(line, encoding) for line in lines) / len(lines)


def _surely_utf8(line: bytes) -> bool:
    """With a character of three bytes, as Chinese ones are: two bytes of GB18030 may be
    one of UTF-8, and a small file may hold nothing else."""
    return _decodes(line, "UTF-8") and any(letter >= THREE for letter in line.decode())


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True
