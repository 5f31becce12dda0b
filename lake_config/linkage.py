"""Linkage groups: which departments' tables may join for whom, on what, and until when.

Declared in one file beside the contracts and signed by content (privacy/linkage.py): without
the signatures of two officers, or past its day, what a group names is not masked at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations, product
from typing import Any

from lake_config.contract import SEMANTIC_TYPES
from lake_config.contract_shape import Key, Level, name, text
from lake_config.declared_list import read_list
from lake_config.settings import Settings

FILE_NAME = "linkage.yaml"
GROUP = Level(
    "groups",
    {
        "name": name("what key ids call it"),
        "recipients": Key([str], "for whom the tables are masked", True),
        "purpose": name("the purpose they share"),
        "departments": Key([str], "whose tables may join, two or more", True),
        "classes": Key([str], "semantic types on which they join", True),
        "until": Key(date, "the last day on which it is in force", True),
        "reason": text("why they may join", needed=True),
    },
)
FILE = Level("linkage", {"groups": Key([GROUP], "every linkage group", True)})


@dataclass(frozen=True, slots=True)
class Group:
    """One linkage group, as declared."""

    name: str
    recipients: tuple[str, ...]
    purpose: str
    departments: tuple[str, ...]
    classes: tuple[str, ...]
    until: date
    reason: str

    def covers(self, recipient: str, purpose: str, department: str) -> bool:
        return (
            recipient in self.recipients
            and purpose == self.purpose
            and department in self.departments
        )


def read_groups(settings: Settings) -> tuple[Group, ...]:
    """Every declared group, none without a file; ContractError names every problem."""
    path = settings.contracts.parent / FILE_NAME
    if not path.exists():
        return ()
    source = read_list(path, FILE, "groups", _problems)
    return tuple(map(_group, source.data["groups"]))


def _group(given: dict[str, Any]) -> Group:
    lists = {key: tuple(given[key]) for key in ("recipients", "departments", "classes")}
    return Group(**{**given, **lists, "until": date.fromisoformat(str(given["until"]))})


def _problems(data: dict[str, Any]) -> Iterator[tuple[int, str]]:
    groups = data["groups"]
    for index, group in enumerate(groups):
        if len(set(group["departments"])) < 2:
            yield index, "departments 至少写两个部门，否则不需要可关联组。"
        for wrong in sorted(set(group["classes"]) - set(SEMANTIC_TYPES)):
            yield index, f"classes 中的“{wrong}”不是语义类型。"
    for (_, one), (index, other) in combinations(enumerate(groups), 2):
        if one["name"] == other["name"]:
            yield index, f"name“{other['name']}”重复出现。"
        for place in sorted(_places(one) & _places(other)):
            yield index, f"{'/'.join(place)} 已属于可关联组“{one['name']}”。"


def _places(group: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Each recipient, purpose and department is in one group at most."""
    return set(product(group["recipients"], [group["purpose"]], group["departments"]))
