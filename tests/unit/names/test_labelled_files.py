"""A labelled file is read strictly: all its faults at once, by line, and never its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake_config.errors import UsageError
from privacy.names.corpus import DEV, TRAIN, read
from privacy.names.span import PERSON, PLACE, Span

FAULTS = """# 第一句
1\t张伟\tB-PER\t-\t-
2\t在\tO\t-\t-
3\t绥化\tX-LOC\t-\t-
4\t市\tI-LOC\t-\t-

孤零零的一列
1\t\tO
2\t高兴\tB-FOOD
王\tI-PER
"""


def test_the_stored_corpus_is_whole() -> None:
    counted = {}
    for path in (TRAIN, DEV):
        sentences = read(path)
        kinds = [span.kind for sentence in sentences for span in sentence.spans]
        counted[path] = (
            len(sentences),
            *(kinds.count(kind) for kind in sorted(set(kinds))),
        )
    assert counted == {TRAIN: (3997, 1112, 2148, 2858), DEV: (500, 133, 245, 375)}


def test_all_faults_are_told_at_once_by_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "labelled.iob2"
    path.write_bytes(FAULTS.encode() + "李\tB-PER\n".encode("gb18030"))
    with pytest.raises(UsageError) as refused:
        read(path)
    message = str(refused.value)
    lines = [line for line in message.splitlines() if line.startswith("第")]
    assert [line.split("：")[0] for line in lines] == [
        f"第 {number} 行" for number in (4, 5, 7, 8, 9, 10, 11)
    ]
    assert not any(word in message for word in ("绥化", "高兴", "FOOD", "孤零零"))


@pytest.mark.parametrize(
    ("content", "told"),
    [("", "没有一句标注"), ("# 只有注释\n\n", "没有一句标注"), (None, "没有标注文件")],
)
def test_a_file_with_nothing_is_refused(
    tmp_path: Path, content: str | None, told: str
) -> None:
    path = tmp_path / "labelled.iob2"
    if content is not None:
        path.write_text(content, "utf-8")
    with pytest.raises(UsageError, match=told):
        read(path)


def test_hundreds_of_faults_do_not_flood_the_screen(tmp_path: Path) -> None:
    path = tmp_path / "labelled.iob2"
    path.write_text("x\n" * 400, "utf-8")
    with pytest.raises(UsageError, match="另有 350 处"):
        read(path)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_two_columns_a_mark_and_other_names_of_kinds_are_read(
    tmp_path: Path, newline: str
) -> None:
    path = tmp_path / "labelled.iob2"
    lines = [
        "\ufeff王\tB-name",
        "伟\tI-NAME",
        "住\tO",
        "绥\tB-GPE",
        "化\tI-LOC",
        "",
        "好\tO",
    ]
    path.write_bytes(newline.join(lines).encode())
    first, second = read(path)
    assert (first.text, second.text) == ("王伟住绥化", "好")
    assert first.spans == [Span(0, 2, PERSON), Span(3, 5, PLACE)]
