"""Counts cells of a frame that look like plain personal data, in the pass that writes it.

Every text cell and every number of eleven digits or more is looked at. Results are counts
by class and column, never a value or its place. The patterns are in leak_patterns.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column as Expression
from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F  # noqa: N812
from pyspark.sql.functions import arrow_udf
from pyspark.sql.types import (
    DataType,
    DateType,
    DecimalType,
    IntegralType,
    StringType,
    TimestampType,
)

from privacy.leak_patterns import CLASSES, WIDE, classes_in

HITS, ROWS = "hits", "rows"
BETWEEN_CELLS = "\x1f"
"""A row is looked at as one text; no pattern reaches over this sign."""
SHORTEST_NUMBER = 11


def scanned_columns(frame: DataFrame) -> tuple[str, ...]:
    """Names of the columns that can hold personal data as text or as a number."""
    return tuple(
        field.name for field in frame.schema.fields if _can_hide(field.dataType)
    )


def observed(frame: DataFrame, observation: Observation) -> DataFrame:
    """The same rows; `observation` gets `rows` and `hits` when they are written."""
    found = _hits_udf()(_row_text(frame))
    counted = frame.withColumn(HITS, found).observe(
        observation,
        F.count(F.lit(1)).alias(ROWS),
        F.coalesce(F.sum(HITS), F.lit(0)).alias(HITS),
    )
    return counted.drop(HITS)


def hits_by_column(frame: DataFrame) -> dict[str, int]:
    """Which columns hold what, as `column: class` -> cells; for a frame that has hits."""
    names = scanned_columns(frame)
    sums = [
        F.sum(_hits_udf(kind)(_cell_text(frame, name)))
        for name in names
        for kind in CLASSES
    ]
    labels = [f"{name}: {kind}" for name in names for kind in CLASSES]
    counts = frame.select(*sums).collect()[0] if sums else ()
    return {label: count for label, count in zip(labels, counts, strict=True) if count}


def hits_in(texts: Iterable[str]) -> Counter[str]:
    """The same for names: of files, columns, folders, and their comments."""
    return Counter(kind for text in texts for kind in classes_in(text))


def count_hits(texts: pa.Array, kind: str | None = None) -> pa.Array:
    """For each text, how many of its cells hold personal data (of one class)."""
    suspects = pc.fill_null(pc.match_substring_regex(texts, WIDE), False)
    places = np.flatnonzero(suspects.to_numpy(zero_copy_only=False))
    counts = np.zeros(len(texts), dtype=np.int32)
    if len(places):
        cells = pc.split_pattern(texts.take(pa.array(places)), BETWEEN_CELLS)
        rows = places[pc.list_parent_indices(cells).to_numpy()]
        np.add.at(counts, rows[_is_hit(pc.list_flatten(cells), kind)], 1)
    return pa.array(counts)


def _is_hit(cells: pa.Array, kind: str | None) -> np.ndarray:
    """Exact checks, once for each distinct cell that is suspect."""
    distinct = cells.dictionary_encode()
    values = distinct.dictionary
    suspects = pc.match_substring_regex(values, WIDE).to_pylist()
    verdicts = [
        suspect and _found(str(value), kind)
        for value, suspect in zip(values, suspects, strict=True)
    ]
    return np.array(verdicts, dtype=bool)[distinct.indices.to_numpy()]


def _found(text: str, kind: str | None) -> bool:
    found = classes_in(text)
    return kind in found if kind else bool(found)


def _hits_udf(kind: str | None = None):  # type: ignore[no-untyped-def]
    @arrow_udf("int")  # type: ignore[call-overload, untyped-decorator, unused-ignore]
    def hits(texts: pa.Array) -> pa.Array:
        return count_hits(texts, kind)

    return hits


def _row_text(frame: DataFrame) -> Expression:
    cells = [_cell_text(frame, name) for name in scanned_columns(frame)]
    return F.concat_ws(BETWEEN_CELLS, *cells) if cells else F.lit("")


def _cell_text(frame: DataFrame, name: str) -> Expression:
    """A number's text only where it is long enough to be somebody's."""
    cell = F.col(name)
    if isinstance(frame.schema[name].dataType, StringType):
        return cell
    bound = F.lit(10 ** (SHORTEST_NUMBER - 1))
    return F.when(F.abs(cell) >= bound, cell.cast("string"))


def _can_hide(type_: DataType) -> bool:
    """Text, and whole parts of eleven digits or more; everything unknown counts as text."""
    if isinstance(type_, DecimalType):
        return type_.precision - type_.scale >= SHORTEST_NUMBER
    if isinstance(type_, IntegralType):
        return type_.typeName() in ("long", "bigint")
    return (
        not isinstance(type_, (DateType, TimestampType))
        and type_.typeName() != "boolean"
    )
