"""YAML with line numbers: plain values, and the line each of them stands on.

Refuses what would hide a mistake: duplicate keys, anchors, several documents. Knows
nothing of contracts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Place = tuple[str | int, ...]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where it was built: every task reads the contracts when it starts."""


@dataclass(slots=True)
class Source:
    """One file: its bytes, the plain data they say, the line of every place, and what is
    wrong."""

    name: str
    content: bytes = b""
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def complain(self, place: Place, text: str) -> None:
        """Note a problem at the nearest known line."""
        while place and place not in self.lines:
            place = place[:-1]
        self.problems.append(f"{self.name}:{self.lines.get(place, 1)}: {text}")


def read_yaml(path: Path) -> Source:
    """Parse a file; a file that is no YAML has problems and no data."""
    source = Source(path.name)
    try:
        source.content = path.read_bytes()
        root = yaml.compose(source.content.decode("utf-8"), Loader=LOADER)
    except OSError:
        source.problems.append(f"{path.name}:1: 文件读不到，请检查路径和权限。")
    except UnicodeDecodeError:
        source.problems.append(f"{path.name}:1: 文件不是 UTF-8 编码，请转换后重试。")
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        source.problems.append(
            f"{path.name}:{line}: 不是合法的 YAML，请检查缩进和引号。"
        )
    else:
        if root is not None:
            source.data = _plain(root, (), source)
    return source


def _plain(node: yaml.Node, place: Place, source: Source) -> Any:
    source.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, place, source)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*place, i), source) for i, item in enumerate(node.value)]
    return _scalar(node, place, source)


def _mapping(node: yaml.MappingNode, place: Place, source: Source) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        here = (*place, key)
        source.lines[here] = key_node.start_mark.line + 1
        if key in found:
            source.complain(here, f"键“{key}”重复出现，请只保留一个。")
        found[key] = _plain(value_node, here, source)
    return found


def _scalar(node: yaml.Node, place: Place, source: Source) -> Any:
    if node.tag == "tag:yaml.org,2002:str":
        return node.value
    try:
        return yaml.SafeLoader("").construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError, OverflowError, AttributeError):
        source.complain(place, "这个值无法识别，请加引号写成文本。")
        return None
