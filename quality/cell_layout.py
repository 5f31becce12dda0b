"""How texts are written, told from the first rows: layouts of dates, digits of numbers.

Patterns come from a closed list, so that no cell can be told. One cell proves nothing:
what most cells show counts, and what was agreed wins wherever it may be right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import product

from lake_config.contract import Column
from quality.typed_text import FIELDS, date_format, digits_of, spark_type

FEW, MOST = 0.6, 0.9
"""Days up to 12 make four in ten wrong dates look right."""

RARE = 0.05
ORDERS = (
    "yyyy{0}MM{0}dd",
    "yyyy{0}dd{0}MM",
    "dd{0}MM{0}yyyy",
    "MM{0}dd{0}yyyy",
)
SEPARATORS = ("-", "/", ".", "")
TIMES = ("", " HH:mm:ss", "'T'HH:mm:ss", " HH:mm")
LAYOUTS = [
    order.format(sign) + time
    for order, sign, time in product(ORDERS, SEPARATORS, TIMES)
] + [f"yyyy年MM月dd日{time}" for time in TIMES]
PARTS = {
    "yyyy": "(?:1[89]|20)[0-9]{2}",
    "MM": "(?:0[1-9]|1[0-2])",
    "dd": "(?:0[1-9]|[12][0-9]|3[01])",
    "HH": "(?:[01][0-9]|2[0-4])",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
}
PLAIN_NUMBER = re.compile(r"\s*[+-]?[0-9]+(?:\.([0-9]*[1-9])?0*)?\s*")


def agreed_layout(column: Column) -> str:
    """The contract's layout of a column of dates; nothing for another column."""
    of_time = column.logical_type in ("date", "timestamp")
    return date_format(column) if of_time and column.landed_type == "string" else ""


def layout_of(column: Column, cells: Sequence[str | None]) -> str:
    """The layout that most cells have; nothing where none is certain."""
    agreed, texts = agreed_layout(column), [cell for cell in cells if cell]
    if not agreed or not texts:
        return ""
    if _share(agreed, texts) >= FEW:
        return agreed
    shares = {layout: _share(layout, texts) for layout in LAYOUTS}
    best = max(shares, key=lambda layout: shares[layout])
    return best if shares[best] >= MOST else ""


def _share(layout: str, texts: Sequence[str]) -> float:
    shape = _shape(layout)
    return sum(1 for text in texts if shape.fullmatch(text)) / len(texts)


@cache
def _shape(layout: str) -> re.Pattern[str]:
    pieces = re.findall(f"{'|'.join(FIELDS)}|'[^']*'|.", layout)
    return re.compile(
        "".join(PARTS.get(piece) or re.escape(piece.strip("'")) for piece in pieces)
    )


def number_facts(
    column: Column, cells: Sequence[str | None]
) -> tuple[str, int | None] | None:
    """(type, scale) that texts show where the contract expects numbers, else None.

    No texts show no type. Fewer digits after the point than agreed are a matter of that
    day's values.
    """
    texts = [cell for cell in cells if cell]
    if column.logical_type not in ("integer", "number"):
        return None
    if not texts:
        return "", None
    found = [shape for shape in map(PLAIN_NUMBER.fullmatch, texts) if shape]
    if len(found) < len(texts) / 2:
        return "text", None
    return "number", max(digits_of(spark_type(column))[1], _scale(found))


def _scale(found: Sequence[re.Match[str]]) -> int:
    """Digits after the point, leaving out what only a few cells have."""
    lengths = sorted((len(shape[1] or "") for shape in found), reverse=True)
    return lengths[int(RARE * len(lengths))]
