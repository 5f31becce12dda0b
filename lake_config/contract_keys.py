"""Which keys a contract may have, at every level: anything else is refused.

The ODCS model forbids unknown keys at the top only and silently ignores them deeper
down; a mistyped `clasification` must not pass.
"""

from __future__ import annotations

from typing import Any

from lake_config.contract_yaml import Place, Source

Shape = dict[str, Any]

CUSTOM: Shape = {"property": str, "value": object}
SERVER: Shape = {
    "server": str,
    "type": str,
    "environment": str,
    "description": str,
    "host": str,
    "port": int,
    "database": str,
    "schema": str,
    "path": str,
    "format": str,
    "encoding": str,
    "location": str,
    "customProperties": [CUSTOM],
}
QUALITY: Shape = {
    "name": str,
    "description": str,
    "type": str,
    "engine": str,
    "severity": str,
    "dimension": str,
    "implementation": {"rule": str, "columns": [str], "tolerance": object},
}
COLUMN: Shape = {
    "name": str,
    "businessName": str,
    "description": str,
    "logicalType": str,
    "physicalType": str,
    "logicalTypeOptions": {
        "maxLength": int,
        "pattern": str,
        "format": str,
        "minimum": object,
        "maximum": object,
    },
    "classification": str,
    "primaryKey": bool,
    "primaryKeyPosition": int,
    "required": bool,
    "unique": bool,
    "enum": [{"value": str, "label": str, "description": str}],
    "relationships": [{"type": str, "to": str}],
    "customProperties": [CUSTOM],
}
TABLE: Shape = {
    "name": str,
    "businessName": str,
    "logicalType": str,
    "physicalType": str,
    "description": str,
    "customProperties": [CUSTOM],
    "quality": [QUALITY],
    "properties": [COLUMN],
}
CONTRACT: Shape = {
    "apiVersion": str,
    "kind": str,
    "id": str,
    "name": str,
    "version": str,
    "status": str,
    "domain": str,
    "tenant": str,
    "description": {"purpose": str, "limitations": str, "usage": str},
    "servers": [SERVER],
    "slaProperties": [{"property": str, "value": object, "unit": str, "element": str}],
    "team": {
        "name": str,
        "description": str,
        "members": [{"username": str, "name": str, "role": str}],
    },
    "roles": [
        {
            "role": str,
            "description": str,
            "access": str,
            "firstLevelApprovers": str,
            "secondLevelApprovers": str,
        }
    ],
    "support": [{"channel": str, "tool": str, "scope": str, "description": str}],
    "customProperties": [CUSTOM],
    "schema": [TABLE],
}
REGISTERED: dict[str, frozenset[str]] = {
    "contract": frozenset(
        {
            "sourceDepartment",
            "schedule",
            "origin",
            "authorisation",
            "authorisationExpires",
        }
    ),
    "server": frozenset({"networkZone", "user", "secret", "pageSize", "manifest"}),
    "table": frozenset(
        {
            "server",
            "path",
            "file",
            "format",
            "resourceCode",
            "sourceDepartment",
            "shareType",
            "shareCondition",
            "legalBasis",
            "shareMode",
            "openType",
            "classification",
            "updateCycle",
            "controlDepth",
            "recordNumber",
            "band",
        }
    ),
    "column": frozenset({"semanticType"}),
}
"""Custom properties (ODCS `customProperties`) a contract may use, per level."""

KIND_WORDS = {
    str: "文本",
    int: "整数",
    bool: "true 或 false",
    dict: "键值",
    list: "列表",
}


def check_shape(source: Source, value: Any, shape: Any, place: Place = ()) -> None:
    """Complain about every unknown key and every value of the wrong kind."""
    if isinstance(shape, dict):
        _check_mapping(source, value, shape, place)
    elif isinstance(shape, list):
        _check_list(source, value, shape[0], place)
    elif shape is not object and type(value) is not shape:
        source.complain(place, f"“{place[-1]}”应为{KIND_WORDS[shape]}。")


def _check_mapping(source: Source, value: Any, shape: Shape, place: Place) -> None:
    if not isinstance(value, dict):
        source.complain(place, "这里应为键值。")
        return
    for key, inner in value.items():
        if key in shape:
            check_shape(source, inner, shape[key], (*place, key))
        else:
            source.complain(
                (*place, key), f"不认识的键“{key}”。可用的键：{'、'.join(shape)}。"
            )


def _check_list(source: Source, value: Any, shape: Any, place: Place) -> None:
    if not isinstance(value, list):
        source.complain(place, "这里应为列表。")
        return
    for index, item in enumerate(value):
        check_shape(source, item, shape, (*place, index))


def custom_properties(
    source: Source, holder: dict[str, Any], level: str, place: Place
) -> dict[str, Any]:
    """Registered custom properties of one object; complains about any other."""
    found: dict[str, Any] = {}
    for index, item in enumerate(holder.get("customProperties") or []):
        here = (*place, "customProperties", index)
        name = item.get("property") if isinstance(item, dict) else None
        if name not in REGISTERED[level]:
            source.complain(here, f"不认识的 customProperties 属性“{name}”。")
        elif name in found:
            source.complain(here, f"属性“{name}”重复出现。")
        else:
            found[str(name)] = item.get("value")
    return found
