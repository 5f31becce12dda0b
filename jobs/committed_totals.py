"""The lake's side of the control totals, read from the committed files themselves.

Not by Spark: the engine that wrote the rows would grade its own work, and pay four times
as much for it (docs/adr/0011). The definition is docs/reference/control_totals.md.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import polars as pl
from polars_hash import CryptographicHashingNameSpace as Digest

from jobs.committed_rows import committed_rows
from jobs.control_totals import ROW_SUM, ROWS, Totals
from jobs.delta_files import rows_added
from lake_config.contract import Table
from lake_config.errors import JobFailed
from quality.frames import collected
from storage.store import Store

PLAIN = (pl.String, pl.Int64, pl.Date, pl.Boolean, pl.Decimal)
"""Types that polars writes as Spark and the databases do."""

BITS_60 = 15
"""So many hexadecimal digits."""


def committed_totals(
    store: Store, attempt: Path, table: Table, sums: Collection[str]
) -> Totals:
    """As many checksums as the source gave, over the rows of the attempt's one commit."""
    asked = _asked(table, sums)
    number = rows_added(store, attempt, 0)
    if not asked or not number:
        return Totals(number, dict.fromkeys(asked, 0))
    return totals_of(committed_rows(store, attempt), table, sums)


def _asked(table: Table, sums: Collection[str]) -> list[str]:
    names = (column.name for column in table.columns)
    return [name for name in (ROW_SUM, *names) if name in sums]


def totals_of(rows: pl.LazyFrame, table: Table, sums: Collection[str]) -> Totals:
    """The same of any rows of the table; of none it is nothing."""
    asked, names = _asked(table, sums), [column.name for column in table.columns]
    types = rows.collect_schema()
    needed = names if ROW_SUM in asked else asked
    cells = {name: canonical(name, types[name]) for name in needed}
    texts = {ROW_SUM: pl.concat_str(cells.values()), **cells}
    wanted = [checksum(texts[name]).alias(name) for name in asked]
    found = collected(rows.select(pl.len().alias(ROWS), *wanted)).row(0, named=True)
    number = found.pop(ROWS)
    return Totals(number, {name: value or 0 for name, value in found.items()})


def canonical(name: str, type_: pl.DataType) -> pl.Expr:
    """`N` for null, else `V<characters>:<text>`, of each cell of a column.

    Only of types whose text is known to be the same everywhere: nothing is guessed.
    """
    if type_ not in PLAIN:
        raise JobFailed(
            f"列 {name} 在归集库中的类型是 {type_}，它的文本形式未经验证，控制总数无法核对。"
            "请系统管理员按 docs/reference/control_totals.md 补上这一类型后重新运行。"
        )
    text = pl.col(name).cast(pl.String)
    if type_ == pl.Date:
        text = text.str.strip_prefix("+")  # of years beyond 9999
    size = text.str.len_chars().cast(pl.String)
    return pl.concat_str(pl.lit("V"), size, pl.lit(":"), text).fill_null("N")


def checksum(text: pl.Expr) -> pl.Expr:
    """The sum of the first 60 bits of each text's SHA-256, in numbers it cannot overflow."""
    bits = Digest(text).sha2_256().str.head(BITS_60).str.to_integer(base=16)
    return bits.cast(pl.Int128).sum()
