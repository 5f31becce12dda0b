"""Written text without the people in it: pieces of text in, masked texts out.

What is found gives way to the name of its class, such as 【姓名】: first the values of the
same row, then what patterns find, and then, in each text that is left once only, names and
places by the model. A text that is not read to its end in time, or in which something still
looks like a number of somebody, is WITHHELD as a whole. What the model does not find stays:
how much that is, is measured (names/rates.py) and told with every publication.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeGuard

import polars as pl

from lake_config.contract import Column, Table
from privacy.classification.classes import DIRECT, TITLES
from privacy.leak_patterns import classes_in
from privacy.names import detect
from privacy.names.known import KIND_OF, known, known_spans
from privacy.names.span import ORGANISATION, PERSON, PLACE
from privacy.names.span import WITHHELD as UNREAD
from privacy.names.span import Span as Named
from privacy.names.writing import plain
from privacy.recognisers.many_texts import spans_of
from privacy.recognisers.spans import Span
from privacy.row_values import may_be_named_otherwise, without_row_values

WITHHELD = "【未提供】"
"""Instead of a text that is withheld, so that nobody takes it for one that never was."""
PLACEHOLDER = "【[^【】]{2,12}】"
NEAR = (*DIRECT, "birth_date", "movement_place", "person_key", "record_key")
"""Kinds of columns whose values are looked for in the texts of the same row."""
WORDS = {
    **TITLES,
    PERSON: "姓名",
    PLACE: "地址",
    ORGANISATION: "单位",
    "mobile": "手机号",
    "identity_number": "身份证号",
    "CN_IDENTITY_NUMBER": "身份证号",
    "CN_CREDIT_CODE": "统一社会信用代码",
    "CN_PASSPORT": "护照号",
    "CN_TRAVEL_PERMIT": "通行证号",
    "CN_MEDICAL_INSURANCE_NUMBER": "医保号",
    "CN_SOCIAL_SECURITY_NUMBER": "社保号",
    "CN_BANK_CARD": "银行卡号",
    "CN_PLATE": "车牌号",
    "CN_VIN": "车架号",
    "EMAIL_ADDRESS": "邮箱",
    "IP_ADDRESS": "网络地址",
    "CN_MOBILE": "手机号",
    "CN_LANDLINE": "电话",
    "CN_WECHAT": "微信号",
    "CN_QQ": "QQ号",
    "CN_BIRTH_DATE": "出生日期",
    "CN_ADDRESS": "地址",
}
"""Class of what was found to what stands there instead."""
OTHER_WORD = "个人信息"
TEXT, OTHERWISE = "_text", "_otherwise"
_SIGNS = "".join(
    sign
    for sign in map(chr, range(0x10000))
    if plain(sign).isascii() and sign.isalnum()
)
"""Digits and Latin letters, full-width ones too."""
REACH = 64
"""Signs before and behind a value that may belong to the same number."""
_TOLD = re.compile(f"【(?:{'|'.join(sorted({*WORDS.values(), OTHER_WORD}))})】")
_KINDS = {word: kind for kind, word in WORDS.items()} | {
    WORDS[kind]: kind for kind in (PERSON, PLACE, ORGANISATION)
}


def text_column(column: Column, table: Table) -> pl.Expr:
    """The column's cells as they landed, masked; a row is looked at with its own values."""
    near = [item for item in table.columns if item.semantic_type in NEAR]
    cells = [pl.col(item.name).cast(pl.String) for item in near]

    def made(rows: pl.Series) -> pl.Series:
        left = without_own_values(rows.struct.unnest(), near)
        distinct = left.unique(maintain_order=True)
        told = pl.Series(masked_texts(distinct.to_list()), dtype=pl.String)
        return left.replace_strict(distinct, told, return_dtype=pl.String)

    text = pl.col(column.name).cast(pl.String).alias(TEXT)
    return pl.struct(text, *cells).map_batches(made, return_dtype=pl.String)


