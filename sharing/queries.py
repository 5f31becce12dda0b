"""What a query may ask for: the version that is published now, as a small JSON object."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Depends, Request

from sharing.answers import Refused
from sharing.tables import SharedTable

LARGEST = 64 * 1024
HISTORY = (
    "startingVersion",
    "endingVersion",
    "startingTimestamp",
    "endingTimestamp",
    "timestamp",
)


async def _received(request: Request) -> bytes:
    """The request's body, given up as soon as it is larger than any that is answered."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LARGEST:
            break
    return content


Content = Annotated[bytes, Depends(_received)]
"""Received before an endpoint runs, and judged by it only after the person is known."""


def wanted_version(table: SharedTable, content: bytes) -> int:
    """The newest published version, or exactly that one by number; no history."""
    asked = _parsed(content)
    if any(asked.get(name) is not None for name in HISTORY):
        raise Refused(400, "INVALID_PARAMETER_VALUE", "不提供历史版本和变更数据。")
    if asked.get("version") not in (None, table.version):
        raise Refused(400, "INVALID_PARAMETER_VALUE", "只提供最新发布的版本。")
    return table.version


def _parsed(content: bytes) -> dict[str, Any]:
    if len(content) > LARGEST:
        raise Refused(413, "INVALID_PARAMETER_VALUE", "请求内容过大。")
    try:
        found = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(400, "INVALID_PARAMETER_VALUE", "请求内容不是 JSON 对象。")
    return found
