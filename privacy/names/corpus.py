"""Reads labelled sentences: IOB2, one token a line, as the Universal NER corpus has them.

A line is `number, token, label, …` or `token, label`, parted by tabs; an empty line ends
a sentence; `# ` begins a remark. All faults of a file are told at once, by their lines and
never with what stands in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lake_config.errors import UsageError
from privacy.names.span import ORGANISATION, PERSON, PLACE, Span

DATA = Path(__file__).with_name("data")
TRAIN, DEV = DATA / "zh_gsdsimp-ud-train.iob2", DATA / "zh_gsdsimp-ud-dev.iob2"
LABELS = {
    **dict.fromkeys(("PER", "PERSON", "NAME", "NR"), PERSON),
    **dict.fromkeys(("LOC", "LOCATION", "PLACE", "ADDRESS", "GPE", "FAC", "NS"), PLACE),
    **dict.fromkeys(("ORG", "ORGANIZATION", "ORGANISATION", "NT"), ORGANISATION),
}
"""How corpora and models call the three kinds."""
MOST_TOLD = 50


class Sentence(NamedTuple):
    """A text and what is in it."""

    text: str
    spans: list[Span]


class Token(NamedTuple):
    """One line: `part` is B, I or O."""

    text: str
    part: str
    kind: str


def read(path: Path) -> list[Sentence]:
    """The sentences of a file; UsageError with all faults at once."""
    if not path.is_file():
        raise UsageError(f"没有标注文件 {path}。请检查路径。")
    problems: list[str] = []
    sentences = list(_sentences(path, problems))
    if not sentences and not problems:
        problems.append("文件里没有一句标注。格式见 docs/reference/names.md。")
    if problems:
        more = len(problems) - MOST_TOLD
        told = problems[:MOST_TOLD] + ([f"另有 {more} 处。"] if more > 0 else [])
        raise UsageError("\n".join([f"标注文件 {path.name} 有误：", *told]))
    return sentences


def _sentences(path: Path, problems: list[str]) -> Iterator[Sentence]:
    tokens: list[Token] = []
    for number, line in _lines(path, problems):
        if line.startswith("# "):
            continue
        if not line.strip():
            if tokens:
                yield sentence(tokens)
            tokens = []
            continue
        token, fault = _token(line)
        if not fault and token.part == "I" and not _goes_on(tokens, token):
            fault = "I- 之前没有同类的 B- 或 I-"
        if fault:
            problems.append(f"第 {number} 行：{fault}。")
        tokens.append(token)
    if tokens:
        yield sentence(tokens)


def _lines(path: Path, problems: list[str]) -> Iterator[tuple[int, str]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError:
                problems.append(f"第 {number} 行：不是 UTF-8 编码。")
                continue
            yield number, text.rstrip("\r\n")


def _token(line: str) -> tuple[Token, str]:
    """A line's token, and what is wrong with it."""
    cells = line.split("\t")
    if len(cells) < 2:
        return Token("", "O", ""), "应为“序号、词、标签”或“词、标签”，以制表符分隔"
    text, label = cells[:2] if len(cells) == 2 else cells[1:3]
    part, _, name = label.partition("-")
    kind = LABELS.get(name.upper(), "")
    if not text:
        return Token("", "O", ""), "词为空"
    if label != "O" and part not in ("B", "I"):
        return Token(text, "O", ""), "标签应为 O、B-类别 或 I-类别"
    if label != "O" and not kind:
        return Token(text, part, ""), f"类别不在 {'、'.join(LABELS)} 之中"
    return Token(text, part, kind), ""


def _goes_on(tokens: list[Token], token: Token) -> bool:
    return bool(tokens) and tokens[-1].part != "O" and tokens[-1].kind == token.kind


def sentence(tokens: list[Token]) -> Sentence:
    """The tokens one after the other, and the spans that their labels mean."""
    spans: list[Span] = []
    place = 0
    for token in tokens:
        end = place + len(token.text)
        if token.part == "B":
            spans.append(Span(place, end, token.kind))
        elif token.part == "I" and spans:
            spans[-1] = spans[-1]._replace(end=end)
        place = end
    return Sentence("".join(token.text for token in tokens), spans)
