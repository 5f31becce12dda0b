"""Where a contract says its data is handed over, and which tables refer to which."""

from __future__ import annotations

from typing import Any

from lake_config.contract import NETWORK_ZONES
from lake_config.contract_keys import custom_properties
from lake_config.contract_places import NAME, items, need, one_of, safe_name
from lake_config.contract_yaml import Place, Source

SERVER_NEEDS = {
    "postgresql": ("host", "port", "database"),
    "mysql": ("host", "port", "database"),
    "oracle": ("host", "port", "database"),
    "local": ("path", "format"),
    "api": ("location",),
}


def check_servers(source: Source, data: dict[str, Any]) -> dict[str, str]:
    """Server name to type; every name must exist in both environments."""
    found: dict[str, str] = {}
    seen: set[tuple[Any, Any]] = set()
    for index, server in items(data, "servers"):
        place = ("servers", index)
        need(source, server, "server", place)
        safe_name(source, server.get("server"), place)
        one_of(
            source, server.get("environment"), ("dev", "prod"), place, "environment "
        )
        one_of(source, server.get("type"), tuple(SERVER_NEEDS), place, "服务器 type ")
        for key in SERVER_NEEDS.get(str(server.get("type")), ()):
            if key not in server:
                source.complain(place, f"{server['type']} 服务器缺少“{key}”。")
        _check_server_properties(source, server, place)
        seen.add((server.get("server"), server.get("environment")))
        found[str(server.get("server"))] = str(server.get("type"))
    for name in found:
        if not {(name, "dev"), (name, "prod")} <= seen:
            source.complain(("servers",), f"服务器 {name} 须有 dev 和 prod 两项。")
    return found


def _check_server_properties(
    source: Source, server: dict[str, Any], place: Place
) -> None:
    own = custom_properties(source, server, "server", place)
    if not own.get("networkZone"):
        source.complain(place, "服务器缺少 networkZone。")
    one_of(source, own.get("networkZone"), NETWORK_ZONES, place, "networkZone ")
    secret = own.get("secret")
    if secret is not None and not NAME.match(str(secret)):
        source.complain(place, "secret 只写密钥的名字，口令本身绝不能写进契约。")


def check_references(source: Source, data: dict[str, Any]) -> None:
    """Relationships must lead to a column, and never in a circle."""
    columns = {
        f"{table.get('name')}.{column.get('name')}"
        for _, table in items(data, "schema")
        for _, column in items(table, "properties")
    }
    parents: dict[str, set[str]] = {}
    for index, table in items(data, "schema"):
        found = parents.setdefault(str(table.get("name")), set())
        for number, column in items(table, "properties"):
            for _, relationship in items(column, "relationships"):
                target = str(relationship.get("to"))
                if target not in columns:
                    place = ("schema", index, "properties", number)
                    source.complain(place, f"关系指向不存在的列 {target}。")
                found.add(target.split(".")[0])
    if _circular(parents):
        source.complain(("schema",), "表之间的关系成环，无法确定先后。")


def _circular(parents: dict[str, set[str]]) -> bool:
    open_tables = {name: {*above} - {name} for name, above in parents.items()}
    while ready := [
        name for name, above in open_tables.items() if not above & set(open_tables)
    ]:
        for name in ready:
            del open_tables[name]
    return bool(open_tables)
