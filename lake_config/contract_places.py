"""Careful look-ups in a contract that may be broken anywhere, and the simplest checks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lake_config.contract_yaml import Place, Source

NAME = re.compile(r"[a-z][a-z0-9_]{0,62}\Z")
NEEDED = {
    "contract": (
        "apiVersion kind id name version status description servers slaProperties team "
        "roles support customProperties schema"
    ).split(),
    "server": ["server", "type", "environment", "customProperties"],
    "table": ["name", "businessName", "description", "customProperties", "properties"],
    "column": [
        "name",
        "businessName",
        "logicalType",
        "physicalType",
        "classification",
        "customProperties",
    ],
    "quality": ["name", "severity", "implementation"],
}


def items(holder: Any, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings of a list, with their places; anything else was reported already."""
    values = holder.get(key) if isinstance(holder, dict) else None
    for index, value in enumerate(values if isinstance(values, list) else []):
        if isinstance(value, dict):
            yield index, value


def need(source: Source, holder: dict[str, Any], level: str, place: Place) -> None:
    for key in NEEDED[level]:
        if holder.get(key) in (None, "", [], {}):
            source.complain(place, f"缺少“{key}”，请补上。")


def one_of(source: Source, value: Any, allowed: Any, place: Place, what: str) -> None:
    if value is not None and (not isinstance(value, str) or value not in allowed):
        source.complain(place, f"{what}只能是：{'、'.join(allowed)}。")


def safe_name(source: Source, value: Any, place: Place) -> None:
    if isinstance(value, str) and not NAME.match(value):
        source.complain(place, "名称只能用小写字母、数字和下划线，并以字母开头。")
