"""Other models through the same protocol: a real spaCy pipeline from a folder, jieba, a file.

Cost: 3 s, and 30 s more for whichever test of a machine needs the lake's model first.
"""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path

import pytest
import spacy

from lake_config.errors import ComponentMissing, UsageError
from privacy.names.adapters import ADAPTERS, Found, adapter, spans_of
from privacy.names.span import ORGANISATION, PERSON, PLACE, Span

TEXT = "王秀兰在绥化市第一医院工作，二月入职"
PATTERNS = [
    {"label": "PERSON", "pattern": [{"TEXT": sign} for sign in "王秀兰"]},
    {"label": "GPE", "pattern": [{"TEXT": sign} for sign in "绥化市"]},
    {"label": "DATE", "pattern": [{"TEXT": sign} for sign in "二月"]},
]
OWN = """
def find(texts):
    return [[(0, 3, "nr", 0.7), (4, 11, "ORG")] for _ in texts]
"""


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("an adapter asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)


def test_a_spacy_pipeline_from_a_folder(tmp_path: Path, no_network: None) -> None:
    pipeline = spacy.blank("zh")
    pipeline.add_pipe("entity_ruler").add_patterns(PATTERNS)
    pipeline.to_disk(tmp_path / "model")
    found = adapter(f"spacy:{tmp_path / 'model'}")([TEXT, "", TEXT])
    wanted = [Span(0, 3, PERSON), Span(4, 7, PLACE)]
    assert found == [wanted, [], wanted]


def test_jieba_needs_no_path_and_the_lake_s_own_model_neither() -> None:
    for name in ("jieba", "lake"):
        (found,) = adapter(name)([TEXT])
        assert (0, 3, PERSON) in [span[:3] for span in found]


def test_a_file_of_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "own.py"
    path.write_text(OWN, "utf-8")
    (found,) = adapter(f"python:{path}")([TEXT])
    assert found == [Span(0, 3, PERSON, 0.7), Span(4, 11, ORGANISATION)]
    path.write_text("x = 1", "utf-8")
    with pytest.raises(UsageError, match="没有函数 find"):
        adapter(f"python:{path}")


@pytest.mark.parametrize("answer", ["[]", "[[(0, 99, 'PER')]]", "[[], []]"])
def test_an_answer_to_other_texts_is_refused(tmp_path: Path, answer: str) -> None:
    path = tmp_path / "own.py"
    path.write_text(f"def find(texts):\n    return {answer}\n", "utf-8")
    with pytest.raises(UsageError, match="对不上"):
        adapter(f"python:{path}")([TEXT])


@pytest.mark.parametrize("name", [name for name, (_, path) in ADAPTERS.items() if path])
def test_a_model_that_is_not_there_is_never_fetched(
    name: str, tmp_path: Path, no_network: None
) -> None:
    for asked in (name, f"{name}:", f"{name}:{tmp_path / 'missing'}"):
        with pytest.raises(UsageError, match="不会联网下载"):
            adapter(asked)


def test_an_unknown_adapter_names_those_there_are() -> None:
    with pytest.raises(UsageError, match="transformers"):
        adapter("bert")


@pytest.mark.parametrize("name", ["stanza", "hanlp", "transformers"])
def test_a_library_that_is_not_installed_is_named(name: str, tmp_path: Path) -> None:
    if importlib.util.find_spec(name):
        pytest.skip(f"{name} is installed here")
    with pytest.raises(ComponentMissing, match=name):
        adapter(f"{name}:{tmp_path}")


STAND_INS = {
    "stanza": """
from types import SimpleNamespace as Entity
def Pipeline(language, *, dir, processors, download_method, verbose):
    assert (language, download_method) == ("zh-hans", None) and "ner" in processors
    found = [Entity(start_char=0, end_char=3, type="PERSON")]
    return lambda text: Entity(ents=found if text else [])
""",
    "hanlp": """
def load(path):
    return lambda signs: [("".join(signs[:3]), "PERSON", 0, 3)]
""",
    "transformers": """
class Loader:
    @staticmethod
    def from_pretrained(path, *, local_files_only, trust_remote_code, use_safetensors=True):
        assert local_files_only and not trust_remote_code and use_safetensors
AutoTokenizer = AutoModelForTokenClassification = Loader
def pipeline(task, *, model, tokenizer, aggregation_strategy):
    assert aggregation_strategy == "simple"
    entity = {"start": 0, "end": 3, "entity_group": "PER", "score": 1.0}
    return lambda piece: [entity] if len(piece) > 3 else []
""",
}


@pytest.mark.parametrize("name", STAND_INS)
def test_libraries_of_gigabytes_are_called_as_they_say(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stand-ins by the libraries' own pages: they do not fit on a machine of the tests."""
    (tmp_path / f"{name}.py").write_text(STAND_INS[name], "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    found = adapter(f"{name}:{tmp_path}")([TEXT, ""])
    monkeypatch.delitem(sys.modules, name, raising=False)
    assert found == [[Span(0, 3, PERSON)], []]


def test_labels_of_all_schools_become_the_three_kinds() -> None:
    labels = [
        "PER",
        "I-PER",
        "person",
        "PER.NAM",
        "FAC",
        "ns",
        "ORGANIZATION",
        "DATE",
        "",
    ]
    found = spans_of(Found(at, at + 1, label) for at, label in enumerate(labels))
    kinds = [PERSON] * 4 + [PLACE] * 2 + [ORGANISATION]
    assert [span.kind for span in found] == kinds
