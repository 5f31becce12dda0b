"""The risk gate a second time, in plain dictionaries: slow, obvious, row by row.

Shares with `privacy/risk` the table of decisions and no way of doing anything. Rows are
dictionaries of cells as the policy treats them; `levels` says how each column is told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from privacy.risk.rules import LADDER, ROLES, SCALES

Row = Mapping[str, Any]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Plain:
    """A table: persons, and semantic type of each quasi and sensitive column, in order."""

    persons: tuple[str, ...]
    quasi: dict[str, str]
    sensitive: dict[str, str]


def coarser(how: str, cell: Any) -> Any:
    if cell is None or how == "dropped":
        return None
    if how in ("month", "quarter", "year"):
        month = {
            "month": cell.month,
            "quarter": (cell.month - 1) // 3 * 3 + 1,
            "year": 1,
        }
        return date(cell.year, month[how], 1)
    if how in ("birth_band", "birth_decade"):
        width = 5 if how == "birth_band" else 10
        return cell // width * width
    return cell


def key(row: Row, levels: Mapping[str, str], names: Sequence[str] | None = None) -> Key:
    chosen = levels if names is None else names
    return tuple(coarser(levels[name], row[name]) for name in chosen)


def grouped(
    rows: Sequence[Row], levels: Mapping[str, str], names: Sequence[str] | None = None
) -> dict[Key, list[Row]]:
    found: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row, levels, names)].append(row)
    return found


def people(rows: Sequence[Row], persons: Sequence[str]) -> int:
    """Different people; of a couple the smaller number; nobody counts as somebody."""
    return min((len({row[name] for row in rows}) for name in persons), default=1)


def stages(table: Plain, first: Mapping[str, str]) -> list[dict[str, str]]:
    found = [dict(first)]
    for rung in LADDER:
        names = [name for name, kind in table.quasi.items() if kind in rung.kinds]
        for chosen in [[name] for name in names[::-1]] if rung.each else [names]:
            now = dict(found[-1])
            for name in chosen:
                scale = SCALES[table.quasi[name]]
                if scale.index(rung.how) > scale.index(now[name]):
                    now[name] = rung.how
            if now != found[-1]:
                found.append(now)
    return found


def decided(
    table: Plain, rows: Sequence[Row], first: Mapping[str, str], at_least: int
) -> tuple[int, dict[str, str], list[Row] | None]:
    """Steps, levels, and the rows that stay; None where the table is refused."""
    for place, levels in enumerate(found := stages(table, first)):
        groups = grouped(rows, levels).values()
        kept = [
            row
            for one in groups
            if people(one, table.persons) >= at_least
            for row in one
        ]
        if (len(rows) - len(kept)) * 20 <= len(rows):
            return place, levels, kept
    return len(found) - 1, found[-1], None


def subsets(
    table: Plain, kept: Sequence[Row], levels: Mapping[str, str]
) -> dict[str, int]:
    told = [name for name in levels if levels[name] != "dropped"]
    return {
        "+".join(names): min(
            64,
            min(
                people(one, table.persons)
                for one in grouped(kept, levels, names).values()
            ),
        )
        for size in (1, 2, 3)
        for names in combinations(told, size)
    }


def untold(
    table: Plain, kept: Sequence[Row], levels: Mapping[str, str]
) -> dict[str, set[Key] | None]:
    """Per sensitive column the groups whose value is left blank; None: all of them."""
    found: dict[str, set[Key] | None] = {}
    for name, kind in table.sensitive.items():
        needed = min(ROLES[kind].diversity, len({row[name] for row in kept}))
        few = {
            told: rows
            for told, rows in grouped(kept, levels).items()
            if len({row[name] for row in rows}) < needed
        }
        blank = sum(len(rows) for rows in few.values())
        found[name] = None if blank * 20 > len(kept) else set(few)
    return found


def extract(
    table: Plain, rows: Sequence[Row], first: Mapping[str, str], at_least: int
) -> list[dict[str, Any]] | None:
    """What is told in the end, without the persons."""
    _, levels, kept = decided(table, rows, first, at_least)
    if kept is None:
        return None
    blank = untold(table, kept, levels)
    found = []
    for row in kept:
        told = {name: coarser(levels[name], row[name]) for name in table.quasi}
        for name, groups in blank.items():
            gone = groups is None or key(row, levels) in groups
            told[name] = None if gone else row[name]
        found.append(told)
    return found


def found_by(
    events: Mapping[Any, Sequence[Any]], known: Mapping[Any, Sequence[Any]]
) -> int:
    """How many people's known events nobody else has all of."""
    having: dict[Any, set[Any]] = defaultdict(set)
    for who, theirs in events.items():
        for event in theirs:
            having[event].add(who)
    return sum(
        len(set.intersection(*(having[event] for event in theirs))) == 1
        for theirs in known.values()
    )


def spread(rows: Sequence[Row], name: str) -> float:
    """Largest share of one value."""
    return max(Counter(row[name] for row in rows).values()) / len(rows)
