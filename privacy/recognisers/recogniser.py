"""The classes as recognisers of Presidio.

Presidio's own way of matching is left aside: its word boundaries and its context words
need spaces between words. What it calls, and what it is given back, stays the same, so
each recogniser also works alone, under any engine and from a registry file.
"""

from __future__ import annotations

from typing import Any

from presidio_analyzer import (
    AnalysisExplanation,
    Pattern,
    PatternRecognizer,
    RecognizerResult,
)
from presidio_analyzer.nlp_engine import NlpArtifacts

from privacy.recognisers.classes import BY_ENTITY, CLASSES
from privacy.recognisers.folded import Folded, folded
from privacy.recognisers.kinds import GRADES, WEAK
from privacy.recognisers.labels import gain


class ChineseRecogniser(PatternRecognizer):
    """Finds one class; which one is said by its entity."""

    name: str

    def __init__(
        self,
        supported_entity: str,
        supported_language: str = "zh",
        name: str | None = None,
    ) -> None:
        self.kind = BY_ENTITY[supported_entity]
        super().__init__(
            supported_entity=supported_entity,
            name=name or f"{supported_entity} recogniser",
            supported_language=supported_language,
            patterns=[
                Pattern(supported_entity, pattern.pattern, WEAK)
                for pattern in self.kind.patterns
            ],
            context=list(self.kind.labels),
        )

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """Everything that may be of the class, with what its evidence weighs."""
        plain = getattr(nlp_artifacts, "folded", None) or folded(text)
        return [
            self._result(plain, *candidate)
            for candidate in dict.fromkeys(self.kind.candidates(plain.text))
        ]

    def validate_result(self, pattern_text: str) -> bool | None:
        """False for what cannot be of the class; None otherwise, because `True` would
        make a certainty of a check that one number of ten passes by chance."""
        grade = self.kind.judge(folded(pattern_text).text)
        return False if grade is None else None

    def _result(
        self, plain: Folded, start: int, end: int, grade: float
    ) -> RecognizerResult:
        gained, word = gain(plain.text, start, end, self.kind)
        score = min(max(round(grade + gained, 2), self.MIN_SCORE), self.MAX_SCORE)
        why = AnalysisExplanation(
            self.name, grade, textual_explanation=f"{GRADES[grade]} {self.kind.entity}"
        )
        why.set_supportive_context_word(word)
        why.set_improved_score(score)
        where = plain.raw(start), plain.raw(end)
        return RecognizerResult(self.kind.entity, *where, score, why, self._metadata())

    def _metadata(self) -> dict[str, Any]:
        return {
            RecognizerResult.RECOGNIZER_NAME_KEY: self.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
            RecognizerResult.IS_SCORE_ENHANCED_BY_CONTEXT_KEY: True,
        }


def chinese_recognisers() -> list[ChineseRecogniser]:
    """One recogniser for each class."""
    return [ChineseRecogniser(kind.entity) for kind in CLASSES]
