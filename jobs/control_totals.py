"""Control totals: row counts and order-independent checksums, as the sources compute them.

canonical(cell) is `N` for null, else `V<characters>:<text>`; a checksum is the sum of the
first 60 bits of SHA-256 over canonical text: equal sums mean equal multisets, and a lost
or doubled row shows (XOR would hide pairs). docs/reference/control_totals.md. What the
lake says to it is `committed_totals.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lake_config.contract import Column, Table

ROWS, ROW_SUM = "rows", "row_sum"
MOST_ARGUMENTS = 100
"""A function of PostgreSQL's takes no more."""


@dataclass(frozen=True, slots=True)
class Totals:
    """`sums` maps `row_sum` and column names to checksums; empty where only rows count."""

    rows: int
    sums: dict[str, int]

    def __add__(self, other: Totals) -> Totals:
        """Of two parts of a table together; both have the same checksums."""
        sums = {name: value + other.sums[name] for name, value in self.sums.items()}
        return Totals(self.rows + other.rows, sums)

    def text(self) -> str:
        """One canonical line, to be digested for the ledger."""
        parts = (f"{name}={value}" for name, value in sorted(self.sums.items()))
        return ";".join([f"rows={self.rows}", *parts])


def summed_columns(table: Table) -> tuple[Column, ...]:
    """Columns with a checksum of their own, by the contract's control depth."""
    if table.control_depth == "columns":
        return table.columns
    if table.control_depth == "keys":
        return tuple(column for column in table.columns if column.primary_key)
    return ()


def depth(table: Table, totals: Totals) -> str:
    """How much a source really gave to compare, which files and services do not choose."""
    return table.control_depth if totals.sums else ROWS


def postgresql_totals(table: Table, name: str) -> str:
    """One statement over the whole table, `name` with its schema, quoted."""
    return _statement(table, name, _postgresql_cell, _postgresql_sum, '"')


def postgresql_part_totals(table: Table, name: str, pages: int, count: int) -> str:
    """The same of each of `count` ranges of so many physical pages, its number first.

    The last range has no end.
    """
    part = f"least((ctid::text::point)[0]::bigint / {pages}, {count - 1})"
    rest = postgresql_totals(table, name).removeprefix("select ")
    return f"select {part} as part_, {rest} group by 1"


def _postgresql_cell(column: Column) -> str:
    text = f'"{column.name}"::text'
    return f"coalesce('V' || char_length({text}) || ':' || {text}, 'N')"


def _postgresql_sum(text: str) -> str:
    """PostgreSQL sums whole numbers exactly, whatever their sum is."""
    digest = f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"
    return f"sum(('x' || substr({digest}, 1, 15))::bit(60)::bigint)"


def mariadb_totals(table: Table, name: str) -> str:
    """The same for MariaDB and MySQL, `name` with its database."""
    return _statement(table, name, _mariadb_cell, _mariadb_sum, "`")


def _mariadb_cell(column: Column) -> str:
    text = f"cast(`{column.name}` as char character set utf8mb4)"
    return f"coalesce(concat('V', char_length({text}), ':', {text}), 'N')"


def _mariadb_sum(text: str) -> str:
    return f"sum(cast(conv(left(sha2({text}, 256), 15), 16, 10) as decimal(38,0)))"


def _statement(table: Table, name: str, cell: Any, total: Any, quote: str) -> str:
    cells = [cell(column) for column in table.columns]
    parts = ["count(*) as rows_", f"{total(_joined(cells))} as {ROW_SUM}"]
    parts += [
        f"{total(cell(column))} as {quote}c_{column.name}{quote}"
        for column in summed_columns(table)
    ]
    # Names come from a checked contract: lower-case identifiers and nothing else.
    return f"select {', '.join(parts)} from {name}"  # noqa: S608


def number_of_rows(name: str) -> str:
    """The same of the rows alone, in any database."""
    return f"select count(*) as rows_ from {name}"  # noqa: S608


def _joined(texts: list[str]) -> str:
    """One text of all, within what PostgreSQL allows a function to be given."""
    while len(texts) > 1:
        groups = [
            texts[at : at + MOST_ARGUMENTS]
            for at in range(0, len(texts), MOST_ARGUMENTS)
        ]
        texts = [f"concat({', '.join(group)})" for group in groups]
    return texts[0]


def from_database(names: list[str], row: tuple[Any, ...]) -> Totals:
    """Totals from the one row a database answered with."""
    found = dict(zip(names, row, strict=True))
    rows = int(found.pop("rows_"))
    sums = {key.removeprefix("c_"): int(value or 0) for key, value in found.items()}
    return Totals(rows, sums)
