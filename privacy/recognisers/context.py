"""Presidio's context words, looked for in the raw text.

Presidio looks for them among the lemmas of a language model, and there is none here. Our
recognisers weigh their labels themselves; this serves those that others add.
"""

from __future__ import annotations

from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts

from privacy.recognisers.kinds import GAIN
from privacy.recognisers.labels import REACH


class RawTextContextEnhancer(ContextAwareEnhancer):
    """Adds GAIN to a find with a context word of its recogniser on either side."""

    def __init__(self) -> None:
        super().__init__(GAIN, 0, REACH, REACH)

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: list[EntityRecognizer],
        context: list[str] | None = None,
    ) -> list[RecognizerResult]:
        words = {
            one.id: [*(one.context or ()), *(context or ())] for one in recognizers
        }
        for result in raw_results:
            known = result.recognition_metadata or {}
            if known.get(RecognizerResult.IS_SCORE_ENHANCED_BY_CONTEXT_KEY):
                continue
            own = words.get(known.get(RecognizerResult.RECOGNIZER_IDENTIFIER_KEY), [])
            if _is_near(own, text, result):
                result.score = min(result.score + GAIN, self.MAX_SCORE)
        return raw_results


def _is_near(words: list[str], text: str, found: RecognizerResult) -> bool:
    before = text[max(0, found.start - REACH) : found.start]
    near = (before + "\n" + text[found.end : found.end + REACH]).lower()
    return any(word.lower() in near for word in words)
