"""Other people's models behind one protocol: `find(texts)` gives the spans of each text.

A model is named `NAME:PATH`: PATH is a folder on this machine, and nothing is ever
downloaded. A library is imported only when it is asked for, and is no dependency of the
lake. `python:FILE` takes a file of one's own that defines `find`.
"""

from __future__ import annotations

import importlib
import runpy
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import rjieba

from lake_config.errors import ComponentMissing, UsageError
from privacy.names.corpus import LABELS
from privacy.names.detect import own_find, pieces, spans
from privacy.names.span import Find, Span

OWN = "lake"
"""The lake's own: model, labels and repetitions."""


class Found(NamedTuple):
    """An entity as a model names it."""

    start: int
    end: int
    label: str
    score: float = 1.0


def adapter(name: str) -> Find:
    """The adapter `NAME` or `NAME:PATH`; UsageError with the names there are."""
    kind, _, place = name.partition(":")
    if kind not in ADAPTERS:
        raise UsageError(
            f"没有适配器“{kind}”。可用：{'、'.join(ADAPTERS)}；写法：名称 或 名称:本机路径。"
        )
    make, needs_path = ADAPTERS[kind]
    path = Path(place)
    if needs_path and not (place and path.exists()):
        raise UsageError(
            f"适配器 {kind} 需要本机上已有的模型路径：--adapter {kind}:路径。"
            "没有给出路径或路径不存在；本命令不会联网下载。"
        )
    return _checked(make(path), kind)


def _checked(find: Find, name: str) -> Find:
    """A model that answers for other texts than it was given is not believed."""

    def checked(texts: Sequence[str]) -> list[list[Span]]:
        found = find(texts)
        if len(found) != len(texts) or any(
            span.start < 0 or span.end > len(text)
            for text, spans in zip(texts, found, strict=True)
            for span in spans
        ):
            raise UsageError(
                f"适配器 {name} 的结果与所给文本对不上："
                "每段文本应有一组片段，位置不得超出文本。"
            )
        return found

    return checked


def spans_of(entities: Iterable[Found]) -> list[Span]:
    """Entities of the three kinds, whatever the model calls them; all others are left out."""
    found = []
    for start, end, label, score in entities:
        name = label.upper().removeprefix("B-").removeprefix("I-").partition(".")[0]
        if name in LABELS and start < end:
            found.append(Span(start, end, LABELS[name], float(score)))
    return sorted(found)


def _each(find: Callable[[str], Iterable[Found]]) -> Find:
    return lambda texts: [spans_of(find(text)) for text in texts]


def _lake(path: Path) -> Find:
    find = own_find()
    return lambda texts: [spans(text, find=find) for text in texts]


def _jieba(path: Path) -> Find:
    """Dictionary tags alone: what there is without a model, to compare with."""

    def find(text: str) -> Iterator[Found]:
        start = 0
        for word, tag in rjieba.tag(text, True):
            yield Found(start, start + len(word), tag[:2])
            start += len(word)

    return _each(find)


def _spacy(path: Path) -> Find:
    pipeline = _library("spacy").load(path)

    def find(texts: Sequence[str]) -> list[list[Span]]:
        return [
            spans_of(Found(e.start_char, e.end_char, e.label_) for e in document.ents)
            for document in pipeline.pipe(texts)
        ]

    return find


def _stanza(path: Path) -> Find:
    stanza = _library("stanza")
    pipeline = stanza.Pipeline(
        "zh-hans",
        dir=str(path),
        processors="tokenize,ner",
        download_method=None,
        verbose=False,
    )
    return _each(
        lambda text: [
            Found(e.start_char, e.end_char, e.type) for e in pipeline(text).ents
        ]
    )


def _hanlp(path: Path) -> Find:
    """A recogniser over characters, as hanlp.load gives it from a folder."""
    recogniser = _library("hanlp").load(str(path))

    def find(text: str) -> list[Found]:
        entities = recogniser(list(text)) if text else []
        return [Found(start, end, label) for _, label, start, end in entities]

    return _each(find)


def _transformers(path: Path) -> Find:
    transformers = _library("transformers")
    local: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    tokens = transformers.AutoTokenizer.from_pretrained(path, **local)
    weights = transformers.AutoModelForTokenClassification.from_pretrained(
        path, use_safetensors=True, **local
    )
    classify = transformers.pipeline(
        "token-classification",
        model=weights,
        tokenizer=tokens,
        aggregation_strategy="simple",
    )

    def find(text: str) -> Iterator[Found]:
        """In pieces: such models read a few hundred characters and drop the rest."""
        for start, piece in pieces(text):
            for entity in classify(piece):
                first, last = entity["start"] + start, entity["end"] + start
                yield Found(first, last, entity["entity_group"], entity["score"])

    return _each(find)


def _python(path: Path) -> Find:
    """A file of one's own, which runs with the rights of who gives the command."""
    find = runpy.run_path(str(path)).get("find")
    if not callable(find):
        raise UsageError(
            f"{path.name} 里没有函数 find(texts)。写法见 docs/reference/names.md。"
        )
    return lambda texts: [
        spans_of(Found(*entity) for entity in entities) for entities in find(texts)
    ]


def _library(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ComponentMissing(
            f"这个适配器需要 Python 库 {name}，本机没有安装。"
            "请由系统管理员从内部镜像安装后再试。"
        ) from error


ADAPTERS: dict[str, tuple[Callable[[Path], Find], bool]] = {
    OWN: (_lake, False),
    "jieba": (_jieba, False),
    "spacy": (_spacy, True),
    "stanza": (_stanza, True),
    "hanlp": (_hanlp, True),
    "transformers": (_transformers, True),
    "python": (_python, True),
}
"""Name to how it is made, and whether it needs a path."""
