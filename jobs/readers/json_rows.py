"""JSON objects as rows: exactly the contract's keys, none twice, every value as it came.

A number is never made a float: 1234567890123456.78 has more digits than one can hold, and
Spark's own reader would make it one. So what is read here is what lands, as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from jobs.context import Job
from jobs.readers.extract import check_columns
from lake_config.errors import DeliveryUndecodable, SchemaChanged
from quality.drift import WHOLE_TABLE, Drift, DriftFound


class NotJson(Exception):
    """Text that is no JSON, or not the object that it should be."""


class Number(str):
    """A number's own digits."""

    __slots__ = ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise SchemaChanged(
            "同一个 JSON 对象里有键重复出现。请数源部门检查后重新交付。"
        ) from DriftFound((Drift("duplicate", WHOLE_TABLE),))
    return found


def _refused(word: str) -> None:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(word)


ROWS_AT_ONCE = 20_000
BLANKS = " \t\r\n"
DECODER = json.JSONDecoder(
    object_pairs_hook=_once,
    parse_float=Number,
    parse_int=Number,
    parse_constant=_refused,
)


def parsed(text: str) -> Any:
    """The value of one JSON text; SchemaChanged when an object has a key twice."""
    text = text.strip(BLANKS)
    try:
        value, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        raise NotJson from None
    if end != len(text):
        raise NotJson
    return value


def row_check(job: Job) -> Callable[[Any], dict[str, Any]]:
    """A check that hands back a row with exactly the contract's keys; made to be quick."""
    wanted = {column.name for column in job.table.columns}

    def check(row: Any) -> dict[str, Any]:
        if not isinstance(row, dict):
            raise NotJson
        if row.keys() != wanted:
            check_columns(job, row)
        return row

    return check


def land_rows(job: Job, rows: Iterator[dict[str, Any]], text: Path) -> int:
    """Write checked rows as text to a Parquet file; says how many there were."""
    names = [column.name for column in job.table.columns]
    schema = pa.schema([(name, pa.string()) for name in names])
    count = 0
    with pq.ParquetWriter(text, schema) as writer:
        while some := list(islice(rows, ROWS_AT_ONCE)):
            columns = [_column(job, [row[name] for row in some]) for name in names]
            writer.write_table(pa.table(columns, schema=schema))
            count += len(some)
    return count


def _column(job: Job, values: list[Any]) -> pa.Array:
    try:
        return _texts(values)
    except RecursionError:
        raise DeliveryUndecodable(
            f"{job.batch}：有单元格的 JSON 嵌套过深，写不成文本。请数源部门改正后重新交付。"
        ) from None


def _texts(values: list[Any]) -> pa.Array:
    """Nearly always all are text, or nothing, and it takes no second look."""
    try:
        return pa.array(values, pa.string())
    except (UnicodeEncodeError, pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array(map(_whole_text, values), pa.string())


def _whole_text(value: Any) -> str | None:
    """Half a character (a lone surrogate) becomes U+FFFD, which the row rules see."""
    text = value if value is None or isinstance(value, str) else _text(value)
    return text and text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _text(value: Any) -> str:
    """What is no text: numbers by their digits, the rest as JSON."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        pairs = (f"{_quoted(name)}: {_quoted(item)}" for name, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    return json.dumps(value)


def _quoted(value: Any) -> str:
    """A value inside another."""
    plain = type(value) is str
    return json.dumps(value, ensure_ascii=False) if plain else _text(value)
