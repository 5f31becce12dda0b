"""From ODCS 3.2 files to frozen facts, strictly: all problems at once, each with its line.

`contract_keys.py` says what each key may be, `contract_checks.py` which facts contradict
each other; this module turns a file that passed both into a `Contract`.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

from lake_config.contract import (
    FULL,
    TRANSPORT_OF,
    Band,
    Column,
    Contract,
    Cycle,
    Load,
    Reference,
    Rule,
    Server,
    Table,
)
from lake_config.contract_checks import check_facts
from lake_config.contract_keys import CONTRACT
from lake_config.contract_shape import check_shape, custom_properties
from lake_config.contract_statistics import statistics_of
from lake_config.contract_yaml import Source, read_yaml
from lake_config.digests import sm3
from lake_config.errors import ContractError, UsageError


def load_contracts(folder: Path) -> tuple[Contract, ...]:
    """All contracts of a folder, by file name; ContractError names every problem."""
    contracts, problems = sound_contracts(folder)
    if problems:
        raise ContractError(problems)
    return contracts


def sound_contracts(folder: Path) -> tuple[tuple[Contract, ...], tuple[str, ...]]:
    """The contracts of a folder that can be loaded, and every problem of the others."""
    sources = [_own_file(path) for path in sorted(folder.glob("*.yaml"))]
    if not sources:
        return (), (f"{folder} 里没有契约文件（*.yaml）。",)
    sound = tuple(_contract(source) for source in sources if not source.problems)
    return sound, _problems(sources)


def contract_of(folder: Path, department: str) -> Contract:
    """One department's contract; nothing depends on the files of the others."""
    known = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if department not in known:
        raise UsageError(f"没有部门“{department}”。现有：{'、'.join(known) or '无'}。")
    return _loaded(_own_file(known[department]))


def load_contract(path: Path) -> Contract:
    """One contract; ContractError names every problem in it."""
    return _loaded(_checked(path))


def _loaded(source: Source) -> Contract:
    if source.problems:
        raise ContractError(tuple(source.problems))
    return _contract(source)


def _own_file(path: Path) -> Source:
    """A department is found by its file's name, so that must be its own."""
    source = _checked(path)
    if not source.problems and source.data["name"] != path.stem:
        source.complain(("name",), f"文件名应为 {source.data['name']}.yaml。")
    return source


