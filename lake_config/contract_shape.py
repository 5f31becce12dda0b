"""How keys are declared, and the check of plain data against such a declaration.

Says every unknown, missing, doubled and misfit key, each with its line. Which keys a
contract has is in `contract_keys.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from lake_config.contract_yaml import Place, Source

NAME = "[a-z][a-z0-9_]{0,62}"
SAFE = "名称只能用小写字母、数字和下划线，并以字母开头。"
EMPTY: tuple[Any, ...] = (None, "", [], {})
Found = dict[str, tuple[Place, Any]]
"""Key to where it stands and its value."""


@dataclass(frozen=True, slots=True)
class When:
    """The key is needed when its neighbour `key` has one of these values."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what stands there, what for, and what the law says of it.

    `kind` is str, int, float (any number), bool, date, object (anything), a `Level`, or a
    list holding one of these. `form` is a pattern for the whole text; `advice` is what
    people are told beside a complaint.
    """

    kind: Any
    meaning: str
    needed: bool | When = False
    words: tuple[str, ...] = ()
    form: str = ""
    advice: str = ""
    law: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """The keys of one kind of object, and its registered ODCS custom properties."""

    name: str
    keys: dict[str, Key]
    custom: dict[str, Key] = field(default_factory=dict)


def text(meaning: str, needed: bool | When = False, law: str = "") -> Key:
    return Key(str, meaning, needed, law=law)


def name(meaning: str) -> Key:
    """A name that goes into paths and commands."""
    return Key(str, meaning, needed=True, form=NAME, advice=SAFE)


def one_of(
    meaning: str, words: Iterable[str], law: str = "", needed: bool = True
) -> Key:
    return Key(str, meaning, needed, tuple(words), law=law)


CUSTOM = Level(
    "customProperties",
    {
        "property": text("its name", needed=True),
        "value": Key(object, "its value"),
    },
)
OWN = Key([CUSTOM], "registered facts that ODCS has no key for, see below", True)


class Kind(NamedTuple):
    """A kind of value: its name for people, its name on the page, and its test."""

    name: str
    english: str
    fits: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _is_day(value: Any) -> bool:
    """YAML itself reads an unquoted day as a date."""
    try:
        return type(value) is date or value == date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        return False


KINDS: dict[Any, Kind] = {
    str: Kind("文本", "text", lambda value: type(value) is str),
    int: Kind("整数", "whole number", lambda value: type(value) is int),
    float: Kind("数字", "number", _is_number),
    bool: Kind("true 或 false", "true or false", lambda value: type(value) is bool),
    date: Kind("日期 YYYY-MM-DD", "date", _is_day),
    object: Kind("任意值", "any", lambda value: True),
}


def check_shape(source: Source, value: Any, level: Level, place: Place = ()) -> None:
    """Complain about everything in one object, and below it, that was not declared."""
    if not isinstance(value, dict):
        source.complain(place, "这里应为键值。")
        return
    known = "、".join(level.keys)
    for name in [name for name in value if name not in level.keys]:
        source.complain((*place, name), f"不认识的键“{name}”。可用的键：{known}。")
    found = {name: ((*place, name), item) for name, item in value.items()}
    _check_keys(source, found, level.keys, level.name, place)
    if level.custom:
        owned = _owned(source, value, level, place)
        _check_keys(source, owned, level.custom, "customProperties", place)


def _owned(source: Source, holder: dict[str, Any], level: Level, place: Place) -> Found:
    """The custom properties of one object; complains about unknown and doubled ones."""
    found: Found = {}
    for index, item in items(holder, "customProperties"):
        here = (*place, "customProperties", index)
        name = str(item.get("property"))
        if name not in level.custom:
            source.complain(here, f"不认识的 customProperties 属性“{name}”。")
        elif name in found:
            source.complain(here, f"属性“{name}”重复出现。")
        else:
            found[name] = (here, item.get("value"))
    return found


def _check_keys(
    source: Source, found: Found, keys: dict[str, Key], holder: str, place: Place
) -> None:
    for name, key in keys.items():
        here, value = found.get(name, (place, None))
        if value in EMPTY and _needed(key, found):
            source.complain(here, f"{holder} 缺少“{name}”，请补上。{key.advice}")
        elif name in found:
            _check_value(source, value, name, key, here)


def _needed(key: Key, found: Found) -> bool:
    if isinstance(key.needed, bool):
        return key.needed
    _, neighbour = found.get(key.needed.key, ((), None))
    return neighbour in key.needed.values


def _check_value(source: Source, value: Any, name: str, key: Key, place: Place) -> None:
    if isinstance(key.kind, list):
        _check_list(source, value, name, key, place)
    elif isinstance(key.kind, Level):
        check_shape(source, value, key.kind, place)
    elif not KINDS[key.kind].fits(value):
        kind = KINDS[key.kind].name
        source.complain(place, f"“{name}”应为{kind}。{key.advice}")
    elif key.words and value not in key.words:
        known = "、".join(key.words)
        source.complain(place, f"{name} 只能是：{known}。{key.advice}")
    elif key.form and not re.fullmatch(key.form, value):
        source.complain(place, f"“{name}”的写法不对。{key.advice}")


def _check_list(source: Source, value: Any, name: str, key: Key, place: Place) -> None:
    if not isinstance(value, list):
        source.complain(place, f"“{name}”应为列表。")
        return
    each = Key(key.kind[0], key.meaning)
    for index, item in enumerate(value):
        _check_value(source, item, name, each, (*place, index))


def items(holder: Any, key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings of a list, with their places; anything else was reported already."""
    values = holder.get(key) if isinstance(holder, dict) else None
    for index, value in enumerate(values if isinstance(values, list) else []):
        if isinstance(value, dict):
            yield index, value


def custom_properties(holder: dict[str, Any]) -> dict[str, Any]:
    """The custom properties of one object, by name; the first of doubled ones counts."""
    pairs = [item for _, item in items(holder, "customProperties")]
    return {str(item.get("property")): item.get("value") for item in reversed(pairs)}
