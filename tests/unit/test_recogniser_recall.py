"""Every class is found in text that nobody wrote for it, between Chinese characters.

About 5 s of CPU. The seed is drawn anew for each run and told with the figures; who wants
a run again sets LAKE_TEST_SEED.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest
from presidio_analyzer import AnalyzerEngine

from privacy.recognisers.analyzer import analyzer, spans
from privacy.recognisers.classes import BY_ENTITY
from privacy.recognisers.spans import Span
from tests.lib.carriers import Carried, carried, carriers, sentences
from tests.lib.identifiers import MAKERS, RETIRED, identity_number, some_digits
from tests.lib.look_alikes import NEVER

SEED = int(os.environ.get("LAKE_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
CARRIERS, RECALL = 350, 0.99
FULL_WIDTH = str.maketrans(
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ@.-", "０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺ＠．－"
)  # fmt: skip


@pytest.fixture(scope="module")
def engine() -> AnalyzerEngine:
    return analyzer()


def whole(found: list[Span], value: Carried, entity: str) -> bool:
    """An address may take a word before it along; all others begin and end exactly."""
    exact = entity != "CN_ADDRESS"
    return any(
        (span.start, span.end) == (value.start, value.end)
        if exact
        else span.start <= value.start and value.end <= span.end
        for span in found
        if span.entity == entity
    )


def test_every_class_has_a_maker() -> None:
    assert set(MAKERS) == set(BY_ENTITY)


@pytest.mark.parametrize("entity", MAKERS)
def test_recall_in_foreign_sentences(
    entity: str, engine: AnalyzerEngine, seen: Callable[[str], None]
) -> None:
    chance = random.Random(f"{SEED} {entity}")
    hits = 0
    for sentence in carriers(chance, CARRIERS):
        value = carried(chance, *MAKERS[entity](chance), sentence)
        hits += whole(spans(engine, value.text), value, entity)
    seen(f"recall {entity}: {hits} of {CARRIERS} sentences (seed {SEED})")
    assert hits >= RECALL * CARRIERS


def full_width(value: str, chance: random.Random) -> str:
    return value.translate(FULL_WIDTH)


def lower_case(value: str, chance: random.Random) -> str:
    return value.lower()


def spaced(value: str, chance: random.Random) -> str:
    """In groups, as people write long numbers."""
    gap = chance.choice([" ", "-", "\u3000", "－", " - "])
    first, size = (3, 4) if len(value) == 11 else (4, 4)
    groups = [value[:first]]
    groups += [value[at : at + size] for at in range(first, len(value), size)]
    return gap.join(groups)


def broken(value: str, chance: random.Random) -> str:
    """Cut by a line break anywhere."""
    place = chance.randrange(1, len(value))
    gap = chance.choice(["\n", "\r\n", " \n", "\n "])
    return value[:place] + gap + value[place:]


def unseen(value: str, chance: random.Random) -> str:
    """With signs between that nobody sees."""
    signs = ["\u200b", "\u200c", "\u200d", "\ufeff", "\u2060", "\u00ad", "\u0336"]
    place = chance.randrange(1, len(value))
    return value[:place] + chance.choice(signs) + value[place:]


def escaped(value: str, chance: random.Random) -> str:
    return "".join(f"\\u{ord(sign):04x}" for sign in value)


NUMBERS = ("CN_IDENTITY_NUMBER", "CN_MOBILE", "CN_BANK_CARD")
WRITTEN = [
    *((way, entity) for way in (full_width, unseen, escaped) for entity in MAKERS),
    *((way, entity) for way in (lower_case, spaced, broken) for entity in NUMBERS),
]


@pytest.mark.parametrize(("way", "entity"), WRITTEN)
def test_recall_however_it_is_written(
    way: Callable[[str, random.Random], str],
    entity: str,
    engine: AnalyzerEngine,
    seen: Callable[[str], None],
) -> None:
    chance = random.Random(f"{SEED} {way.__name__} {entity}")
    hits, number = 0, 100
    for sentence in carriers(chance, number):
        before, value, after = MAKERS[entity](chance)
        if entity == "CN_MOBILE":
            value = value[-11:]
        text = carried(chance, before, way(value, chance), after, sentence)
        hits += whole(spans(engine, text.text), text, entity)
    seen(f"recall {entity} {way.__name__}: {hits} of {number} (seed {SEED})")
    assert hits >= RECALL * number


def test_every_retired_region_is_known(engine: AnalyzerEngine) -> None:
    chance = random.Random(SEED)
    for code in RETIRED:
        number = identity_number(f"{code}19600101{some_digits(chance, 3)}")
        found = engine.analyze(number, "zh", ["CN_IDENTITY_NUMBER"])
        assert [result.score for result in found] == [0.9], code


@pytest.mark.parametrize("text", NEVER)
def test_what_only_looks_like_it_is_left_alone(
    text: str, engine: AnalyzerEngine
) -> None:
    assert spans(engine, text) == []
    assert spans(engine, f"该{text}的") == []


def test_public_text_without_personal_data(
    engine: AnalyzerEngine, seen: Callable[[str], None]
) -> None:
    """500 sentences of an encyclopaedia: what is found are days of birth and addresses."""
    found = [span for text in sentences() for span in spans(engine, text)]
    signs = sum(map(len, sentences()))
    told = sorted({span.entity for span in found}) or "nothing"
    seen(f"public text, {signs} characters: {len(found)} found ({told})")
    assert {span.entity for span in found} <= {"CN_BIRTH_DATE", "CN_ADDRESS"}
    assert len(found) <= 5
