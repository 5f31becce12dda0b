"""Every class is found in text that nobody wrote for it, between Chinese characters.

About 5 s of CPU. The seed is drawn anew for each run and told with the figures; who wants
a run again sets LAKE_TEST_SEED.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable

import pytest
from presidio_analyzer import AnalyzerEngine

from privacy.recognisers.analyzer import analyzer, spans
from privacy.recognisers.classes import BY_ENTITY
from privacy.recognisers.spans import Span
from simulation.people import people_of
from tests.lib.carriers import Carried, carried, carriers, sentences
from tests.lib.identifiers import MAKERS, RETIRED, identity_number, some_digits
from tests.lib.look_alikes import NEVER

SEED = int(os.environ.get("LAKE_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
CARRIERS, RECALL = 350, 0.99
FEW, MANY = 100, 900
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
WAYS = {
    **dict.fromkeys((full_width, unseen, escaped), tuple(MAKERS)),
    **dict.fromkeys((lower_case, spaced, broken), NUMBERS),
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_recall_however_it_is_written(
    way: Callable[[str, random.Random], str],
    engine: AnalyzerEngine,
    seen: Callable[[str], None],
) -> None:
    """Of one value missed in a thousand, a hundred draws hold two at times: where more are
    missed than may be, many more draws decide."""
    chance = random.Random(f"{SEED} {way.__name__}")
    drawn, missed = Counter[str](), Counter[str]()
    for entity in WAYS[way]:
        for number in (FEW, MANY):
            drawn[entity] += number
            missed[entity] += _missed(engine, entity, way, chance, number)
            if _recall(drawn, missed, entity) >= RECALL:
                break
    least = min(WAYS[way], key=lambda entity: _recall(drawn, missed, entity))
    seen(
        f"recall {way.__name__}: {drawn.total() - missed.total()} of {drawn.total()}, "
        f"least {drawn[least] - missed[least]} of {drawn[least]} (seed {SEED})"
    )
    assert _recall(drawn, missed, least) >= RECALL, missed


def _recall(drawn: Counter[str], missed: Counter[str], entity: str) -> float:
    return 1 - missed[entity] / drawn[entity]


def _missed(
    engine: AnalyzerEngine,
    entity: str,
    way: Callable[[str, random.Random], str],
    chance: random.Random,
    number: int,
) -> int:
    missed = 0
    for sentence in carriers(chance, number):
        before, value, after = MAKERS[entity](chance)
        # Who groups a number does not write its country into the groups.
        value = value[-11:] if entity == "CN_MOBILE" else value
        text = carried(chance, before, way(value, chance), after, sentence)
        missed += not whole(spans(engine, text.text), text, entity)
    return missed


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
    start = time.process_time()
    found = [span for text in sentences() for span in spans(engine, text)]
    taken = time.process_time() - start
    signs = sum(map(len, sentences()))
    told = ", ".join(sorted({span.entity for span in found})) or "nothing"
    seen(
        f"public text, {signs} characters in {len(sentences())} rows: {len(found)} found "
        f"({told}), {signs / taken / 1000:.0f} thousand characters a second"
    )
    assert {span.entity for span in found} <= {"CN_BIRTH_DATE", "CN_ADDRESS"}
    assert len(found) <= 5


PEOPLE = people_of(3, 0, 900)
FORMS = (
    "姓名：{name}，身份证号：{identity}，联系电话：{mobile}，家庭住址：{address}。",
    "来电人{name}（{mobile}）反映，其家住{address}，身份证{identity}，至今未得到答复。",
    "患者{name}，{birth}出生，证件号{identity}，住址：{address}，家属电话{mobile}",
)


def test_whole_records_of_invented_people(
    engine: AnalyzerEngine, seen: Callable[[str], None]
) -> None:
    """No character of what the forms hold stays outside, names aside."""
    hidden = 0
    for place in range(len(PEOPLE)):
        facts = {
            "identity": str(PEOPLE.identity_number[place]),
            "mobile": str(PEOPLE.mobile[place]),
            "address": str(PEOPLE.address[place]),
        }
        birth = f"{PEOPLE.birth[place].astype(object):%Y年%m月%d日}"
        form = FORMS[place % len(FORMS)]
        text = form.format(name=PEOPLE.name[place], birth=birth, **facts)
        facts |= {"birth": birth} if "{birth}" in form else {}
        left = list(text)
        for span in spans(engine, text):
            left[span.start : span.end] = "█" * (span.end - span.start)
        hidden += sum(value not in "".join(left) for value in facts.values())
        assert not any(sign.isdigit() for sign in left), place
    seen(f"records of {len(PEOPLE)} invented people: {hidden} values, all hidden")
