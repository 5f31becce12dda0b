"""The recognisers alone, through Presidio's own doors, and together with others'."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Sequence
from typing import NamedTuple

import pytest
import yaml
from presidio_analyzer import AnalyzerEngine, Pattern, PatternRecognizer
from presidio_analyzer.nlp_engine import NlpEngineProvider
from presidio_analyzer.recognizer_registry import RecognizerRegistryProvider

from lake_config.settings import ROOT
from privacy.recognisers.analyzer import LANGUAGE, analyzer, spans
from privacy.recognisers.by_model import ByModel
from privacy.recognisers.classes import CLASSES
from privacy.recognisers.kinds import FOUND
from privacy.recognisers.listed_words import ListedWords
from privacy.recognisers.recogniser import ChineseRecogniser

REGISTRY = ROOT / "privacy/recognisers/registry.yaml"
TEXT = "他的手机13945551234已停机，护照号E12345678，订单号13945551235。部件E87654321"


def own_engine() -> AnalyzerEngine:
    """As somebody else makes one, without a line of ours."""
    registry = RecognizerRegistryProvider(conf_file=REGISTRY)
    models = [{"lang_code": "zh", "model_name": "none"}]
    nlp = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "no_op", "models": models}
    )
    return AnalyzerEngine(
        registry=registry.create_recognizer_registry(),
        nlp_engine=nlp.create_engine(),
        supported_languages=["zh"],
    )


def test_the_registry_file_holds_every_class() -> None:
    lines = yaml.safe_load(REGISTRY.read_text("utf-8"))["recognizers"]
    assert [line["supported_entity"] for line in lines] == [
        kind.entity for kind in CLASSES
    ]
    assert {line["score_thresholds"]["default"] for line in lines} == {FOUND}


def test_the_registry_file_works_alone() -> None:
    found = own_engine().analyze(TEXT, "zh")
    assert {(TEXT[one.start : one.end], one.entity_type) for one in found} == {
        ("13945551234", "CN_MOBILE"),
        ("E12345678", "CN_PASSPORT"),
    }


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.entity)
def test_validation_never_makes_a_certainty(kind) -> None:  # type: ignore[no-untyped-def]
    recogniser = ChineseRecogniser(kind.entity)
    texts = [
        "231202199002281236",
        "91350100M000100Y43",
        "13945551234",
        "x",
        "1.2.3.4",
        "",
    ]
    assert {recogniser.validate_result(text) for text in texts} <= {False, None}


def test_validation_fails_what_cannot_be() -> None:
    recogniser = ChineseRecogniser("CN_IDENTITY_NUMBER")
    assert recogniser.validate_result("11010519491231002X") is None
    assert recogniser.validate_result("990105199913310021") is False


def test_no_model_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine is made and used although nobody may speak to anybody."""

    def refuse(*_: object) -> None:
        raise AssertionError("somebody opens a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert len(spans(analyzer(), TEXT)) == 2


def test_values_stay_out_of_logs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        spans(analyzer(), TEXT)
    assert "13945551234" not in caplog.text and "E12345678" not in caplog.text


def test_an_explanation_tells_grade_and_label_but_no_value() -> None:
    found = analyzer().analyze(TEXT, LANGUAGE, return_decision_process=True)
    told = {one.entity_type: str(one.analysis_explanation) for one in found}
    assert "手机" in told["CN_MOBILE"] and "formed" in told["CN_MOBILE"]
    assert "护照号" in told["CN_PASSPORT"] and "weak" in told["CN_PASSPORT"]
    assert not any(
        "13945551234" in text or "E12345678" in text for text in told.values()
    )


def case_numbers() -> PatternRecognizer:
    """A recogniser as others write them, with context words."""
    return PatternRecognizer(
        "CASE",
        supported_language=LANGUAGE,
        patterns=[Pattern("case", "AJ[0-9]{6}", 0.3)],
        context=["案件"],
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("本案件为AJ123456。", ["AJ123456"]),
        ("AJ123456（案件）", ["AJ123456"]),
        ("零件AJ123456。", []),
    ],
)
def test_context_words_of_others_are_looked_for_in_the_raw_text(
    text: str, found: list[str]
) -> None:
    engine = analyzer([case_numbers()])
    assert [text[one.start : one.end] for one in spans(engine, text)] == found


class Claim(NamedTuple):
    start: int
    end: int
    kind: str
    score: float


def surnames(texts: Sequence[str]) -> list[list[Claim]]:
    """A plain finder of names, in the place of a model."""
    return [
        [Claim(*found.span(), "person", 0.1) for found in re.finditer("[王李张][某一-三]", text)]
        + [Claim(0, 1, "weather", 0.9)]
        for text in texts
    ]  # fmt: skip


def test_a_model_joins_in_with_a_threshold_of_its_own() -> None:
    engine = analyzer([ByModel(surnames, {"person": "PERSON"}, "surnames")])
    text = "一" * 5_000 + "王某的手机13945551234，张三"
    found = [(text[one.start : one.end], one.entity) for one in spans(engine, text)]
    assert found == [
        ("王某", "PERSON"), ("13945551234", "CN_MOBILE"), ("张三", "PERSON")
    ]  # fmt: skip


LISTED = ListedWords("SENSITIVE", ["艾滋病", "低保户", "HIV", "艾滋病毒"])
WORDS = [
    ("患者确诊艾滋病三年，系低保户。", ["艾滋病", "低保户"]),
    ("艾滋病毒携带", ["艾滋病毒"]), ("ＨＩＶ阳性", ["ＨＩＶ"]), ("hiv阳性", ["hiv"]),
    ("ARCHIVES", []), ("HIVE", []), ("艾\u200b滋\u200b病", ["艾\u200b滋\u200b病"]), ("", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words"), WORDS)
def test_listed_words_are_found_inside_sentences(text: str, words: list[str]) -> None:
    engine = analyzer([LISTED])
    assert [text[one.start : one.end] for one in spans(engine, text)] == words


def test_a_list_finds_the_longest_word_everywhere() -> None:
    words = ["绥化", "绥化市", "北林", "AB"]
    text = "绥化市北林区绥化AB.ABC.北林绥化市"
    listed = ListedWords("X", words)
    starts = {one.start for one in listed.analyze(text, ["X"])}
    assert starts == {0, text.index("北林"), 6, text.index("AB"), 15, 17}


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        ListedWords("X", [""])
