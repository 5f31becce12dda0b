"""Written text without the people in it: pieces of text in, masked texts out.

What is found (values of the same row, patterns, names and places by the model) gives way to
the name of its class, such as 【姓名】. A text that is not read to its end in time, or in
which something still looks like a number of somebody, is WITHHELD as a whole. What the
model does not find stays: how much that is, is measured (names/rates.py) and told with
every publication.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial

import polars as pl

from lake_config.contract import Column, Table
from privacy.classification.classes import DIRECT, TITLES
from privacy.leak_patterns import classes_in
from privacy.names import detect
from privacy.names.known import Known, Value, known, known_spans
from privacy.names.span import ORGANISATION, PERSON, PLACE
from privacy.names.span import WITHHELD as UNREAD
from privacy.recognisers.analyzer import analyzer, spans
from privacy.recognisers.spans import Span, without_overlaps

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
TEXT = "_text"


@lru_cache(maxsize=1)
def patterns_in() -> Callable[[str], list[Span]]:
    """The recognisers, made once for a process."""
    return partial(spans, analyzer())


def text_column(column: Column, table: Table) -> pl.Expr:
    """The column's cells as they landed, masked; a row is looked at with its own values."""
    near = {
        it.name: it.semantic_type for it in table.columns if it.semantic_type in NEAR
    }
    cells = [pl.col(name).cast(pl.String).alias(name) for name in near]

    def made(rows: pl.Series) -> pl.Series:
        every = rows.struct.unnest()
        distinct = every.unique(maintain_order=True)
        texts = distinct[TEXT].to_list()
        values = zip(*(distinct[name].to_list() for name in near), strict=True)
        kinds = tuple(near.values())
        told = masked_texts(
            texts, (_near(kinds, row) for row in values) if near else ()
        )
        found = distinct.with_columns(pl.Series(column.name, told, pl.String))
        return every.join(
            found, on=every.columns, how="left", nulls_equal=True, maintain_order="left"
        )[column.name]

    text = pl.col(column.name).cast(pl.String).alias(TEXT)
    return pl.struct(text, *cells).map_batches(made, return_dtype=pl.String)


def _near(kinds: Iterable[str], row: Iterable[str | None]) -> list[Value]:
    return [(kind, cell) for kind, cell in zip(kinds, row, strict=True) if cell]


def masked_texts(
    texts: Iterable[str | None], near: Iterable[list[Value]] = ()
) -> Iterator[str | None]:
    """Each text masked, in the order of the texts; null stays null.

    `near`: for each text the values of its row, by semantic type. A text in which none of
    them is written is looked at once, however often it stands there.
    """
    values = iter(near)
    for text in texts:
        own = next(values, [])
        if not text:
            yield text
            continue
        sought = known(near=own)
        here = known_spans(text, sought)
        yield masked_text(text, sought) if here else _anybody_s(text)


@lru_cache(maxsize=10_000)
def _anybody_s(text: str) -> str:
    return masked_text(text)


def masked_text(text: str, *near: Known, seconds: float = detect.SECONDS) -> str:
    """One text without what is found in it, or WITHHELD."""
    named = detect.spans(text, *near, seconds=seconds)
    if any(span.kind == UNREAD for span in named):
        return WITHHELD
    found = [
        *(Span(it.start, it.end, word(it.kind), it.score) for it in named),
        *(
            Span(it.start, it.end, word(it.entity), it.score)
            for it in patterns_in()(text)
        ),
    ]
    told = _replaced(text, without_overlaps(found))
    return WITHHELD if classes_in(told) else told


def word(kind: str) -> str:
    """What stands instead of a find of this class; others may add classes of their own."""
    return WORDS.get(kind, OTHER_WORD)


def _replaced(text: str, found: list[Span]) -> str:
    """Spans of one word that touch are one."""
    pieces: list[str] = []
    done = 0
    before: Span | None = None
    for span in found:
        pieces.append(text[done : span.start])
        touches = before is not None and before.end == span.start
        if not (touches and before and before.entity == span.entity):
            pieces.append(f"【{span.entity}】")
        before, done = span, span.end
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
