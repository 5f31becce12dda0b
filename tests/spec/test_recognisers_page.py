"""docs/reference/recognisers.md says what the recognisers do: every table of it is run."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from math import sqrt

import pytest

from lake_config.settings import ROOT
from privacy.recognisers.analyzer import analyzer, spans
from privacy.recognisers.classes import BY_ENTITY, CLASSES
from privacy.recognisers.kinds import CHECKED, FORMED, FOUND, GAIN, WEAK
from privacy.recognisers.recogniser import ChineseRecogniser
from tests.lib.look_alikes import BY_CHANCE

PAGE = (ROOT / "docs/reference/recognisers.md").read_text("utf-8")
NUMBERS = 1_000
UNNAMED = 0.001


def table(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading."""
    lines = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0].splitlines()
    rows = [line for line in lines if line.startswith("|")][2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


EXAMPLES = table("Examples")
CHANCES = {
    (shape, entity): float(most) / 100
    for shape, entity, most in table("What passes by chance")
}


def test_scores_are_those_of_the_grades() -> None:
    said = [
        [float(cell) for cell in row[1:]] for row in table("How a score comes about")
    ]
    grades = (CHECKED, FORMED, WEAK)
    assert said == [
        [grade, min(round(grade + GAIN, 2), 1.0), round(grade - GAIN, 2)]
        for grade in grades
    ]
    assert f"From {FOUND} on it is found" in PAGE


def test_all_classes_stand_in_their_order() -> None:
    assert [row[0] for row in table("Classes")] == [kind.entity for kind in CLASSES]


@pytest.mark.parametrize(("text", "entity", "value", "score"), EXAMPLES)
def test_example(text: str, entity: str, value: str, score: str) -> None:
    found = ChineseRecogniser(entity).analyze(text, [entity])
    best = max(found, key=lambda result: (result.score, result.end - result.start))
    assert (text[best.start : best.end], best.score) == (value, float(score))
    told = {text[span.start : span.end] for span in spans(analyzer(), text)}
    assert (value in told) == (float(score) >= FOUND)


def test_every_score_of_a_class_has_an_example() -> None:
    shown: dict[str, set[str]] = {kind.entity: set() for kind in CLASSES}
    for _, entity, _, score in EXAMPLES:
        shown[entity].add(score)
    assert {row[0]: set(row[5].split()) for row in table("Classes")} == shown


@pytest.mark.parametrize("shape", BY_CHANCE)
def test_no_more_pass_by_chance_than_is_said(
    shape: str, seen: Callable[[str], None]
) -> None:
    """Four standard deviations above the rate of the page are more than chance."""
    engine, seed = analyzer(), random.SystemRandom().randrange(1 << 32)
    chance, found = random.Random(seed), Counter[str]()
    for _ in range(NUMBERS):
        text = f"为{BY_CHANCE[shape](chance)}的"
        found.update({span.entity for span in spans(engine, text)})
    told = ", ".join(f"{kind} {hits / 10}" for kind, hits in sorted(found.items()))
    seen(f"look-alikes, {shape} (seed {seed}): {told or 'none'} of 100 found")
    for entity, hits in found.items():
        rate = CHANCES.get((shape, entity), UNNAMED)
        slack = 4 * sqrt(rate * (1 - rate) / NUMBERS)
        assert hits / NUMBERS <= rate + slack, entity
    assert {
        kind for name, kind in CHANCES if name == shape and CHANCES[name, kind] > 0.01
    } <= set(found)


@pytest.mark.parametrize("shape", BY_CHANCE)
def test_a_label_of_something_else_takes_away_all_but_what_is_checked(
    shape: str,
) -> None:
    engine, chance = analyzer(), random.Random(shape)
    for _ in range(NUMBERS // 5):
        text = f"订单号{BY_CHANCE[shape](chance)}的"
        for span in spans(engine, text):
            judge = BY_ENTITY[span.entity].judge
            assert judge(text[span.start : span.end]) == CHECKED, span.entity


def test_the_page_names_shapes_that_are_tried() -> None:
    assert {shape for shape, _ in CHANCES} <= set(BY_CHANCE)
