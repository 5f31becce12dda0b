"""The digest of a delivered row, as docs/reference/control_totals.md defines it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal


def canonical_cell(value: object) -> str:
    """`N` for null, else `V<characters>:<text>`; null and empty differ."""
    if value is None:
        return "N"
    text = _text(value)
    return f"V{len(text)}:{text}"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def row_digest(row: Iterable[object]) -> str:
    """SHA-256 (hex) of the row's canonical text."""
    text = "".join(canonical_cell(value) for value in row)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
