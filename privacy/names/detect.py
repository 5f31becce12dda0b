"""Names and places of one text: known values, the model, labels, repetitions, addresses.

`spans` never hangs and never gives up silently: a text that is too long, or that is not
read in time, comes back as one span of kind `withheld` over all of it, so that whoever
masks spans shows nothing of it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby

from lake_config.settings import load
from privacy.names.known import Known, known, known_spans
from privacy.names.labels import DOOR, label_spans
from privacy.names.model import Chances, Model, loaded
from privacy.names.span import (
    ORGANISATION,
    PERSON,
    PLACE,
    SURE,
    WITHHELD,
    Find,
    Span,
    joined,
    settled,
)
from privacy.names.writing import plain

LEAST = {PERSON: 0.08, PLACE: 0.07, ORGANISATION: 0.2}
LEAST_OF_ALL = 0.14
"""A character is masked from these chances on, of one kind or of all together: far below a
half, because a shown name costs more than a masked word. docs/reference/names.md."""
LONGEST_TEXT = 20_000
"""Characters; a longer cell is withheld without a look, the same on every machine."""
SECONDS = 5.0
"""Of this thread's processor for one cell, so that a busy machine withholds no more than an
idle one; past it the cell is withheld."""
PIECE = 256
"""The model reads at most so many characters at once, cut where a sentence ends if it can."""

_WITHIN = "[^。！？!?；;\n]"
_SENTENCE = re.compile(
    rf"{_WITHIN}{{0,{PIECE}}}(?:[。！？!?；;\n]|\Z)"
    rf"|{_WITHIN}{{1,{PIECE - 1}}}[，,、 ]|{_WITHIN}{{1,{PIECE}}}"
)
_READABLE = re.compile(r"[^\W\d_]")
_DOOR = re.compile(f"[ -]?{DOOR}")
_INSTITUTION = re.compile(
    "[一-鿿]{0,6}?(?:医院|卫生院|诊所|小学|中学|幼儿园|公司|银行|派出所|公安局|法院|检察院|"
    "委员会|居委会|村委会|[敬养]老院|福利院|服务中心)"
)
_GAP = re.compile(f"[ -]?(?:{DOOR}[ ,，]?)?")


def spans(
    text: str,
    *values: Known,
    found: Iterable[Span] = (),
    find: Find | None = None,
    seconds: float = SECONDS,
) -> list[Span]:
    """Disjoint spans (start, end, kind, score, source) in the order of the text.

    `values` are looked for first: those of the case, and once made, those of the table.
    `found` is what is known of the text already. `find` is the model: the lake's own, or
    an adapter's.
    """
    if len(text) > LONGEST_TEXT:
        return [withheld(text)]
    find = find or own_find()
    end = time.thread_time() + seconds
    simple = plain(text)
    found = [*found, *known_spans(text, *values), *label_spans(simple)]
    for start, piece in pieces(simple):
        if time.thread_time() > end:
            return [withheld(text)]
        if _READABLE.search(piece):
            found += _moved(find([piece])[0], start)
    found = settled(found)
    found = settled([*found, *repeated(text, found)])
    found = settled(addresses(simple, found))
    return settled([*found, *institutions(simple, found)])


def _moved(found: Iterable[Span], by: int) -> list[Span]:
    return [span._replace(start=span.start + by, end=span.end + by) for span in found]


@lru_cache(maxsize=1)
def own_find() -> Find:
    """The model built from the stored corpus, in this user's cache."""
    return finder(loaded(load().cache))


def finder(model: Model) -> Find:
    """A trained model behind the protocol of all adapters."""
    return lambda texts: [model_spans(model.chances(text)) for text in texts]


def withheld(text: str) -> Span:
    """The declared outcome of a text that was not read to its end."""
    return Span(0, len(text), WITHHELD, 1.0, "known")


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """The text cut into sentences, and long ones into parts; with the place of each."""
    for match in _SENTENCE.finditer(text):
        if match[0]:
            yield match.start(), match[0]


def model_spans(chances: Chances) -> list[Span]:
    """The likeliest reading as sure spans, and around them all that is only possible."""
    sure = list(_labelled(chances))
    taken = {place for span in sure for place in range(span.start, span.end)}
    return sure + list(_possible(chances, taken))


def _labelled(chances: Chances) -> Iterator[Span]:
    starts = [
        place for place, label in enumerate(chances.labels) if label.startswith("B-")
    ]
    for start in starts:
        kind = chances.labels[start][2:]
        end = start + 1
        while end < len(chances.labels) and chances.labels[end] == f"I-{kind}":
            end += 1
        yield Span(start, end, kind, max(SURE, _mean(chances.kinds[kind][start:end])))


def _possible(chances: Chances, taken: set[int]) -> Iterator[Span]:
    kinds = [
        "" if at in taken else _kind_at(chances, at)
        for at in range(len(chances.labels))
    ]
    for kind, run in groupby(enumerate(kinds), key=lambda pair: pair[1]):
        places = [place for place, _ in run]
        start, end = places[0], places[-1] + 1
        if kind:
            chance = _mean(chances.kinds[kind][start:end])
            yield Span(start, end, kind, min(chance, SURE - 0.01))


def _kind_at(chances: Chances, at: int) -> str:
    """The likeliest kind of a character, if it is likely enough to be masked."""
    of = {kind: row[at] for kind, row in chances.kinds.items()}
    enough = sum(of.values()) >= LEAST_OF_ALL
    likely = {kind: chance for kind, chance in of.items() if chance >= LEAST[kind]}
    chosen = likely or (of if enough else {})
    return max(chosen, key=lambda kind: chosen[kind], default="")


def _mean(chances: list[float]) -> float:
    return sum(chances) / len(chances)


def repeated(text: str, found: Iterable[Span]) -> list[Span]:
    """Every other mention of what was surely found: a name also in its shorter forms. What
    stands in 【】 was told by its class before."""
    named = {PERSON: "person_name", PLACE: "address"}
    values = [
        (named[span.kind], text[span.start : span.end])
        for span in found
        if span.kind in named
        and span.score >= SURE
        and not text.startswith("【", span.start)
    ]
    mentions = known_spans(text, known(near=values, shortest=2))
    return [span._replace(score=SURE, source="repeat") for span in mentions]


def institutions(text: str, found: Iterable[Span]) -> list[Span]:
    """A place and what follows it up to 医院, 公司, …: one organisation."""
    return [
        span._replace(end=match.end(), kind=ORGANISATION)
        for span in found
        if span.kind == PLACE and span.score >= SURE
        if (match := _INSTITUTION.match(text, span.end))
    ]


def addresses(text: str, found: list[Span]) -> list[Span]:
    """Sure places with no more than a door number between them are one, to the last door."""
    merged: list[Span] = []
    for span in found:
        if merged and _one_address(text, merged[-1], span):
            merged[-1] = joined(merged[-1], span)
        else:
            merged.append(span)
    return [_to_the_door(text, span) if span.kind == PLACE else span for span in merged]


def _one_address(text: str, before: Span, after: Span) -> bool:
    """Only sure ones: what touches an unsure one is hidden anyway."""
    both_sure = min(before.score, after.score) >= SURE
    places = before.kind == PLACE == after.kind
    return both_sure and places and bool(_GAP.fullmatch(text, before.end, after.start))


def _to_the_door(text: str, span: Span) -> Span:
    match = _DOOR.match(text, span.end)
    return span._replace(end=match.end()) if match else span
