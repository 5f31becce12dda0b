"""Grants: which columns of a table one recipient may read, for what, and until when.

Declared in one file in the lake's home and signed by content (privacy/grants.py): without
the signatures of two officers, or past its day, nothing of a grant is shared.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from lake_config.contract_shape import Key, Level, name, text
from lake_config.declared_list import read_list
from lake_config.digests import sm3
from lake_config.layers import CURATED
from lake_config.settings import Settings

OPTION = Level(
    "options",
    {
        "column": name("a column that is granted"),
        "option": name("how it is told instead of by the policy"),
    },
)
GRANT = Level(
    "grants",
    {
        "name": name("what its table is called, no other table of the department is"),
        "recipient": name("who reads it"),
        "purpose": name("what for, a code of the policy"),
        "department": name("whose data"),
        "table": name("which table"),
        "columns": Key([str], "the columns that are shared; no others are", True),
        "options": Key([OPTION], "columns told in another way than the policy's"),
        "until": Key(date, "the last day on which it is in force", True),
        "reason": text("why it may be shared", needed=True),
    },
)
FILE = Level("grants", {"grants": Key([GRANT], "every grant; the list may be empty")})


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant, as declared; `options` leads from columns to options."""

    name: str
    recipient: str
    purpose: str
    department: str
    table: str
    columns: tuple[str, ...]
    options: dict[str, str]
    until: date
    reason: str

    @property
    def digest(self) -> str:
        """Names it by every word of its declaration."""
        facts = {**asdict(self), "until": self.until.isoformat()}
        return sm3(json.dumps(facts, ensure_ascii=False, sort_keys=True).encode())


def read_grants(settings: Settings) -> tuple[Grant, ...]:
    """Every declared grant, none without a file; ContractError names every problem."""
    path = settings.layers.grants
    if not path.exists():
        return ()
    source = read_list(path, FILE, "grants", _problems)
    return tuple(map(_grant, source.data.get("grants", ())))


def _grant(given: dict[str, Any]) -> Grant:
    told = {item["column"]: item["option"] for item in given.get("options", ())}
    day = date.fromisoformat(str(given["until"]))
    columns = tuple(given["columns"])
    return Grant(**{**given, "columns": columns, "options": told, "until": day})


def _problems(data: dict[str, Any]) -> Iterator[tuple[int, str]]:
    grants = data.get("grants", ())
    doubled = _twice([grant["name"] for grant in grants])
    for index, grant in enumerate(grants):
        if grant["name"] in doubled:
            yield index, f"name“{grant['name']}”重复出现。"
        if grant["recipient"] == CURATED:
            yield index, f"recipient 不能是“{CURATED}”：那是全体分析人员的主题表。"
        for column in _twice(grant["columns"]):
            yield index, f"columns 中的“{column}”重复出现。"
        told = [item["column"] for item in grant.get("options", ())]
        for column in _twice(told):
            yield index, f"options 中的“{column}”重复出现。"
        for column in sorted(set(told) - set(grant["columns"])):
            yield index, f"options 中的“{column}”不在 columns 之中。"


def _twice(names: list[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]
