"""The columns of a database's table as its catalogue describes them, and how its dates
are written, told from the first rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from jobs.context import Job
from lake_config.errors import SchemaChanged
from lake_config.source_schema import Seen, SeenColumn, unit_in
from quality.cell_layout import agreed_layout, layout_of
from quality.drift import WHOLE_TABLE, Drift, DriftFound
from quality.source_types import INTEGER, family

FIRST_ROWS = 500

POSTGRESQL = (
    "select column_name, data_type, character_maximum_length, numeric_precision, "
    "numeric_scale, is_nullable, null, "
    "col_description(format('%%I.%%I', table_schema, table_name)::regclass, "
    "ordinal_position) "
    "from information_schema.columns "
    "where table_schema = %s and table_name = %s order by ordinal_position"
)
MARIADB = (
    "select column_name, if(column_type like '%%unsigned%%', "
    "concat(data_type, ' unsigned'), data_type), character_maximum_length, "
    "numeric_precision, numeric_scale, is_nullable, character_set_name, column_comment "
    "from information_schema.columns "
    "where table_schema = %s and table_name = %s order by ordinal_position"
)
Rows = Sequence[Sequence[Any]]
Ask = Callable[[str, list[str]], Rows]
"""(statement, values) to rows, in a connection of the caller's."""


def seen_table(
    job: Job, ask: Ask, statement: str, where: list[str], name: str, quote: str
) -> Seen:
    """The table's columns; SchemaChanged where it is not there. `name` is quoted."""
    rows = ask(statement, where)
    if not rows:
        gone = DriftFound((Drift("dropped", WHOLE_TABLE),))
        raise SchemaChanged(
            f"{job.batch}：前置库里没有这张表，或没有读取权限。"
            "请与数源部门确认后重新归集。"
        ) from gone
    return _with_layouts(job, ask, tuple(map(_column, rows)), name, quote)


def _column(row: Sequence[Any]) -> SeenColumn:
    name, type_, length, precision, scale, nullable, charset, comment = row
    counted = family(type_) != INTEGER
    return SeenColumn(
        name,
        type_,
        length,
        precision if counted else None,
        scale if counted else None,
        nullable == "YES",
        unit_in(comment),
        encoding=charset or "",
    )


def _with_layouts(job: Job, ask: Ask, seen: Seen, name: str, quote: str) -> Seen:
    found = {column.name for column in seen}
    dates = [
        item for item in job.table.columns if agreed_layout(item) and item.name in found
    ]
    if not dates:
        return seen
    wanted = ", ".join(f"{quote}{item.name}{quote}" for item in dates)
    # Names are the contract's own, checked when it was loaded.
    rows = ask(f"select {wanted} from {name} limit {FIRST_ROWS}", [])  # noqa: S608
    cells = zip(*rows, strict=True) if rows else [()] * len(dates)
    layouts = {
        item.name: layout_of(item, [cell and str(cell) for cell in column])
        for item, column in zip(dates, cells, strict=True)
    }
    return tuple(
        replace(column, layout=layouts.get(column.name, "")) for column in seen
    )
