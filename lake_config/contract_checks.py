"""Facts of a contract that contradict each other or the catalogue's law.

What one key alone may be stands in `contract_keys.py`. Sources: law.md L01 (share types),
L03 (unique names), L09 (the higher level counts), L50 (sensitive kinds), L52 (retention).
Works on plain data that may be broken anywhere, so every look-up is careful; each problem
is noted with its line, none stops the next.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from lake_config.contract import (
    CLASSIFICATIONS,
    PERSONAL_NONE,
    RECORD_NUMBERS,
    SEMANTIC_TYPES,
)
from lake_config.contract_loads import check_load
from lake_config.contract_servers import check_references, check_servers
from lake_config.contract_shape import custom_properties, items
from lake_config.contract_statistics import check_statistics
from lake_config.contract_yaml import Place, Source
from lake_config.patterns import problem

SLA_UNITS = {
    "frequency": ("d", "month", "year"),
    "latency": ("h",),
    "retention": ("d",),
}
RESERVED = ("rows", "row_sum")
"""Names of the control totals of a whole table (docs/reference/control_totals.md)."""

MOMENTS, NUMBERS = ("date", "timestamp"), ("integer", "number")
WRITTEN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("address", "movement_place", "diagnosis_code"), ("string",)),
    **dict.fromkeys(("birth_date", "event_date", "event_time"), MOMENTS),
    "age": NUMBERS,
    "amount": NUMBERS,
}
"""What is told coarser must be of a type that has coarser values: 20240105 as a number is a
day in the year 57385."""

NO_CHECKSUMS = ("local", "api")
"""A manifest and a service say how many rows there are, and no more."""


def check_facts(source: Source, data: dict[str, Any]) -> None:
    """Note every contradiction between facts of one contract."""
    members = items(data.get("team"), "members")
    for role in {"owner", "steward"} - {str(item.get("role")) for _, item in members}:
        source.complain(("team",), f"team.members 缺少 {role}。")
    servers = check_servers(source, data)
    tables = dict(items(data, "schema"))
    _unique(source, tables, ("schema",), "name", "表名")
    _unique(source, tables, ("schema",), "businessName", "表的中文名")
    for index, table in tables.items():
        _check_table(source, data, table, ("schema", index), servers)
    check_references(source, data)
    check_statistics(source, data)


def _unique(
    source: Source, items: dict[int, dict[str, Any]], place: Place, key: str, what: str
) -> None:
    """Names must differ after blanks and punctuation are normalised (L03)."""
    seen: dict[str, int] = {}
    for index, item in items.items():
        plain = unicodedata.normalize("NFKC", str(item.get(key, ""))).lower()
        plain = re.sub(r"[\W_]+", "", plain)
        if plain and plain in seen:
            source.complain((*place, index), f"{what}“{item.get(key)}”与前面的重复。")
        seen[plain] = index


def _check_table(
    source: Source,
    data: dict[str, Any],
    table: dict[str, Any],
    place: Place,
    servers: dict[str, str],
) -> None:
    own = custom_properties(table)
    columns = dict(items(table, "properties"))
    names = [column.get("name") for column in columns.values()]
    _unique(source, columns, (*place, "properties"), "name", "列名")
    _check_share(source, table, own, place)
    _check_band(source, own.get("band"), place)
    _check_delivery(source, own, servers, place)
    check_load(source, own, columns, servers, place)
    _check_sla(source, data, table, place)
    for index, column in columns.items():
        _check_column(source, column, (*place, "properties", index), own)
    _check_rules(source, table, names, place)
    _check_record_number(source, columns, own.get("recordNumber"), place)


def _check_record_number(
    source: Source, columns: dict[int, dict[str, Any]], number: Any, place: Place
) -> None:
    """Engineers see it of held-back rows, so it must not be about a person."""
    if number is None:
        return
    found = [_semantic(item) for item in columns.values() if item.get("name") == number]
    if not found:
        source.complain(place, "recordNumber 指的列不存在。")
    elif found[0] not in RECORD_NUMBERS:
        known = "、".join(RECORD_NUMBERS)
        source.complain(place, f"recordNumber 的列，semanticType 只能是：{known}。")


def _check_share(
    source: Source, table: dict[str, Any], own: dict[str, Any], place: Place
) -> None:
    """L01: nothing with personal data is shared unconditionally."""
    personal = [
        column.get("name")
        for _, column in items(table, "properties")
        if SEMANTIC_TYPES.get(_semantic(column), PERSONAL_NONE) != PERSONAL_NONE
    ]
    if own.get("shareType") == "无条件共享" and personal:
        source.complain(place, f"含个人信息的列（{personal[0]} 等）不能无条件共享。")


def _semantic(column: dict[str, Any]) -> str:
    return str(custom_properties(column).get("semanticType"))


def _check_band(source: Source, band: Any, place: Place) -> None:
    values = band.values() if isinstance(band, dict) else ()
    if any(isinstance(value, int | float) and value < 0 for value in values):
        source.complain(place, "band 里不能有负数。")


def _check_delivery(
    source: Source, own: dict[str, Any], servers: dict[str, str], place: Place
) -> None:
    """File format needs file transport and the reverse (L03)."""
    server = own.get("server")
    if server is not None and server not in list(servers):
        source.complain(place, f"服务器 {server} 没有在 servers 中声明。")
        return
    kind = servers.get(str(server))
    if kind == "local" and not str(own.get("file")).endswith(f".{own.get('format')}"):
        source.complain(place, "文件交付须写 file 和 format，且扩展名一致。")
    if kind == "api" and not str(own.get("path", "")).startswith("/"):
        source.complain(place, "接口交付须写以 / 开头的 path。")
    if kind in NO_CHECKSUMS and own.get("controlDepth") in ("keys", "columns"):
        source.complain(place, "文件和接口只给出行数，controlDepth 须为 rows。")
    if kind != "local" and ("file" in own or "format" in own):
        source.complain(place, "只有文件交付才写 file 和 format。")


def _check_sla(
    source: Source, data: dict[str, Any], table: dict[str, Any], place: Place
) -> None:
    """L04 and L52: update cycle, latency and retention of every table."""
    found = {
        (str(item.get("property")), str(item.get("unit")))
        for _, item in items(data, "slaProperties")
        if item.get("element") == table.get("name")
        and isinstance(item.get("value"), int | float)
        and item["value"] > 0
    }
    for name, units in SLA_UNITS.items():
        if not found & {(name, unit) for unit in units}:
            known = "、".join(units)
            source.complain(
                place, f"slaProperties 没有这张表的 {name}（大于 0，单位 {known}）。"
            )


def _check_column(
    source: Source, column: dict[str, Any], place: Place, table: dict[str, Any]
) -> None:
    level, whole = column.get("classification"), table.get("classification")
    if level in CLASSIFICATIONS and whole in CLASSIFICATIONS:
        if CLASSIFICATIONS.index(level) > CLASSIFICATIONS.index(whole):
            source.complain(place, "列的分级高于表的分级，请提高表的分级（就高原则）。")
    if column.get("name") in RESERVED:
        source.complain((*place, "name"), "列名 rows 和 row_sum 留给控制总数，请改名。")
    _check_type(source, column, place)
    _check_pattern(source, column, place)


def _check_type(source: Source, column: dict[str, Any], place: Place) -> None:
    kind, type_ = _semantic(column), column.get("logicalType")
    types = WRITTEN.get(kind, ())
    if types and type_ not in types:
        known = "、".join(types)
        source.complain(
            (*place, "logicalType"),
            f"semanticType 为 {kind} 的列，logicalType 只能是 {known}，否则无法按策略概括。",
        )


def _check_pattern(source: Source, column: dict[str, Any], place: Place) -> None:
    options = column.get("logicalTypeOptions")
    pattern = options.get("pattern") if isinstance(options, dict) else None
    if pattern is not None and (wrong := problem(str(pattern))):
        here = (*place, "logicalTypeOptions", "pattern")
        source.complain(here, f"pattern {wrong}")


def _check_rules(
    source: Source, table: dict[str, Any], columns: list[Any], place: Place
) -> None:
    for index, rule in items(table, "quality"):
        here = (*place, "quality", index)
        how = rule.get("implementation")
        if not isinstance(how, dict):
            continue
        if not str(rule.get("name")).startswith(f"{how.get('rule')}."):
            source.complain(here, "规则名须以“规则类别.”开头。")
        _check_rule_columns(source, how, columns, here)


def _check_rule_columns(
    source: Source, how: dict[str, Any], columns: list[Any], place: Place
) -> None:
    rule, wanted = how.get("rule"), how.get("columns")
    if not isinstance(wanted, list):
        return
    here = (*place, "implementation", "columns")
    if len(wanted) < 2 or (rule == "order" and len(wanted) > 2):
        source.complain(here, "order 规则须写两列，sum 规则至少两列。")
    for name in [name for name in wanted if name not in columns]:
        source.complain(here, f"规则引用了不存在的列 {name}。")
