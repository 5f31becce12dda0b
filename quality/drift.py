"""Schema drift: what changed between two looks at a source, and what is done about it.

Pure: two lists of columns and the contract in, drifts out. RULES is the whole policy, and
docs/reference/schema_drift.md shows it; a test reads that page and plays each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from lake_config.contract import Column, Table
from lake_config.digests import sm3
from lake_config.source_schema import Seen, SeenColumn
from quality.cell_layout import agreed_layout
from quality.source_types import (
    FLOAT,
    INTEGER,
    NUMBER,
    TEXT,
    described,
    family,
    holds,
    room,
    scale,
)

ACCEPT, WARN, REFUSE = "accept", "warn", "refuse"
WHOLE_TABLE = "*"
NUMERIC = {INTEGER, NUMBER, FLOAT}


@dataclass(frozen=True, slots=True)
class Handling:
    """What is done about a kind of drift, its name for people, and why."""

    outcome: str
    name: str
    why: str


RULES: dict[str, Handling] = {
    "added": Handling(REFUSE, "新增列", "契约没有给它分类，不能归集也不能丢弃"),
    "dropped": Handling(REFUSE, "缺少列", "整列会变成空值"),
    "renamed": Handling(REFUSE, "列改名", "新名称的含义没有人确认"),
    "reordered": Handling(ACCEPT, "列顺序变化", "按列名读取，不按位置"),
    "widened": Handling(ACCEPT, "类型放宽", "归集库放得下每一个值"),
    "outgrown": Handling(REFUSE, "类型超出契约", "归集库放不下，数值会被截断"),
    "narrowed": Handling(WARN, "类型收窄", "源端可能已经截断了值"),
    "number_to_text": Handling(REFUSE, "数字变文本", "文本里可以是任何内容"),
    "text_to_number": Handling(REFUSE, "文本变数字", "编码的前导零会丢失"),
    "retyped": Handling(REFUSE, "类型改变", "不再是同一种值"),
    "unit": Handling(REFUSE, "计量单位改变", "数值相差成百上千倍而格式不变"),
    "tightened": Handling(ACCEPT, "改为不可为空", "可能的值只会更少"),
    "loosened": Handling(WARN, "改为可为空", "今后可能出现空值"),
    "encoding": Handling(WARN, "字符集改变", "源端转换时可能丢字"),
    "unreadable": Handling(REFUSE, "文件编码不符", "按约定编码读出来是乱码"),
    "layout": Handling(REFUSE, "日期写法改变", "日月颠倒后仍是合法日期"),
    "scale": Handling(REFUSE, "小数位数改变", "小数会被舍去，或单位已变"),
    "case": Handling(REFUSE, "列名大小写改变", "各引擎对大小写的处理不同"),
    "duplicate": Handling(REFUSE, "列名重复", "说不清哪一列是要的"),
}
"""Kind to how it is handled."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One change. `column` is a name of the contract, or the place (`#7`) of a foreign one.

    `before` and `now` tell types, lengths, units and layouts.
    """

    kind: str
    column: str
    before: str = ""
    now: str = ""

    @property
    def outcome(self) -> str:
        return RULES[self.kind].outcome


Drifts = tuple[Drift, ...]


class DriftFound(Exception):
    """Stands behind a refusal as its cause, for the ticket; tells kinds only."""

    def __init__(self, found: Drifts) -> None:
        super().__init__(", ".join(sorted({drift.kind for drift in found})))
        self.drifts = found


def worst(found: Drifts) -> str:
    """The strictest outcome among them; ACCEPT where there is none."""
    outcomes = {drift.outcome for drift in found}
    return next((name for name in (REFUSE, WARN) if name in outcomes), ACCEPT)


def digest(found: Drifts) -> str:
    """The same for the same changes, in whatever order they were found."""
    told = (f"{item.kind}|{item.column}|{item.before}|{item.now}" for item in found)
    return sm3("\n".join(sorted(told)).encode())


def drifts(table: Table, before: Seen, now: Seen, encoding: str = "") -> Drifts:
    """All changes against the contract's names, and against what was seen before.

    `before` is empty where nothing was; `encoding` is what was agreed for a file.
    """
    names = name_drifts(table, [column.name for column in now])
    if any(drift.kind == "duplicate" for drift in names):
        return names
    found = [*names, *_reordered(table, before, now)]
    old, new = ({item.name: item for item in seen} for seen in (before, now))
    for column in table.columns:
        if column.name in new:
            known = old.get(column.name, SeenColumn(column.name))
            found += _column_drifts(column, known, new[column.name])
    return (*found, *_encodings(before, now, encoding))


def name_drifts(table: Table, found: list[str]) -> Drifts:
    """The source's names against the contract's: missing, or one too many."""
    wanted = [column.name for column in table.columns]
    counts = Counter(map(str.lower, found))
    if twice := [name for name, number in counts.items() if number > 1]:
        return tuple(_duplicates(wanted, found, twice))
    missing = [name for name in wanted if name not in found]
    made = []
    for place, name in enumerate(found):
        if name not in wanted:
            kind, old = _successor(wanted, missing, place, found)
            missing = [name for name in missing if name != old]
            made.append(Drift(kind, old or f"#{place + 1}", now=f"#{place + 1}"))
    return (*made, *(Drift("dropped", name) for name in missing))


def _duplicates(
    wanted: list[str], found: list[str], twice: list[str]
) -> Iterator[Drift]:
    for folded in twice:
        places = [place for place, name in enumerate(found) if name.lower() == folded]
        last = f"#{places[-1] + 1}"
        yield Drift("duplicate", folded if folded in wanted else last, now=last)


def _successor(
    wanted: list[str], missing: list[str], place: int, found: list[str]
) -> tuple[str, str]:
    """(kind, the contract's column that a foreign one stands for, if any).

    Only in a table of as many columns is the same place the same column.
    """
    folded = found[place].lower()
    if folded in missing:
        return "case", folded
    if len(found) == len(wanted) and wanted[place] in missing:
        return "renamed", wanted[place]
    return "added", ""


def _reordered(table: Table, before: Seen, now: Seen) -> list[Drift]:
    old = [item.name for item in before or table.columns]
    new = [item.name for item in now]
    known = {item.name for item in table.columns} & set(old) & set(new)
    old, new = ([name for name in names if name in known] for names in (old, new))
    moved = [name for name, other in zip(new, old, strict=True) if name != other]
    return [Drift("reordered", name) for name in moved]


def _column_drifts(
    column: Column, before: SeenColumn, now: SeenColumn
) -> Iterator[Drift]:
    kind = _type_kind(column, before, now)
    if kind:
        yield Drift(kind, column.name, described(before), described(now))
    if None not in (before.nullable, now.nullable) and before.nullable != now.nullable:
        yield Drift("loosened" if now.nullable else "tightened", column.name)
    if before.unit and now.unit and before.unit != now.unit:
        yield Drift("unit", column.name, before.unit, now.unit)
    # What was agreed counts here, not what was seen: a wrong date is a date all the same.
    if now.layout and now.layout != agreed_layout(column):
        yield Drift("layout", column.name, agreed_layout(column), now.layout)


def _type_kind(column: Column, before: SeenColumn, now: SeenColumn) -> str:
    """The kind of a change of type, or nothing; an unknown type has not changed."""
    old, new = family(before.type), family(now.type)
    if not (before.type and now.type):
        return ""
    if old == new == TEXT:
        return _grown(column, before, now)
    if {old, new} <= NUMERIC:
        exact = (old == FLOAT) == (new == FLOAT) and scale(before) == scale(now)
        return _grown(column, before, now) if exact else "scale"
    if not {old, new} <= {TEXT, *NUMERIC}:
        return "retyped" if old != new else ""
    return "text_to_number" if old == TEXT else "number_to_text"


def _grown(column: Column, before: SeenColumn, now: SeenColumn) -> str:
    if room(before) == room(now):
        return ""
    wider = room(now) > room(before)
    if not holds(column.landed_type, now):
        return "outgrown" if wider else "retyped"
    return "widened" if wider else "narrowed"


def _encodings(before: Seen, now: Seen, agreed: str) -> list[Drift]:
    """Of a file as a whole against what was agreed; of a database column by column."""
    found = {column.encoding for column in now} - {"", agreed}
    if agreed:
        return [Drift("unreadable", WHOLE_TABLE, agreed, name) for name in found]
    old = {column.name: column.encoding for column in before}
    changed = [item for item in now if item.encoding and old.get(item.name)]
    changed = [item for item in changed if item.encoding != old[item.name]]
    return [
        Drift("encoding", item.name, old[item.name], item.encoding) for item in changed
    ]