def check_contracts(paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Every problem of these files, as `file:line: what is wrong and how to mend it`."""
    return _problems([_checked(path) for path in paths])


def _problems(sources: list[Source]) -> tuple[str, ...]:
    problems = [problem for source in sources for problem in source.problems]
    found = [source.data for source in sources if isinstance(source.data, dict)]
    names = Counter(str(data["name"]) for data in found if data.get("name"))
    twice = [name for name, number in names.items() if number > 1]
    problems += [f"部门“{name}”有不止一份契约，请只保留一份。" for name in twice]
    return tuple(problems)


def _checked(path: Path) -> Source:
    source = read_yaml(path)
    if source.problems:
        return source
    if isinstance(source.data, dict):
        check_shape(source, source.data, CONTRACT)
        check_facts(source, source.data)
    else:
        source.complain((), "文件是空的，或不是键值形式的契约。")
    return source


def _contract(source: Source) -> Contract:
    data: dict[str, Any] = source.data
    own = custom_properties(data)
    members = {item["role"]: item["username"] for item in data["team"]["members"]}
    return Contract(
        department=data["name"],
        business_name=data["team"]["name"],
        version=data["version"],
        digest=sm3(source.content),
        servers=tuple(_server(item) for item in data["servers"]),
        tables=tuple(_table(item, data, own) for item in data["schema"]),
        origin=own["origin"],
        authorisation=own.get("authorisation", ""),
        authorisation_expires=str(own.get("authorisationExpires", "")),
        schedule=own["schedule"],
        owner=members["owner"],
        steward=members["steward"],
        security_contact=data["support"][0]["channel"],
    )


def _server(item: dict[str, Any]) -> Server:
    own = custom_properties(item)
    address: dict[str, Any] = {
        key: item[key]
        for key in ("host", "port", "database", "schema", "path", "location")
        if key in item
    }
    extra: dict[str, Any] = {
        key: own[key] for key in ("pageSize", "manifest") if key in own
    }
    return Server(
        name=item["server"],
        environment=item["environment"],
        transport=TRANSPORT_OF[item["type"]],
        kind=item["type"],
        address={**address, **extra},
        network_zone=own["networkZone"],
        encoding=item.get("encoding", "UTF-8"),
        user=own.get("user", ""),
        secret=own.get("secret", ""),
    )


def _table(item: dict[str, Any], data: dict[str, Any], top: dict[str, Any]) -> Table:
    own = custom_properties(item)
    kinds = {server["server"]: server["type"] for server in data["servers"]}
    transport = TRANSPORT_OF[kinds[own["server"]]]
    band = own["band"]
    return Table(
        name=item["name"],
        business_name=item["businessName"],
        description=item["description"],
        columns=tuple(_column(column, transport) for column in item["properties"]),
        source=_source(item, own, transport),
        resource_code=own["resourceCode"],
        source_department=own.get("sourceDepartment", top["sourceDepartment"]),
        share_type=own["shareType"],
        share_condition=own.get("shareCondition", ""),
        legal_basis=own.get("legalBasis", ""),
        share_mode=own["shareMode"],
        open_type=own["openType"],
        update_cycle=own["updateCycle"],
        latency_hours=int(_sla(data, item["name"], "latency")["value"]),
        retention_days=int(_sla(data, item["name"], "retention")["value"]),
        classification=own["classification"],
        control_depth=own["controlDepth"],
        band=Band(
            float(band["rowsDown"]),
            float(band["rowsUp"]),
            float(band["quarantined"]),
            int(band["minimumRows"]),
        ),
        rules=tuple(_rule(rule) for rule in item.get("quality", [])),
        references=tuple(_references(item)),
        record_number=own.get("recordNumber"),
        cycle=_cycle(_sla(data, item["name"], "frequency")),
        load=_load(own.get("load", {})),
        minors=own.get("minors", False),
        statistics=statistics_of(own),
    )


def _load(own: dict[str, Any]) -> Load:
    return Load(
        own.get("kind", FULL),
        own.get("changeColumn", ""),
        own.get("lateness", 0),
        own.get("reconcileEvery", 1),
    )


def _source(
    item: dict[str, Any], own: dict[str, Any], transport: str
) -> dict[str, str]:
    """Where in the source the table lies: table name, file, or REST path."""
    place = {"jdbc": {"table": item["name"]}}.get(transport)
    if place is None:
        keys = ("file", "format") if transport == "files" else ("path",)
        place = {key: own[key] for key in keys}
    return {"server": own["server"], **place}


def _sla(data: dict[str, Any], table: str, name: str) -> dict[str, Any]:
    """What the contract promises of a table: value and unit."""
    return next(
        item
        for item in data["slaProperties"]
        if (item["property"], item.get("element")) == (name, table)
    )


def _cycle(frequency: dict[str, Any]) -> Cycle:
    return Cycle(max(1, round(frequency["value"])), frequency["unit"])


def _column(item: dict[str, Any], transport: str) -> Column:
    own = custom_properties(item)
    options = item.get("logicalTypeOptions", {})
    minimum, maximum = options.get("minimum"), options.get("maximum")
    return Column(
        name=item["name"],
        business_name=item["businessName"],
        logical_type=item["logicalType"],
        physical_type=item["physicalType"],
        landed_type=landed_type(item["physicalType"], transport),
        semantic_type=own["semanticType"],
        classification=item["classification"],
        primary_key=item.get("primaryKey", False),
        required=item.get("required", False),
        unique=item.get("unique", False),
        codes=tuple(code["value"] for code in item.get("enum", [])),
        pattern=options.get("pattern"),
        minimum=None if minimum is None else str(minimum),
        maximum=None if maximum is None else str(maximum),
        max_length=options.get("maxLength"),
        date_format=options.get("format"),
        description=item.get("description", ""),
    )


def landed_type(physical_type: str, transport: str) -> str:
    """Spark DDL type in raw: typed where every value of the source's type fits."""
    if transport != "jdbc":
        return "string"
    name, _, size = physical_type.lower().partition("(")
    if name.strip() in ("numeric", "decimal"):
        return f"decimal({size.rstrip(')') or '38,10'})"
    typed = {
        "int": "bigint",
        "integer": "bigint",
        "bigint": "bigint",
        "smallint": "bigint",
        "date": "date",
        "boolean": "boolean",
    }
    return typed.get(name.strip(), "string")


def _rule(item: dict[str, Any]) -> Rule:
    how = item["implementation"]
    arguments = {key: how[key] for key in ("tolerance",) if key in how}
    columns = tuple(how["columns"])
    return Rule(item["name"], how["rule"], columns, item["severity"], arguments)


def _references(item: dict[str, Any]) -> list[Reference]:
    found = []
    for column in item["properties"]:
        for relationship in column.get("relationships", []):
            table, name = re.split(r"\.", relationship["to"], maxsplit=1)
            found.append(Reference(column["name"], table, name))
    return found
