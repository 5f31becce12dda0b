"""What a row's own columns say is taken out of its texts first, a whole column at once.

An exact look for whole values, as they are written: who is named in a report mostly stands
in a column beside it. In which rows a value may also be written otherwise (张主任, the tail
of an address, with gaps) is asked the same way; only those are read one by one, by
privacy/names/known.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import polars as pl

from lake_config.contract import Column
from privacy.names.known import ABSENT, KIND_OF, SHORTEST, SHORTEST_OTHER, TAIL
from privacy.names.span import PERSON, PLACE
from privacy.names.writing import traditional

ENDS = "尾号|末四位|后四位|后六位"
_PUNCTUATION = "，。；：、！？（）【】《》“”"
BIRTH, LANDLINE = "birth_date", "landline"
SUBSCRIBER = 7
"""Digits of a telephone number that are said without its area."""
_SIGN = "[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]"


def without_row_values(
    text: str, columns: Iterable[Column], words: dict[str, str]
) -> pl.Expr:
    """The texts with each value of `columns` replaced by the word of its semantic type.

    Null texts stay null. A value that is too short to be told from a word stays.
    """
    found = pl.col(text)
    for column in columns:
        value = _value(column)
        parts = found.str.split(value).list.join(words[column.semantic_type])
        found = pl.when(_somebody_s(column)).then(parts).otherwise(found)
    return found


def may_be_named_otherwise(
    text: pl.Expr, columns: Iterable[Column], words: Iterable[str] = ()
) -> pl.Expr:
    """Could a value be written in what `without_row_values` has left, in any form that
    `known_spans` knows, or have stood inside a longer number, of which a stump is left beside
    one of `words`? True also for much that is not; null is False."""
    odd = text.str.contains(_odd())
    if stumps := "|".join(map(re.escape, words)):
        odd |= text.str.contains(f"{_SIGN}[ -]?(?:{stumps})|(?:{stumps})[ -]?{_SIGN}")
    near = [_otherwise(text, column) for column in columns]
    return pl.any_horizontal(odd, text.str.contains(ENDS), *near).fill_null(False)


def _otherwise(text: pl.Expr, column: Column) -> pl.Expr:
    value, kind = (
        _value(column),
        KIND_OF.get(column.semantic_type, column.semantic_type),
    )
    if kind == BIRTH:
        year = value.str.slice(0, 4)
        short = year.str.tail(2) + "年"
        return text.str.contains(year, literal=True) | text.str.contains(
            short, literal=True
        )
    found = value.str.contains(_odd())
    if kind == LANDLINE:
        found |= text.str.contains(value.str.tail(SUBSCRIBER), literal=True)
    if kind == PERSON:
        for part in (value.str.slice(0, 1), value.str.tail(2)):
            found |= text.str.contains(part, literal=True)
    if kind == PLACE:
        found |= text.str.contains(value.str.tail(TAIL), literal=True)
    return found & (value.str.len_chars() > 0)


def _value(column: Column) -> pl.Expr:
    return pl.col(column.name).cast(pl.String)


def _somebody_s(column: Column) -> pl.Expr:
    kind = KIND_OF.get(column.semantic_type, column.semantic_type)
    least = SHORTEST.get(kind, SHORTEST_OTHER)
    value = _value(column)
    return (value.str.len_chars() >= least) & ~value.str.contains(f"^(?:{ABSENT})$")


@lru_cache(maxsize=1)
def _odd() -> str:
    """A sign that may be written in another way: not a simplified character, a capital, a
    digit or a mark that stands in no value; or a mark between two signs of a number."""
    odd = f"[^一-鿿0-9A-Z{_PUNCTUATION}]|[{''.join(sorted(traditional()))}]"
    return f"{odd}|[0-9A-Z][{_PUNCTUATION}]+[0-9A-Z]"
