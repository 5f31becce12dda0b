"""What a row's own columns say is taken out of its texts first, a whole column at once.

An exact look for whole values, as they are written: who is named in a report mostly stands
in a column beside it. Other ways of writing them are found afterwards, text by text
(privacy/names/known.py).
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from lake_config.contract import Column
from privacy.names.known import KIND_OF, SHORTEST, SHORTEST_OTHER


def without_row_values(
    text: str, columns: Iterable[Column], placeholder: dict[str, str]
) -> pl.Expr:
    """The texts with each value of `columns` replaced by its semantic type's placeholder.

    Null texts stay null. A value that is too short to be told from a word stays.
    """
    found = pl.col(text)
    for column in columns:
        kind = column.semantic_type
        value = pl.col(column.name).cast(pl.String)
        least = SHORTEST.get(KIND_OF.get(kind, kind), SHORTEST_OTHER)
        parts = found.str.split(value).list.join(placeholder[kind])
        found = pl.when(value.str.len_chars() >= least).then(parts).otherwise(found)
    return found
