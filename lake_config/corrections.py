"""Corrections: declared ways to put a quarantined cell right, one file per department.

A file is signed by content (privacy/correction_approval.py); a correction is named by its
id and the digest of what it says, and that name goes with each row it corrected. What one
does to a cell is in quality/corrections.py.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from lake_config.contract import Column, Contract, Table
from lake_config.contract_shape import Key, Level, name, one_of, text
from lake_config.declared_list import read_list
from lake_config.digests import sm3
from lake_config.errors import UsageError
from lake_config.settings import Settings

KINDS = ("trim", "half_width", "upper_x", "date_format", "code")
MOMENTS = ("date", "timestamp")
CORRECTION = Level(
    "corrections",
    {
        "id": name("what receipts and corrected rows call it"),
        "table": name("the table it is about"),
        "column": name("the one column it may change"),
        "kind": one_of("what it does to a cell", KINDS),
        "reason": text("why it is right to do so", needed=True),
        "from": text("date_format: the layout in which the source writes the date"),
        "codes": Key(object, "code: the source's code to the contract's"),
    },
)
FILE = Level(
    "corrections",
    {
        "department": name("whose rows"),
        "corrections": Key([CORRECTION], "in the order in which they apply", True),
    },
)


@dataclass(frozen=True, slots=True)
class Correction:
    """One column, one deterministic change."""

    id: str
    table: str
    column: str
    kind: str
    digest: str
    before: str = ""
    codes: dict[str, str] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """How receipts and rows name it."""
        return f"{self.id}@{self.digest[:16]}"


@dataclass(frozen=True, slots=True)
class Corrections:
    """All of a department; `digest` is the SM3 of the file's bytes."""

    department: str
    digest: str
    items: tuple[Correction, ...]

    def of(self, table: str) -> tuple[Correction, ...]:
        return tuple(item for item in self.items if item.table == table)


def corrections_file(settings: Settings, department: str) -> Path:
    return settings.contracts.parent / "corrections" / f"{department}.yaml"


def read_corrections(settings: Settings, contract: Contract) -> Corrections:
    """The department's file; ContractError names every problem in it."""
    path = corrections_file(settings, contract.department)
    if not path.exists():
        raise UsageError(
            f"{contract.department} 没有更正规则文件 corrections/{path.name}。"
            "请先写明规则并由安全管理员签署，或请数源部门改正后重新交付。"
        )
    source = read_list(path, FILE, "corrections", partial(_problems, contract))
    items = tuple(map(_correction, source.data["corrections"]))
    return Corrections(contract.department, sm3(source.content), items)


def _correction(given: dict[str, Any]) -> Correction:
    content = json.dumps(given, ensure_ascii=False, sort_keys=True).encode()
    return Correction(
        given["id"],
        given["table"],
        given["column"],
        given["kind"],
        sm3(content),
        given.get("from", ""),
        given.get("codes", {}),
    )


def _problems(contract: Contract, data: dict[str, Any]) -> Iterator[tuple[int, str]]:
    if data["department"] != contract.department:
        yield 0, f"department 应为 {contract.department}。"
    ids = Counter(item["id"] for item in data["corrections"])
    tables = {table.name: table for table in contract.tables}
    for index, item in enumerate(data["corrections"]):
        if ids[item["id"]] > 1:
            yield index, f"id“{item['id']}”重复出现。"
        found = _column(tables.get(item["table"]), item["column"])
        if found is None:
            yield index, f"契约没有列 {item['table']}.{item['column']}。"
        else:
            for problem in _misfits(found, item):
                yield index, problem


def _column(table: Table | None, wanted: str) -> Column | None:
    columns = table.columns if table else ()
    return next((column for column in columns if column.name == wanted), None)


def _misfits(column: Column, item: dict[str, Any]) -> Iterator[str]:
    """A correction fits the column, and has exactly the arguments of its kind."""
    kind = item["kind"]
    if column.landed_type != "string":
        yield f"列 {column.name} 不是按文本归集的，不能用规则更正。"
    if kind == "upper_x" and column.semantic_type != "identity_number":
        yield "upper_x 只用于身份号码列。"
    if (kind == "date_format") != ("from" in item):
        yield "date_format 必须写 from，其他种类不能写。"
    if kind == "date_format" and column.logical_type not in MOMENTS:
        yield f"列 {column.name} 不是日期，不能用 date_format。"
    if kind == "date_format" and not _is_layout(str(item.get("from", ""))):
        yield "from 只能由 yyyy、MM、dd（以及 HH、mm、ss）各一次和单个分隔符组成。"
    if (kind == "code") != ("codes" in item):
        yield "code 必须写 codes，其他种类不能写。"
    if kind == "code" and not _are_codes(column, item.get("codes")):
        yield f"codes 须为“旧代码: 新代码”文本，新代码须在列 {column.name} 的代码表内。"


def _is_layout(layout: str) -> bool:
    fields = re.findall("yyyy|MM|dd|HH|mm|ss", layout)
    rest = re.sub("yyyy|MM|dd|HH|mm|ss", "", layout)
    known = ({"yyyy", "MM", "dd"}, {"yyyy", "MM", "dd", "HH", "mm", "ss"})
    return (
        set(fields) in known
        and len(set(fields)) == len(fields)
        and not re.search("[A-Za-z']", rest)
    )


def _are_codes(column: Column, codes: Any) -> bool:
    """Only codes of a closed list: no value about a person stands in a file."""
    return (
        isinstance(codes, dict)
        and bool(codes)
        and all(type(new) is str and new in column.codes for new in codes.values())
    )
