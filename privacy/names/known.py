"""Finds values that are known from structured columns, however the text writes them.

`near` values are of the same person or case: all their forms count (张主任 for 张伟强, the
tail of an address, 尾号1234). `far` ones are the rest of the table: whole values only, and no
name that is an ordinary word. One pass over the text, whatever the number of values.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import rjieba

from privacy.names.chinese_names import called
from privacy.names.span import PERSON, PLACE, Span
from privacy.names.writing import Bare, bare, digits

Value = tuple[str, str]
"""(semantic type of the column, value)"""

KIND_OF = {"person_name": PERSON, "address": PLACE, "movement_place": PLACE}
"""Semantic types that are one of the three kinds; any other is a kind of its own."""
SHORTEST = {PERSON: 2, PLACE: 4}
SHORTEST_OTHER = 6
LONGEST = 64
"""Longer values are looked for by their beginning."""
TAIL = 4
_INSIDE = re.compile("(?<=[省市区县旗镇乡村屯街道路])")
NOTHING = Bare("", [])
_DAY = re.compile("([0-9]{4})([0-9]{2})([0-9]{2})")
_NAME_PARTS = re.compile("[·•・‧]")
_TAIL_DIGITS = re.compile("(?:尾号|末四位|后四位|后六位)[是为:：]?([0-9]{3,5}[0-9X])")
ABSENT = "无|不详|未知|暂无|保密|NULL|NONE|N/A|NA"
_LACKING = re.compile(f"(.)\\1*|{ABSENT}")


class Forms(NamedTuple):
    """Forms by their first two characters, each with its kind; and how long they are."""

    kinds: dict[str, dict[str, str]]
    lengths: dict[str, tuple[int, ...]]


class Known(NamedTuple):
    """What names and places look like, and what numbers; and ends of numbers."""

    words: Forms
    numbers: Forms
    ends: dict[str, str]


def known(
    near: Sequence[Value] = (), far: Iterable[Value] = (), shortest: int = 0
) -> Known:
    """What to look for. Placeholders (无, 不详, 0000) and values too short are left out."""
    words: dict[str, dict[str, str]] = defaultdict(dict)
    numbers: dict[str, dict[str, str]] = defaultdict(dict)
    ends: dict[str, str] = {}
    for kind, form in _forms(near, far):
        least = shortest or SHORTEST.get(kind, SHORTEST_OTHER)
        if len(form) < least or _LACKING.fullmatch(form):
            continue
        group = words if _is_word_kind(kind) else numbers
        group[form[:2]].setdefault(form[:LONGEST], kind)
    for semantic_type, value in near:
        written = digits(value).text
        if semantic_type not in KIND_OF and _is_number(written):
            ends.update(dict.fromkeys((written[-4:], written[-6:]), semantic_type))
    return Known(_with_lengths(words), _with_lengths(numbers), ends)


def _with_lengths(kinds: dict[str, dict[str, str]]) -> Forms:
    lengths = {
        first: tuple(sorted({len(form) for form in group}, reverse=True))
        for first, group in kinds.items()
    }
    return Forms(dict(kinds), lengths)


def _is_word_kind(kind: str) -> bool:
    return kind in KIND_OF.values()


def _compared(kind: str, value: str) -> str:
    """A value as its text is written where it is looked for."""
    return (bare if _is_word_kind(kind) else digits)(value).text


def known_spans(text: str, *values: Known) -> list[Span]:
    """Every place where a known value is written; the longest form at each."""
    worded = bare(text) if any(each.words.kinds for each in values) else NOTHING
    told = digits(text) if any(each.numbers.kinds for each in values) else NOTHING
    return [
        span
        for each in values
        for span in (
            *_matches(worded, each.words),
            *_matches(told, each.numbers),
            *_number_ends(told, each.ends),
        )
    ]


def _matches(written: Bare, forms: Forms) -> Iterator[Span]:
    text, places = written
    for start in range(len(text) - 1):
        first = text[start : start + 2]
        for length in forms.lengths.get(first, ()):
            form = text[start : start + length]
            if kind := forms.kinds[first].get(form):
                yield _span(places, start, start + len(form), kind)
                break


def _number_ends(written: Bare, ends: dict[str, str]) -> Iterator[Span]:
    for match in _TAIL_DIGITS.finditer(written.text):
        if kind := ends.get(match[1]):
            yield _span(written.places, match.start(1), match.end(1), kind)


def _span(places: list[int], start: int, end: int, kind: str) -> Span:
    return Span(places[start], places[end - 1] + 1, kind, 1.0, "known")


def _forms(near: Sequence[Value], far: Iterable[Value]) -> Iterator[Value]:
    for semantic_type, value in near:
        kind = KIND_OF.get(semantic_type, semantic_type)
        for form in _close_forms(kind, value):
            yield kind, form
    for semantic_type, value in far:
        kind = KIND_OF.get(semantic_type, semantic_type)
        form = _compared(kind, value)
        if kind != PERSON or not is_a_word(form):
            yield kind, form


def _close_forms(kind: str, value: str) -> list[str]:
    whole = _compared(kind, value)
    if _LACKING.fullmatch(whole):
        return []
    if kind == PERSON:
        parts = [bare(part).text for part in _NAME_PARTS.split(value)]
        return [whole, *called(whole), *_given(whole), *parts]
    if kind == PLACE:
        cuts = [match.start() for match in _INSIDE.finditer(whole)]
        return [whole, *(whole[cut:] for cut in cuts if len(whole) - cut >= TAIL)]
    if kind == "birth_date" and (day := _DAY.match(whole)):
        return [whole, *_written_days(*day.groups())]
    if kind == "landline" and whole.startswith("0"):
        return [whole, whole[3 if whole[1:2] in ("1", "2") else 4 :]]
    return [whole]


def _written_days(year: str, month: str, day: str) -> list[str]:
    """With and without zeros and the century; 元月 is the first month."""
    months = [month, str(int(month)), *(["元"] if int(month) == 1 else [])]
    whole = [f"{one}月{last}日" for one in months for last in (day, str(int(day)))]
    return [
        f"{year}{int(month)}{int(day)}",
        *(f"{year}年{one}月" for one in months),
        *(f"{head}年{rest}" for head in (year, year[2:]) for rest in whole),
    ]


def _given(name: str) -> list[str]:
    """The given name alone, where it is two characters and no word of its own."""
    given = name[1:] if len(name) == 3 else name[2:] if len(name) == 4 else ""
    return [given] if len(given) == 2 and not is_a_word(given) else []


def is_a_word(form: str) -> bool:
    """One entry of the dictionary that is not marked as a name: 高兴, 文明, 黄金."""
    parts = rjieba.tag(form, False)
    return len(parts) == 1 and not parts[0][1].startswith("nr")


def _is_number(form: str) -> bool:
    return len(form) >= SHORTEST_OTHER and form[:-1].isdigit()
