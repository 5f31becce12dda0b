"""Facts of a contract that contradict each other or the catalogue's law.

Sources: law.md L01 (share types), L02–L03 (core metadata, unique names), L50 (sensitive
kinds), L52 (retention). Works on plain data that may be broken anywhere, so every look-up
is careful; each problem is noted with its line, none stops the next.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from lake_config.contract import (
    CLASSIFICATIONS,
    CONTROL_DEPTHS,
    LOGICAL_TYPES,
    PERSONAL_NONE,
    SEMANTIC_TYPES,
    SEVERITIES,
    SHARE_TYPES,
)
from lake_config.contract_keys import custom_properties
from lake_config.contract_places import items, need, one_of, safe_name
from lake_config.contract_servers import check_references, check_servers
from lake_config.contract_yaml import Place, Source

FILE = re.compile(r"[a-z][a-z0-9_]{0,62}\.(csv|xlsx|jsonl|parquet)\Z")
RESOURCE_CODE = re.compile(r"[0-9]{6,16}/[0-9]{6}\Z")
TABLE_NEEDS = (
    "server resourceCode shareType shareMode openType classification updateCycle "
    "controlDepth band"
).split()
BAND_NEEDS = ("rowsDown", "rowsUp", "quarantined", "minimumRows")
RULE_KINDS = ("order", "sum")


def check_facts(source: Source) -> None:
    """Note every missing or contradictory fact of one contract."""
    data = source.data
    if not isinstance(data, dict):
        source.complain((), "文件是空的，或不是键值形式的契约。")
        return
    need(source, data, "contract", ())
    _check_top(source, data)
    servers = check_servers(source, data)
    tables = dict(items(data, "schema"))
    _unique(source, tables, ("schema",), "name", "表名")
    _unique(source, tables, ("schema",), "businessName", "表的中文名")
    for index, table in tables.items():
        _check_table(source, data, table, ("schema", index), servers)
    check_references(source, data)


def _check_top(source: Source, data: dict[str, Any]) -> None:
    safe_name(source, data.get("name"), ("name",))
    own = custom_properties(source, data, "contract", ())
    for key in ("sourceDepartment", "schedule", "origin"):
        if not own.get(key):
            source.complain(("customProperties",), f"customProperties 缺少“{key}”。")
    if own.get("origin") not in (None, "own", "provincial", "national"):
        source.complain(
            ("customProperties",), "origin 只能是 own、provincial、national。"
        )
    returned = own.get("origin") in ("provincial", "national")
    if returned and not (own.get("authorisation") and own.get("authorisationExpires")):
        source.complain(
            ("customProperties",),
            "返还数据必须写明授权文号 authorisation 和到期日 authorisationExpires。",
        )
    team = data.get("team")
    roles = {item.get("role") for _, item in items(team, "members")}
    for role in {"owner", "steward"} - roles:
        source.complain(("team",), f"team.members 缺少 {role}。")
    for index, item in items(data, "roles"):
        if not item.get("firstLevelApprovers"):
            source.complain(("roles", index), "角色缺少审核人 firstLevelApprovers。")


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
    need(source, table, "table", place)
    safe_name(source, table.get("name"), place)
    own = custom_properties(source, table, "table", place)
    for key in TABLE_NEEDS:
        if own.get(key) in (None, ""):
            source.complain(place, f"表的 customProperties 缺少“{key}”。")
    _check_share(source, table, own, place)
    _check_vocabulary(source, own, place)
    _check_delivery(source, own, servers, place)
    _check_sla(source, data, table, place)
    columns = dict(items(table, "properties"))
    _unique(source, columns, (*place, "properties"), "name", "列名")
    for index, column in columns.items():
        _check_column(source, column, (*place, "properties", index), own)
    names = {column.get("name") for column in columns.values()}
    _check_rules(source, table, names, place)
    if own.get("recordNumber") is not None and own["recordNumber"] not in names:
        source.complain(place, "recordNumber 指的列不存在。")


def _check_share(
    source: Source, table: dict[str, Any], own: dict[str, Any], place: Place
) -> None:
    """L01: condition for 有条件, legal basis for 不予; 无条件 never with personal data."""
    share = own.get("shareType")
    one_of(source, share, SHARE_TYPES, place, "shareType ")
    if share == "有条件共享" and not own.get("shareCondition"):
        source.complain(place, "有条件共享必须写明共享条件 shareCondition。")
    if share == "不予共享" and not own.get("legalBasis"):
        source.complain(place, "不予共享必须写明依据 legalBasis。")
    personal = [
        column.get("name")
        for _, column in items(table, "properties")
        if SEMANTIC_TYPES.get(_semantic(column), PERSONAL_NONE) != PERSONAL_NONE
    ]
    if share == "无条件共享" and personal:
        source.complain(place, f"含个人信息的列（{personal[0]} 等）不能无条件共享。")


def _semantic(column: dict[str, Any]) -> str:
    own = custom_properties(Source(""), column, "column", ())
    return str(own.get("semanticType"))


def _check_vocabulary(source: Source, own: dict[str, Any], place: Place) -> None:
    one_of(source, own.get("classification"), CLASSIFICATIONS, place, "classification ")
    one_of(source, own.get("controlDepth"), CONTROL_DEPTHS, place, "controlDepth ")
    code = own.get("resourceCode")
    if code is not None and not RESOURCE_CODE.match(str(code)):
        source.complain(place, "resourceCode 应为“类目码/6 位顺序号”。")
    band = own.get("band")
    if band is None:
        return
    values = [band.get(key) for key in BAND_NEEDS] if isinstance(band, dict) else [None]
    good = all(
        isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        for value in values
    )
    if not good:
        source.complain(place, f"band 须有非负数：{'、'.join(BAND_NEEDS)}。")


def _check_delivery(
    source: Source, own: dict[str, Any], servers: dict[str, str], place: Place
) -> None:
    """File format needs file transport and the reverse (L03)."""
    server = own.get("server")
    if server is not None and server not in servers:
        source.complain(place, f"服务器 {server} 没有在 servers 中声明。")
        return
    kind = servers.get(str(server))
    if kind == "local" and not FILE.match(str(own.get("file"))):
        source.complain(place, "文件交付须写 file（小写名.csv|xlsx|jsonl|parquet）。")
    if kind == "local" and not str(own.get("file")).endswith(f".{own.get('format')}"):
        source.complain(place, "format 与 file 的扩展名不一致。")
    if kind == "api" and not str(own.get("path", "")).startswith("/"):
        source.complain(place, "接口交付须写以 / 开头的 path。")
    if kind != "local" and ("file" in own or "format" in own):
        source.complain(place, "只有文件交付才写 file 和 format。")


def _check_sla(
    source: Source, data: dict[str, Any], table: dict[str, Any], place: Place
) -> None:
    """L04 and L52: update cycle, latency and retention of every table."""
    found = {
        item.get("property")
        for _, item in items(data, "slaProperties")
        if item.get("element") == table.get("name")
        and isinstance(item.get("value"), int | float)
        and item["value"] > 0
    }
    for name in ("frequency", "latency", "retention"):
        if name not in found:
            source.complain(place, f"slaProperties 没有这张表的 {name}。")


def _check_column(
    source: Source, column: dict[str, Any], place: Place, table: dict[str, Any]
) -> None:
    need(source, column, "column", place)
    safe_name(source, column.get("name"), place)
    one_of(source, column.get("logicalType"), LOGICAL_TYPES, place, "logicalType ")
    level = column.get("classification")
    one_of(source, level, CLASSIFICATIONS, place, "classification ")
    own = custom_properties(source, column, "column", place)
    if own.get("semanticType") not in SEMANTIC_TYPES:
        source.complain(
            place, "semanticType 缺失或不在清单中；确非个人信息请写 not_personal。"
        )
    whole = table.get("classification")
    if level in CLASSIFICATIONS and whole in CLASSIFICATIONS:
        if CLASSIFICATIONS.index(level) > CLASSIFICATIONS.index(whole):
            source.complain(place, "列的分级高于表的分级，请提高表的分级（就高原则）。")
    _check_pattern(source, column, place)


def _check_pattern(source: Source, column: dict[str, Any], place: Place) -> None:
    options = column.get("logicalTypeOptions")
    pattern = options.get("pattern") if isinstance(options, dict) else None
    try:
        re.compile(str(pattern))
    except (re.error, RecursionError, OverflowError):
        source.complain(place, "pattern 不是合法的正则表达式。")


def _check_rules(
    source: Source, table: dict[str, Any], columns: set[Any], place: Place
) -> None:
    for index, rule in items(table, "quality"):
        here = (*place, "quality", index)
        need(source, rule, "quality", here)
        one_of(source, rule.get("severity"), SEVERITIES, here, "severity ")
        how = rule.get("implementation")
        if not isinstance(how, dict):
            continue
        one_of(source, how.get("rule"), RULE_KINDS, here, "implementation.rule ")
        if not str(rule.get("name")).startswith(f"{how.get('rule')}."):
            source.complain(here, "规则名须以“规则类别.”开头。")
        wanted = how.get("columns")
        for name in wanted if isinstance(wanted, list) else []:
            if name not in columns:
                source.complain(here, f"规则引用了不存在的列 {name}。")
