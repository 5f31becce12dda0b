"""What can be done with a column, and which of two ways hides more.

The words only: which kind of column is treated how is policy.py's, what may be approved
instead options.py's.
"""

from __future__ import annotations

from dataclasses import dataclass

UNPUBLISHED = ("drop", "withhold")


@dataclass(frozen=True, slots=True)
class Treatment:
    """What happens to every cell of a column, well-formed or not.

    keep: as it is, typed · token: keyed pseudonym · generalise: coarser, `how` says how ·
    display: stars, for a screen · format: a keyed number of the same form · shift: a day
    moved by a constant of the person · masked_text: written text without what was found in
    it · drop: never published · withhold: not published until an approved way exists.
    """

    kind: str
    how: str = ""

    @property
    def published(self) -> bool:
        return self.kind not in UNPUBLISHED

    def __str__(self) -> str:
        return f"{self.kind}({self.how})" if self.how else self.kind


STRENGTH = {
    "keep": 0,
    "display": 1,
    "masked_text": 1,
    "shift": 2,
    "generalise": 2,
    "format": 3,
    "token": 4,
    "drop": 5,
    "withhold": 5,
}
"""How much each kind hides; what is not published hides alike, for whatever reason. Two
other kinds of one strength do not compare: a shifted day hides the day and tells the
distance between two, a month does the opposite."""

AMOUNTS = (1_000_000, 100_000, 10_000)
"""Yuan, or whatever the column counts: what is more can be told as so much."""

FINER_FIRST = (
    ("day", "month"),
    ("birth_year", "birth_band"),
    ("age", "age_band"),
    ("township", "county"),
    ("grid",),
    ("diagnosis_chapter",),
    tuple(f"at_most_{most}" for most in AMOUNTS),
)
"""Ways to generalise compare on one scale only."""


def weaker(now: str, before: str) -> bool:
    """Does a treatment, as signed facts write it, hide less than the one before?

    What does not compare (another scale, a word that is not used any more) is weaker.
    """
    (kind, _, how), (kind_before, _, how_before) = (
        text.rstrip(")").partition("(") for text in (now, before)
    )
    unknown = max(STRENGTH.values()) + 1
    mine, theirs = STRENGTH[kind], STRENGTH.get(kind_before, unknown)
    if mine != theirs or kind in UNPUBLISHED:
        return mine < theirs
    return kind != kind_before or not _as_coarse(how, how_before)


def _as_coarse(how: str, before: str) -> bool:
    scales = (scale[scale.index(before) :] for scale in FINER_FIRST if before in scale)
    return how == before or any(how in scale for scale in scales)
