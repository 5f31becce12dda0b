"""How much of names and places the lake's own model leaves visible: measured, and kept.

Measured once for a model on the labelled sentences that it was not trained on, just as
`./lake privacy evaluate` does, and kept beside the model under the digest of all that
decides the figures. Whoever shares masked texts carries them into the receipt.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lake_config.digests import sm3
from lake_config.settings import write_private
from privacy.names import chinese_names, detect, evaluate, known, labels, span, writing
from privacy.names.corpus import DEV, read
from privacy.names.model import loaded, model_digest
from privacy.names.span import PERSON, PLACE

CODE = (chinese_names, detect, evaluate, known, labels, span, writing)
PLACES = 4
"""Decimal places: the corpus is too small for more."""


def measured(cache: Path) -> dict[str, Any]:
    """The figures of the model in `cache`; trained and measured first where that is due.

    `leak_rate`: the share of the characters of names and of places that nothing hides.
    """
    path = rates_path(cache)
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        found = measure(cache)
        write_private(path, json.dumps(found, sort_keys=True))
    return found


def measure(cache: Path) -> dict[str, Any]:
    """Through the whole of detect.py, as texts are masked."""
    find = detect.finder(loaded(cache))
    sentences = read(DEV)
    found = [detect.spans(sentence.text, find=find) for sentence in sentences]
    totals = evaluate.evaluate(sentences, found)
    rates = {
        kind: {
            "coverage": round(totals[kind].coverage, PLACES),
            "leak_rate": round(1 - totals[kind].coverage, PLACES),
        }
        for kind in (PERSON, PLACE)
    }
    return {
        "model": model_digest(),
        "corpus": sm3(DEV.read_bytes())[:32],
        "sentences": len(sentences),
        "over_masking": round(totals[evaluate.ALL].over_masking, PLACES),
        **rates,
    }


def rates_path(cache: Path) -> Path:
    """Beside the model; another name where anything that decides the figures changes."""
    files = [Path(str(module.__file__)) for module in CODE]
    parts = [sm3(path.read_bytes()) for path in (*files, DEV)]
    name = sm3(" ".join((model_digest(), *parts)).encode())[:32]
    return cache / "names" / f"{name}.rates.json"