def without_own_values(rows: pl.DataFrame, near: Sequence[Column]) -> pl.Series:
    """The texts without the values of their own rows, whatever way those are written in."""
    words = {kind: f"【{word(KIND_OF.get(kind, kind))}】" for kind in NEAR}
    numbers = [told for kind, told in words.items() if kind not in KIND_OF]
    left = without_row_values(TEXT, near, words)
    otherwise = may_be_named_otherwise(left, near, numbers)
    told = rows.with_columns(left.alias(TEXT), otherwise.alias(OTHERWISE))
    place = told[OTHERWISE].arg_true()
    some = rows[place]
    patterns = spans_of(_read(some[TEXT].to_list()))
    pairs = zip(some.iter_rows(named=True), patterns, strict=True)
    again = [_without_known(row, near, found) for row, found in pairs]
    return told[TEXT].scatter(place, again) if again else told[TEXT]


def _without_known(
    row: dict[str, str | None], near: Sequence[Column], patterns: Iterable[Span]
) -> str:
    """By the row's values and by patterns at once: a value may be a part of a longer number,
    which no pattern finds when that part has gone."""
    values = [(item.semantic_type, row[item.name]) for item in near]
    text = row[TEXT] or ""
    found = known_spans(text, known(near=[(kind, it) for kind, it in values if it]))
    mine = _worded(_whole(text, span) for span in found)
    sure = [span._replace(score=1.0, source="known") for span in _entities(patterns)]
    return replaced(text, detect.settled([*mine, *sure]))


def _whole(text: str, span: Named) -> Named:
    """A number with all signs that touch it: what stands around it is not told either."""
    if span.kind in KIND_OF.values():
        return span
    before = text[max(0, span.start - REACH) : span.start]
    after = text[span.end : span.end + REACH]
    return span._replace(
        start=span.start - len(before) + len(before.rstrip(_SIGNS)),
        end=span.end + len(after) - len(after.lstrip(_SIGNS)),
    )


def masked_texts(texts: Sequence[str | None]) -> list[str | None]:
    """Each text masked, in the order of the texts; null stays null."""
    read = _read(texts)
    bare = [
        replaced(text, _entities(found))
        for text, found in zip(read, spans_of(read), strict=True)
    ]
    told = {text: without_names(text) for text in dict.fromkeys(bare)}
    return [
        told[left] if _readable(text) else text and WITHHELD
        for text, left in zip(texts, bare, strict=True)
    ]


def _read(texts: Iterable[str | None]) -> list[str]:
    """What is read of each: nothing of one that is withheld anyway."""
    return [text if _readable(text) else "" for text in texts]


def _readable(text: str | None) -> TypeGuard[str]:
    return text is not None and len(text) <= detect.LONGEST_TEXT


def without_names(text: str, seconds: float = detect.SECONDS) -> str:
    """A text in which other finds are told already, without names and places, or WITHHELD."""
    found = [
        Named(match.start(), match.end(), _KINDS.get(match[0][1:-1], ""), 1.0, "known")
        for match in _TOLD.finditer(text)
    ]
    named = detect.spans(text, found=found, seconds=seconds)
    if any(span.kind == UNREAD for span in named):
        return WITHHELD
    told = replaced(text, _worded(named))
    return WITHHELD if classes_in(told) else told


def word(kind: str) -> str:
    """What stands instead of a find of this class; others may add classes of their own."""
    return WORDS.get(kind, OTHER_WORD)


def _entities(found: Iterable[Span]) -> list[Named]:
    return [Named(it.start, it.end, word(it.entity), it.score) for it in found]


def _worded(found: Iterable[Named]) -> list[Named]:
    return [span._replace(kind=word(span.kind)) for span in found]


def replaced(text: str, found: Iterable[Named]) -> str:
    """The text with the word of each span in its place; spans of one word that touch are
    one."""
    pieces: list[str] = []
    done, before = 0, ""
    for span in found:
        pieces.append(text[done : span.start])
        if span.start > done or span.kind != before:
            pieces.append(f"【{span.kind}】")
        done, before = span.end, span.kind
    return "".join((*pieces, text[done:]))


def counts(rows: pl.LazyFrame, name: str) -> pl.LazyFrame:
    """One row about a masked column: `cells` with text, `masked` and `withheld` ones."""
    cell = pl.col(name)
    withheld = cell == WITHHELD
    masked = cell.str.contains(PLACEHOLDER) & ~withheld
    return rows.select(
        cell.is_not_null().sum().alias("cells"),
        masked.sum().alias("masked"),
        withheld.sum().alias("withheld"),
    )
