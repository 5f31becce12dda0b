"""The analyzer: Presidio's engine with our recognisers, and whatever others add to them.

No language model is loaded or asked for. A long text is read in pieces with a margin on
both sides, because Presidio compares every find with every other: so the time grows with
the length of a text, however many numbers stand in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NoOpNlpEngine

from privacy.recognisers.context import RawTextContextEnhancer
from privacy.recognisers.folded import folded
from privacy.recognisers.kinds import FOUND
from privacy.recognisers.recogniser import chinese_recognisers
from privacy.recognisers.spans import Span, strength, without_overlaps
from privacy.recognisers.wrapped import wrapped_texts

LANGUAGE = "zh"
PIECE, MARGIN, LONGEST = 4_000, 100, 300
"""Signs of a piece, read before it, and behind it: the longest value that is found whole."""


class FoldingEngine(NoOpNlpEngine):
    """Knows no words: it folds each text once for all recognisers."""

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        artifacts: Any = super().process_text(text, language)
        artifacts.folded = folded(text)
        return artifacts


def analyzer(extra: Iterable[EntityRecognizer] = ()) -> AnalyzerEngine:
    """An engine with the recognisers of this room and the extra ones."""
    registry = RecognizerRegistry(
        recognizers=[*chinese_recognisers(), *extra], supported_languages=[LANGUAGE]
    )
    return AnalyzerEngine(
        registry=registry,
        nlp_engine=FoldingEngine([{"lang_code": LANGUAGE, "model_name": "none"}]),
        supported_languages=[LANGUAGE],
        default_score_threshold=FOUND,
        context_aware_enhancer=RawTextContextEnhancer(),
    )


def spans(engine: AnalyzerEngine, text: str) -> list[Span]:
    """What is found in a text, without overlaps, in the order of the text."""
    return without_overlaps(chain(_plain(engine, text), _wrapped(engine, text)))


def _plain(engine: AnalyzerEngine, text: str) -> Iterator[Span]:
    for start, piece, own in pieces(text):
        for found in engine.analyze(piece, LANGUAGE):
            if found.start in own:
                places = found.start + start, found.end + start
                yield Span(*places, found.entity_type, found.score)


def _wrapped(engine: AnalyzerEngine, text: str) -> Iterator[Span]:
    """A whole run of base64 is what the strongest find in it is."""
    for start, end, inner in wrapped_texts(text):
        for found in sorted(_plain(engine, inner), key=strength)[:1]:
            yield Span(start, end, found.entity, found.score)


def pieces(text: str) -> Iterator[tuple[int, str, range]]:
    """Where a piece begins, its text with margins, and the starts that count in it.

    A find counts in the piece that has the margin before it and its end inside.
    """
    if len(text) <= PIECE + LONGEST:
        yield 0, text, range(len(text))
        return
    for begin in range(0, len(text), PIECE):
        start = max(0, begin - MARGIN)
        yield (
            start,
            text[start : begin + PIECE + LONGEST],
            range(begin - start, begin - start + PIECE),
        )
