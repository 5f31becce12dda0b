"""A shared file as an answer: whole, or the one range of bytes that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fastapi import Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from sharing.answers import HEADERS, Refused
from storage.store import Store

BYTES = "application/octet-stream"
CHUNK = 1 << 20
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def file_answer(store: Store, path: Path, request: Request) -> Response:
    """A local file is sent by the framework; an object passes through, never by a link."""
    if not store.options(path):
        return FileResponse(path, media_type=BYTES, headers=HEADERS)
    size = store.size(path)
    asked = RANGE.fullmatch(request.headers.get("range", "").strip())
    start, end = _asked(asked[1], asked[2], size) if asked else (0, size)
    headers = {
        **HEADERS,
        "Accept-Ranges": "bytes",
        "Content-Length": str(end - start),
    }
    if asked:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    status = 206 if asked else 200
    if request.method == "HEAD":
        return Response(None, status, headers, BYTES)
    parts = _parts(store.opened(path), start, end)
    return StreamingResponse(parts, status, headers, BYTES)


def _asked(first: str, last: str, size: int) -> tuple[int, int]:
    """First byte and the one after the last (RFC 9110, 14.1.2).

    What is no single range of bytes is not answered as one: the whole file is.
    """
    if first:
        start, end = int(first), min(int(last) + 1 if last else size, size)
    elif last:
        start, end = max(0, size - int(last)), size
    else:
        start = end = size
    if start >= end:
        raise Refused(416, "INVALID_PARAMETER_VALUE", "没有这一段内容。")
    return start, end


def _parts(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while start < end and (part := file.read(min(CHUNK, end - start))):
            start += len(part)
            yield part
