"""The model: the same bytes from the same input, trained once, never torn.

Cost: 3 s for determinism; the first test of a machine that needs the whole model trains
it (30 s of one core), all later ones load it from the cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lake_config.digests import sm3
from privacy.names import model
from privacy.names.corpus import TRAIN, read
from privacy.names.model import labels_of, model_file, model_path, train

TRAIN_A_PART = """
import sys
from pathlib import Path
from privacy.names.corpus import TRAIN, read
from privacy.names.model import train
train(read(TRAIN)[:120], Path(sys.argv[1]))
"""


ON_A_FULL_DISK = f"""
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
{TRAIN_A_PART.strip()}
"""


def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """In two processes with other hash seeds, and not because nothing depends on the input."""
    digests = [trained_elsewhere(tmp_path / seed, seed) for seed in ("1", "2")]
    assert digests[0] == digests[1]
    train(read(TRAIN)[:119], tmp_path / "other")
    assert sm3((tmp_path / "other").read_bytes()) != digests[0]


def trained_elsewhere(path: Path, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", TRAIN_A_PART, str(path)]
    subprocess.run(command, env=environment, check=True)
    return sm3(path.read_bytes())


def test_it_is_trained_once_and_named_by_what_it_is_made_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "part.iob2"
    part.write_text("王\tB-PER\n伟\tI-PER\n说\tO\n", "utf-8")
    monkeypatch.setattr(model, "TRAIN", part)
    first = model_file(tmp_path)
    written = first.stat().st_mtime_ns
    assert model_file(tmp_path) == first
    assert first.stat().st_mtime_ns == written
    part.write_text("王\tO\n伟\tO\n说\tO\n李\tB-PER\n", "utf-8")
    assert model_file(tmp_path) != first
    monkeypatch.setitem(model.SETTINGS, "c1", 0.2)
    assert model_file(tmp_path) == model_path(tmp_path)
    left = {path.suffix for path in (tmp_path / "names").iterdir()}
    assert left == {".crfsuite", ".lock"}
    assert not first.parent.stat().st_mode & 0o077


@pytest.mark.parametrize("left", [0, 4, 8, 1000, -1])
def test_a_torn_file_is_trained_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: int
) -> None:
    part = tmp_path / "part.iob2"
    part.write_text("王\tB-PER\n伟\tI-PER\n说\tO\n", "utf-8")
    monkeypatch.setattr(model, "TRAIN", part)
    path = model_file(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[:left])
    assert model_file(tmp_path).read_bytes() == content


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """CRFsuite itself says nothing; in a process of its own, whose files cannot grow."""
    path = tmp_path / "model"
    command = [
        "sh",
        "-c",
        f"ulimit -f 64; exec {sys.executable} -c '{ON_A_FULL_DISK}' {path}",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "could not be written" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_labels_are_one_a_character() -> None:
    for sentence in read(TRAIN)[:300]:
        labels = labels_of(sentence)
        assert len(labels) == len(sentence.text)
        starts = [place for place, label in enumerate(labels) if label[0] == "B"]
        assert starts == [span.start for span in sentence.spans]
