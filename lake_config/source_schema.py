"""What a source's tables really look like, as last seen: names and types, never a value.

`schemas/<department>.csv` beside the contracts, one line per column. `./lake schema
refresh` writes it, so that a change of the source arrives as a readable diff.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path

from lake_config.contract import Table
from lake_config.errors import ContractError
from lake_config.settings import Settings

SAFE_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]{0,62}")
MOST_DIGITS = 3
"""A name with more of them may be somebody's number."""

UNITS = (
    "元 角 分 千元 万元 百万元 亿元 人 户 次 天 月 年 小时 分钟 秒 "
    "米 千米 公里 克 千克 吨 平方米 亩 公顷 个"
).split()
"""Units of measure a source may declare; a comment may say anything, and only these words
of it are taken."""

UNIT_SAID = re.compile(f"单位[:： ]?({'|'.join(sorted(UNITS, key=len, reverse=True))})")


def unit_in(comment: str | None) -> str:
    """The unit that a column's comment declares: `单位：元`."""
    found = UNIT_SAID.search(comment or "")
    return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class SeenColumn:
    """One column; what a source does not say is empty, or None.

    `type` is the source's own word, or what its texts show where the contract expects
    numbers. `layout` is how dates are written.
    """

    name: str
    type: str = ""
    length: int | None = None
    precision: int | None = None
    scale: int | None = None
    nullable: bool | None = None
    unit: str = ""
    layout: str = ""
    encoding: str = ""


Seen = tuple[SeenColumn, ...]
"""The columns of one table in the source's order; a foreign name may itself be a value."""

FACTS = tuple(item.name for item in fields(SeenColumn) if item.name != "name")
HEAD = ("table", "position", "column", *FACTS, "seen")
NUMBERS = ("length", "precision", "scale")
WORDS = {"": None, "yes": True, "no": False}


def schema_file(settings: Settings, department: str) -> Path:
    return settings.contracts.parent / "schemas" / f"{department}.csv"


def shown_name(table: Table, seen: Seen, place: int) -> str:
    """The name of a column for people; `place` counts from 0.

    A delivery without a header has values where names belong. So a foreign name is only
    told where most of the contract's names are there, and where it looks like a name.
    """
    name = seen[place].name
    known = {column.name for column in table.columns}
    headed = 2 * len(known & {column.name for column in seen}) >= len(known)
    named = SAFE_NAME.fullmatch(name) and sum(map(str.isdigit, name)) <= MOST_DIGITS
    if name in known or (headed and named):
        return name
    return f"列 #{place + 1}（名称不予显示）"


def without_values(table: Table, seen: Seen) -> Seen:
    """The columns under names that may be kept in a file."""
    return tuple(
        replace(column, name=shown_name(table, seen, place))
        for place, column in enumerate(seen)
    )


def read_schemas(settings: Settings, department: str) -> dict[str, tuple[Seen, str]]:
    """Table to its columns and the day they were seen; empty where none was."""
    path = schema_file(settings, department)
    found: dict[str, tuple[Seen, str]] = {}
    try:
        text = path.read_text("utf-8") if path.exists() else ""
        for line in csv.DictReader(io.StringIO(text)):
            seen, _ = found.get(line["table"], ((), ""))
            found[line["table"]] = ((*seen, _column(line)), line["seen"])
    except (KeyError, ValueError, TypeError, csv.Error):
        raise ContractError(
            (
                f"{path}：读不懂。请从版本库恢复，或删除后重新执行 ./lake schema refresh。",
            )
        ) from None
    return found


def _column(line: dict[str, str]) -> SeenColumn:
    length, precision, scale = (
        int(line[name]) if line[name] else None for name in NUMBERS
    )
    texts = (line["unit"], line["layout"], line["encoding"])
    sizes = (length, precision, scale, WORDS[line["nullable"]])
    return SeenColumn(line["column"], line["type"], *sizes, *texts)


def write_schemas(
    settings: Settings, department: str, schemas: dict[str, tuple[Seen, str]]
) -> Path:
    """One file for the department, in the order given."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    for table, (seen, day) in schemas.items():
        writer.writerows(_lines(table, seen, day))
    path = schema_file(settings, department)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), "utf-8")
    return path


def _lines(table: str, seen: Seen, day: str) -> Iterable[list[str]]:
    words = {None: "", True: "yes", False: "no"}
    for place, column in enumerate(seen, 1):
        facts = replace(column, nullable=None)
        cells = {name: getattr(facts, name) for name in FACTS}
        cells["nullable"] = words[column.nullable]
        told = ["" if cell is None else str(cell) for cell in cells.values()]
        yield [table, str(place), column.name, *told, day]
