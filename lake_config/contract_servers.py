"""Where a contract says its data is handed over, and which tables refer to which."""

from __future__ import annotations

from typing import Any

from lake_config.contract_shape import items
from lake_config.contract_yaml import Source


def check_servers(source: Source, data: dict[str, Any]) -> dict[str, str]:
    """Server name to type; every name must exist in both environments."""
    servers = [server for _, server in items(data, "servers")]
    seen = [(server.get("server"), server.get("environment")) for server in servers]
    found = {str(server.get("server")): str(server.get("type")) for server in servers}
    for name in found:
        if (name, "dev") not in seen or (name, "prod") not in seen:
            source.complain(("servers",), f"服务器 {name} 须有 dev 和 prod 两项。")
    return found


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
            for which, relationship in items(column, "relationships"):
                target = str(relationship.get("to"))
                if target not in columns:
                    above = ("schema", index, "properties", number)
                    place = (*above, "relationships", which, "to")
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
