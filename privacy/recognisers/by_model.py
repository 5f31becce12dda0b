"""Whatever finds spans in texts, such as a model of names, as a recogniser of Presidio."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts


class Claim(Protocol):
    """What a model says of a piece of a text."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def score(self) -> float: ...


Find = Callable[[Sequence[str]], Sequence[Sequence[Claim]]]
"""The claims on each text, in the order of the texts."""


class ByModel(LocalRecognizer):
    """`entities` leads from the model's kinds to classes; other kinds are left out. A
    model has a threshold of its own, so everything from `least` on is told."""

    def __init__(
        self, find: Find, entities: Mapping[str, str], name: str, least: float = 0.0
    ) -> None:
        self.find = find
        self.entities = dict(entities)
        super().__init__(
            supported_entities=sorted(set(entities.values())),
            supported_language="zh",
            name=name,
        )
        self.score_thresholds = {"default": least}

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: NlpArtifacts | None = None,
    ) -> list[RecognizerResult]:
        return [
            RecognizerResult(
                self.entities[claim.kind], claim.start, claim.end, claim.score
            )
            for claim in self.find([text])[0]
            if claim.kind in self.entities
        ]
