"""The lake's side of the control totals, read from the committed files themselves.

Not by Spark: the engine that wrote the rows would grade its own work, and pay four times
as much for it (docs/adr/0011). The definition is docs/reference/control_totals.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from operator import mul
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from jobs.control_totals import ROW_SUM, Totals
from jobs.delta_files import files_added, rows_added
from lake_config.contract import Table
from lake_config.errors import JobFailed

ROWS_AT_ONCE, BYTES_AT_ONCE = 1 << 15, 1 << 20
TEXT = pa.large_string()
"""Cells of one batch may be longer together than the 2 GiB a plain string array holds."""

PLAIN = (pa.string(), pa.int64(), pa.date32(), pa.bool_())
"""Types that Arrow writes as Spark and the databases do; decimals take a second look."""

NOTHING, SOME, COLON, NULL = (pa.scalar(text, TEXT) for text in ("", "V", ":", "N"))


def committed_totals(attempt: Path, table: Table, sums: Collection[str]) -> Totals:
    """As many checksums as the source gave, over the rows of the attempt's one commit."""
    if not sums:
        return Totals(rows_added(attempt, 0), {})
    rows = 0
    found = Counter({name: 0 for name in _checksums(table, sums)})
    for batch in _batches(attempt, _needed(table, sums)):
        rows += batch.num_rows
        found.update(_sums(batch, sums))
    return Totals(rows, dict(found))


def _checksums(table: Table, sums: Collection[str]) -> list[str]:
    """The wanted checksums that this table has."""
    names = (ROW_SUM, *(column.name for column in table.columns))
    return [name for name in names if name in sums]


def _needed(table: Table, sums: Collection[str]) -> list[str]:
    """The columns to be read, in the contract's order: all of them for whole rows."""
    names = [column.name for column in table.columns]
    return names if ROW_SUM in sums else [name for name in names if name in sums]


def _batches(attempt: Path, names: list[str]) -> Iterator[pa.RecordBatch]:
    """Some rows at a time, however large a row group is, with their columns as named."""
    for name in sorted(files_added(attempt, 0)):
        with pq.ParquetFile(attempt / name, buffer_size=BYTES_AT_ONCE) as file:
            for batch in file.iter_batches(ROWS_AT_ONCE, columns=names):
                yield batch.select(names)


def _sums(batch: pa.RecordBatch, sums: Collection[str]) -> Mapping[str, int]:
    cells = {name: canonical(name, batch.column(name)) for name in batch.schema.names}
    found = {name: sum_of_cells(texts) for name, texts in cells.items() if name in sums}
    if ROW_SUM in sums:
        rows = pc.binary_join_element_wise(*cells.values(), NOTHING)
        found[ROW_SUM] = sum_of_rows(rows)
    return found


def canonical(name: str, cells: pa.Array) -> pa.Array:
    """`N` for null, else `V<characters>:<text>`, of each cell of a column."""
    text = _text(name, cells)
    size = pc.utf8_length(text).cast(TEXT)
    some = pc.binary_join_element_wise(SOME, size, COLON, text, NOTHING)
    return pc.fill_null(some, NULL)


def _text(name: str, cells: pa.Array) -> pa.Array:
    """Only types whose text is known to be the same everywhere: nothing is guessed."""
    if pa.types.is_decimal128(cells.type):
        return _all_digits(cells)
    if cells.type in PLAIN:
        return cells.cast(TEXT)
    raise JobFailed(
        f"列 {name} 在归集库中的类型是 {cells.type}，它的文本形式未经验证，控制总数无法核对。"
        "请系统管理员按 docs/reference/control_totals.md 补上这一类型后重新运行。"
    )


def _all_digits(numbers: pa.Array) -> pa.Array:
    """Arrow writes what is small for its scale as 1E-10; a database writes all digits."""
    text = numbers.cast(TEXT)
    short = pc.match_substring(text, "E")
    digits = [f"{number:f}" for number in numbers.filter(short).to_pylist()]
    return pc.replace_with_mask(text, short, pa.array(digits, TEXT))


def sum_of_rows(texts: pa.Array) -> int:
    """Of texts that are nearly all different."""
    return sum(_numbers(texts))


def sum_of_cells(texts: pa.Array) -> int:
    """Of texts that repeat: each is hashed once."""
    counted = pc.value_counts(texts)
    counts = counted.field("counts").to_pylist()
    return sum(map(mul, _numbers(counted.field("values")), counts))


def _numbers(texts: pa.Array) -> list[int]:
    """The first 60 bits of each text's SHA-256, as numbers that no sum overflows."""
    content = texts.cast(pa.large_binary()).to_numpy(zero_copy_only=False)
    digests = b"".join([sha256(text).digest() for text in content])
    return (np.frombuffer(digests, ">u8")[::4] >> 4).tolist()
