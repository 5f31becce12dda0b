"""How many names and places the model still sees in text columns that are to be published.

A masked text was masked by the same model, so hardly anything should be left: on the
development part of the stored corpus 2 to 4 persons and 2 places per 10,000 characters,
where 167 and 249 were before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import sqrt

TEXT_TYPES = frozenset({"free_text", "diagnosis_text"})
MOST = 20
"""Of each kind per 10,000 characters: five times what masking leaves, an eighth of what it
finds."""

PER = 10_000
DEVIATIONS = 3.1
"""As with known names: one time in a thousand by chance alone."""

LOOKED_AT = 500_000
"""Characters of one column, since the model reads some 28,000 a second (privacy.md 3)."""


def names_left(texts: Iterable[str]) -> Counter[str]:
    """Spans by kind, at the thresholds of masking (about 0.1); `characters` looked at.

    A text that was withheld as a whole counts as a kind of its own.
    """
    # Reads a model; most tables have no such column.
    from privacy.names.detect import spans

    found = Counter[str]()
    for text in texts:
        if found["characters"] >= LOOKED_AT:
            break
        found["characters"] += len(text)
        found.update(span.kind for span in spans(text))
    return found


def too_many(found: Counter[str]) -> Counter[str]:
    """The kinds of which there are more than the declared rate allows."""
    allowed = MOST * found["characters"] / PER
    most = allowed + DEVIATIONS * sqrt(allowed)
    kinds = found.keys() - {"characters"}
    return Counter({kind: found[kind] for kind in kinds if found[kind] > most})
