"""Sentences that nobody wrote for a test, with a value put between two of their characters.

The text is the development split of Universal NER Chinese-GSDSimp (CC BY-SA 4.0, see
privacy/data/README.md).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import lru_cache

from lake_config.settings import ROOT

CORPUS = ROOT / "privacy" / "names" / "data" / "zh_gsdsimp-ud-dev.iob2"
BETWEEN = re.compile("(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])")


@dataclass(frozen=True)
class Carried:
    """A sentence with a value in it."""

    text: str
    start: int
    end: int


@lru_cache(maxsize=1)
def sentences() -> tuple[str, ...]:
    lines = CORPUS.read_text("utf-8").splitlines()
    return tuple(line[9:] for line in lines if line.startswith("# text = "))


def carried(
    chance: random.Random, before: str, value: str, after: str, sentence: str
) -> Carried:
    """The value between two Chinese characters, or between its words and one."""
    place = chance.choice(list(BETWEEN.finditer(sentence))).start()
    start = place + len(before)
    text = sentence[:place] + before + value + after + sentence[place:]
    return Carried(text, start, start + len(value))


def carriers(chance: random.Random, number: int) -> list[str]:
    fitting = [text for text in sentences() if BETWEEN.search(text)]
    return chance.sample(fitting, number)
