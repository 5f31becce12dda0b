"""What the names of a column say of it: Chinese label, English words, pinyin initials.

A Chinese name ends with what the thing is (身份证有效期 is a date), so the word that ends
last speaks, and of those the longest. A name that ends with the word is exact, one that goes
on behind it is partial.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from lake_config.contract import Column, Table
from privacy.classification.classes import (
    ALONE,
    CLASSES,
    DIRECT,
    ORGANISATION,
    ORGANISATION_ENGLISH,
)

EXACT, PARTIAL, NONE = "exact", "partial", "none"

_ASIDE = re.compile(r"[(\[【〔].*?[)\]】〕]")
_TAIL = re.compile(r"[\s_0-9]+$")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@dataclass(frozen=True, slots=True)
class Named:
    """`degree` is exact, partial or none; without a degree there is no class."""

    name: str = ""
    degree: str = NONE


def name_evidence(column: str, label: str) -> Named:
    """What a column's two names say together: the exact one, and of two the stricter."""
    found = [item for item in (_of_label(label), _of_column(column)) if item.name]
    return min(found, key=_weakness, default=Named())


def of_organisation(column: Column, table: Table) -> bool:
    """Do the names speak of a body and not of a person?"""
    labels = column.business_name, table.business_name
    parts = {part for name in (column.name, table.name) for part in _parts(name)}
    return any(word in text for word in ORGANISATION for text in labels) or any(
        form in parts for word in ORGANISATION_ENGLISH for form in _numbers(word)
    )


def _numbers(word: str) -> tuple[str, ...]:
    """The singular and the plurals of an English word."""
    return word, f"{word}s", f"{word}es", f"{word[:-1]}ies"


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.lower() for part in _PARTS.findall(name))


def _weakness(item: Named) -> tuple[bool, bool]:
    return item.degree != EXACT, item.name not in DIRECT


@lru_cache(maxsize=1)
def _labels() -> dict[str, str]:
    return {word: item.name for item in CLASSES for word in item.labels}


def _of_label(label: str) -> Named:
    text = _ASIDE.sub("", unicodedata.normalize("NFKC", label)).upper()
    text = _TAIL.sub("", text)
    ends = [
        (text.rfind(word) + len(word), len(word), name)
        for word, name in _labels().items()
        if word in text
    ]
    if not ends:
        return Named()
    end, _, name = max(ends)
    return Named(name, EXACT if end == len(text) else PARTIAL)


@lru_cache(maxsize=1)
def _english() -> dict[tuple[str, ...], str]:
    return {
        tuple(word.split("_")): item.name for item in CLASSES for word in item.english
    }


@lru_cache(maxsize=1)
def _initials() -> dict[str, str]:
    return {word: item.name for item in CLASSES for word in item.initials}


def _of_column(column: str) -> Named:
    parts = _parts(column)
    while parts and parts[-1].isdigit():
        parts = parts[:-1]
    words, initials = _english(), _initials()
    for length in range(len(parts), 0, -1):
        if name := words.get(parts[-length:]):
            return Named(name, EXACT)
    if len(parts) == 1 and parts[0] in ALONE:
        return Named(ALONE[parts[0]], PARTIAL)
    for part in reversed(parts):
        if name := initials.get(part):
            return Named(name, EXACT if part == parts[-1] else PARTIAL)
    inside = [
        (length, words[piece])
        for length in range(len(parts) - 1, 0, -1)
        for start in range(len(parts) - length)
        if (piece := parts[start : start + length]) in words
    ]
    return Named(max(inside)[1], PARTIAL) if inside else Named()
