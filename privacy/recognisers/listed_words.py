"""Words of a list, found inside sentences without spaces.

Presidio wraps its deny lists in word boundaries, so that in Chinese they never match. Here a
word is found wherever it stands; one in ASCII letters only as a whole word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from privacy.recognisers.folded import folded
from privacy.recognisers.kinds import AFTER, CHECKED, any_of


class ListedWords(LocalRecognizer):
    """Finds the words of one list, however wide or spaced out they are written."""

    def __init__(
        self,
        supported_entity: str,
        words: Iterable[str],
        supported_language: str = "zh",
        name: str | None = None,
        score: float = CHECKED,
    ) -> None:
        plain = {folded(word).text for word in words} - {""}
        if not plain:
            raise ValueError(f"{supported_entity}: the list of words is empty")
        self.pattern = _any_word(plain)
        self.score = score
        super().__init__(
            supported_entities=[supported_entity],
            supported_language=supported_language,
            name=name or f"{supported_entity} list",
        )

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
    ) -> list[RecognizerResult]:
        plain = getattr(nlp_artifacts, "folded", None) or folded(text)
        return [
            RecognizerResult(
                self.supported_entities[0],
                plain.raw(found.start()),
                plain.raw(found.end()),
                self.score,
            )
            for found in self.pattern.finditer(plain.text)
        ]


def _any_word(words: set[str]) -> re.Pattern[str]:
    """The first sign is tried as a class, so that a long list costs no more elsewhere."""
    ascii_words = {word for word in words if word.isascii()}
    choices = [any_of(words - ascii_words), any_of(ascii_words)]
    firsts = "".join(sorted({re.escape(word[0]) for word in words}))
    others = f"(?:{choices[0]})" if choices[0] else ""
    whole = f"(?:{choices[1]}){AFTER}" if choices[1] else ""
    either = "|".join(filter(None, (others, whole)))
    return re.compile(f"(?=[{firsts}])(?:{either})")
