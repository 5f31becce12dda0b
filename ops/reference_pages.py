"""The pages of docs/reference that are written from the code, never by hand.

`./lake fix` writes them; a test compares each with its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import typer

from lake_config.contract import SEMANTIC_TYPES
from lake_config.contract_keys import CONTRACT
from lake_config.contract_shape import KINDS, OWN, Key, Level
from lake_config.settings import ROOT
from ops import benchmark_page, exit_codes
from ops.cli import app

MANY_WORDS = 10
KEY_HEAD = ("key", "kind", "needed", "allowed", "meaning", "law")
ARGUMENT_HEAD = ("argument", "needed", "default", "meaning")
CONTRACT_KEYS = """# Contract keys

Generated from `lake_config/contract_keys.py` by `./lake fix`. A contract is an ODCS 3.2 file;
any key or custom property that is not on this page is refused, with its line. Law ids are
those of law.md. What takes several facts to judge is in `lake_config/contract_checks.py`.
See also [how to add a department](../how-to/add_a_department.md) and
[control totals](control_totals.md).
"""
SEMANTIC_PART = """## Semantic types

Every column has one. How each is masked: [masking rules](masking_rules.md).

"""
COMMANDS = """# Commands

Generated from `ops/cli.py` by `./lake fix`, in the words of `./lake help`.
How a command ends: [exit codes](exit_codes.md). What it works on: [settings](settings.md).
"""


def write_pages() -> None:
    for name, page in PAGES.items():
        (ROOT / name).write_text(page(), encoding="utf-8")


def contract_keys() -> str:
    """Every key of a contract, level by level, from the declarations of the loader."""
    parts = [CONTRACT_KEYS]
    parts += [
        f"## {path}\n\n{_grid(KEY_HEAD, map(_key_row, keys, keys.values()))}"
        for path, keys in _levels("top level", CONTRACT)
    ]
    classes = ((f"`{name}`", personal) for name, personal in SEMANTIC_TYPES.items())
    parts.append(
        SEMANTIC_PART + _grid(("semantic type", "personal information"), classes)
    )
    return "\n".join(parts)


def _levels(path: str, level: Level) -> Iterator[tuple[str, dict[str, Key]]]:
    """Each kind of object with the place it has in the file, outermost first."""
    above = "" if level is CONTRACT else f"{path}."
    yield (path if level is CONTRACT else f"`{path}`"), level.keys
    if level.custom:
        yield f"`{above}customProperties[]`: registered properties", level.custom
    for name, key in level.keys.items():
        inner, is_list = _inner(key)
        if isinstance(inner, Level) and key is not OWN:
            yield from _levels(f"{above}{name}{'[]' * is_list}", inner)
    for name, key in level.custom.items():
        if isinstance(key.kind, Level):
            yield f"`{above}customProperties[]`: value of `{name}`", key.kind.keys


def _inner(key: Key) -> tuple[Any, bool]:
    return (key.kind[0], True) if isinstance(key.kind, list) else (key.kind, False)


def _key_row(name: str, key: Key) -> tuple[str, ...]:
    inner, is_list = _inner(key)
    kind = "object" if isinstance(inner, Level) else KINDS[inner].english
    allowed = _code(key.words) if key.words else _code([key.form] if key.form else [])
    if len(key.words) > MANY_WORDS:
        allowed = "[semantic types](#semantic-types)"
    kind = f"list, each {kind}" if is_list else kind
    return f"`{name}`", kind, _needed(key), allowed, key.meaning, key.law


def _needed(key: Key) -> str:
    if isinstance(key.needed, bool):
        return "yes" if key.needed else "no"
    return f"when `{key.needed.key}` is {_code(key.needed.values)}"


def commands() -> str:
    """Every command with its arguments, from the command line itself."""
    found = _commands("./lake", typer.main.get_command(app))
    return "\n".join([COMMANDS, *(_command(name, command) for name, command in found)])


def _commands(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word in inner:
        yield from _commands(f"{name} {word}", inner[word])


def _command(name: str, command: Any) -> str:
    rows = [_parameter(item) for item in command.params if item.name != "help"]
    grid = f"\n{_grid(ARGUMENT_HEAD, rows)}" if rows else ""
    return f"## `{name}`\n\n{command.help}\n{grid}"


def _parameter(item: Any) -> tuple[str, ...]:
    named = item.param_type_name == "option"
    default = "" if item.default in (None, False) else f"`{item.default}`"
    needed = "yes" if item.required else "no"
    return f"`{item.opts[0] if named else item.name}`", needed, default, item.help or ""


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; a bar inside a cell would otherwise end it."""
    lines = [head, ("---",) * len(head), *rows]
    cells = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/benchmarks.md": benchmark_page.page,
    "docs/reference/commands.md": commands,
    "docs/reference/contract_keys.md": contract_keys,
    "docs/reference/exit_codes.md": exit_codes.page,
}
