"""Whether a table can be loaded the way its contract says: incrementally, or by a feed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lake_config.contract import CHANGE_FEED, FULL, INCREMENTAL, TRANSPORT_OF
from lake_config.contract_shape import custom_properties
from lake_config.contract_yaml import Place, Source

OPERATION, SEQUENCE = "change_operation", "change_sequence"
"""The two columns that a feed has beside the table's own."""

TRANSPORTS = {INCREMENTAL: ("jdbc", "前置库"), CHANGE_FEED: ("files", "文件")}
RISING = ("date", "timestamp", "integer")
TYPED = ("date", "timestamp", "datetime", "int", "integer", "bigint", "smallint")
OF_CHANGES = ("event_date", "event_time", "record_key", "not_personal")
"""What may say where reading goes on: the question to the source names its newest value,
and statements are logged by servers. A number of a person is none of it."""

IN_ORDER = r"yyyy(-)?MM\1dd.*"
"""Texts in such a layout sort as the days they say."""


def check_load(
    source: Source,
    own: dict[str, Any],
    columns: dict[int, dict[str, Any]],
    servers: dict[str, str],
    place: Place,
) -> None:
    """Note everything that is wrong with it; what one key may be was checked before."""
    load = own.get("load")
    if isinstance(load, dict):
        kind = servers.get(str(own.get("server")), "")
        found = list(columns.values())
        for problem in _problems(load, found, TRANSPORT_OF.get(kind, "")):
            source.complain(place, f"load：{problem}")


def _problems(
    load: dict[str, Any], columns: list[dict[str, Any]], transport: str
) -> Iterator[str]:
    kind = load.get("kind")
    if kind == FULL and len(load) > 1:
        yield "full 不需要其他键。"
    if kind not in TRANSPORTS:
        return
    wanted, name = TRANSPORTS[kind]
    if transport != wanted:
        yield f"{kind} 只能用于{name}交付的表。"
    if not any(column.get("primaryKey") is True for column in columns):
        yield f"{kind} 的表必须有 primaryKey，否则无法认出被改动的行。"
    if _below(load.get("reconcileEvery"), 1):
        yield "reconcileEvery 至少为 1。"
    yield from (_of_feed if kind == CHANGE_FEED else _of_column)(load, columns)


def _below(value: Any, least: int) -> bool:
    return isinstance(value, int) and value < least


def _of_feed(load: dict[str, Any], columns: list[dict[str, Any]]) -> Iterator[str]:
    if {"changeColumn", "lateness"} & load.keys():
        yield "changeColumn 和 lateness 只用于 incremental。"
    names = {str(column.get("name")).lower() for column in columns}
    if names & {OPERATION, SEQUENCE}:
        yield f"列名 {OPERATION} 和 {SEQUENCE} 留给变更文件，请改名。"


def _of_column(load: dict[str, Any], columns: list[dict[str, Any]]) -> Iterator[str]:
    if _below(load.get("lateness"), 0):
        yield "lateness 不能为负。"
    known = [item for item in columns if item.get("name") == load.get("changeColumn")]
    if load.get("changeColumn") and not known:
        yield "changeColumn 指的列不存在。"
    if known and not rises(known[0]):
        yield "changeColumn 须为整数，或日期、时间；文本须按年月日的顺序写。"
    if known and custom_properties(known[0]).get("semanticType") not in OF_CHANGES:
        yield f"changeColumn 的 semanticType 只能是：{'、'.join(OF_CHANGES)}。"


def native(physical_type: str) -> bool:
    """Does the source know it as a number or a date, and not as a text?"""
    return re.split(r"[( ]", physical_type.lower(), maxsplit=1)[0] in TYPED


def rises(column: dict[str, Any]) -> bool:
    """Does the source itself put its values in the order of time?"""
    logical = column.get("logicalType")
    if logical not in RISING:
        return False
    if native(str(column.get("physicalType"))):
        return True
    options = column.get("logicalTypeOptions")
    layout = options.get("format") if isinstance(options, dict) else None
    in_order = re.fullmatch(IN_ORDER, str(layout or "yyyy-MM-dd"))
    return logical != "integer" and in_order is not None
