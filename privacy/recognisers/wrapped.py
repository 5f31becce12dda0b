"""Texts inside texts: runs of base64 that hold readable text."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

_SIGN = "[0-9A-Za-z+/_-]"
_RUN = re.compile(
    rf"{_SIGN}(?<!{_SIGN}.){_SIGN}{{23,}}(?:\r?\n{_SIGN}+)*(?:={{1,2}})?(?!{_SIGN}|=)"
)
_URL_SAFE = str.maketrans("-_", "+/")


def wrapped_texts(text: str) -> Iterator[tuple[int, int, str]]:
    """Start and end of each run, and the text that it holds."""
    for run in _RUN.finditer(text):
        inner = _decoded(run[0])
        if inner is not None:
            yield run.start(), run.end(), inner


def _decoded(run: str) -> str | None:
    """Its text, or None: what is not readable was no text."""
    signs = re.sub(r"[\r\n=]", "", run).translate(_URL_SAFE)
    try:
        raw = base64.b64decode(signs + "=" * (-len(signs) % 4), validate=True)
    except binascii.Error:
        return None
    return _readable(raw, "utf-8") or _readable(raw, "gb18030")


def _readable(raw: bytes, encoding: str) -> str | None:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return None
    return text if not re.search("[\x00-\x08\x0e-\x1f\x7f-\x9f]", text) else None
