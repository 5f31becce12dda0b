"""Decisions of security about re-identification: which part each kind of column plays,
how many people a group must have, and in which order less is told.

A contract says what a column is, never how many people are enough. What stands here is
part of the policy's version: whoever edits it needs new signatures. privacy.md 6.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PERSON, QUASI, SENSITIVE, OTHER = "person", "quasi", "sensitive", "other"


@dataclass(frozen=True, slots=True)
class Role:
    """The part a kind of column plays for who tries to find somebody again.

    person: tells people apart; of several columns that of the lowest `rank` counts ·
    quasi: what others may know of a person · sensitive: what they would learn;
    `diversity`: so many different values a group must have, or none are told ·
    other: nothing of the three.
    """

    part: str
    reason: str
    rank: int = 0
    diversity: int = 1


def _person(rank: int, reason: str) -> Role:
    return Role(PERSON, reason, rank)


ROLES: dict[str, Role] = {
    # Who: the surer a column tells one person from another, the lower its rank.
    "identity_number": _person(1, "one person, one number, in every department"),
    "person_key": _person(2, "the department's own number of a person"),
    "social_security_number": _person(3, "the holder's"),
    "medical_insurance_number": _person(4, "the insured person's"),
    "licence_number": _person(5, "the holder's; of a vehicle, its keeper's"),
    "passport": _person(6, "the holder's, until it is renewed"),
    "plate": _person(7, "a vehicle stands for who keeps it"),
    "vin": _person(8, "as the plate"),
    "mobile": _person(9, "most people have one"),
    "landline": _person(10, "a household's"),
    "bank_card": _person(11, "people have several"),
    "online_account": _person(12, "as the card"),
    "record_key": Role(OTHER, "a row is not a person: counting rows would hide who"),
    "person_name": Role(OTHER, "never published; names collide, so they do not count"),
    # What neighbours, colleagues and other tables know
    "address": Role(QUASI, "where somebody lives"),
    "county_code": Role(QUASI, "where somebody lives or was served"),
    "movement_place": Role(QUASI, "where somebody was seen"),
    "birth_date": Role(QUASI, "an age is known or seen"),
    "age": Role(QUASI, "as the birth date"),
    "position": Role(QUASI, "where somebody was seen, to a mile"),
    "sex": Role(QUASI, "seen"),
    "ethnicity": Role(QUASI, "often known; small groups single out"),
    "event_date": Role(QUASI, "when something happened is remembered by others"),
    "event_time": Role(QUASI, "as the date"),
    "company_code": Role(QUASI, "where somebody works is known"),
    # What would be learned
    "diagnosis_code": Role(SENSITIVE, "law L50", diversity=3),
    "sensitive_code": Role(SENSITIVE, "law L50", diversity=3),
    "status_code": Role(SENSITIVE, "measured; no harm where all have the same"),
    "diagnosis_text": Role(OTHER, "never published"),
    "free_text": Role(OTHER, "never published"),
    "amount": Role(
        OTHER, "exact sums are hardly known to others; see the page on risk"
    ),
    "not_personal": Role(OTHER, "said aloud by the department, signed by an officer"),
}
"""Every semantic type, and the part it plays."""

NOBODY = (
    "(?i)^(?:无|没有|暂无|不详|不明|未知|保密|未填|空|待补|待查|同上|NULL|NONE|NAN|N/?A|NIL|X+|0+|"
    + "|".join(f"{digit}{{6,}}" for digit in range(1, 10))
    + r"|[-*?./—_\s]+)$"
)
"""Written where a person's number is not known. All such cells are one person together, as
empty ones are: of five rows with five of these words nobody knows that they are five
people's."""

PEOPLE_AT_LEAST = {"government": 5, "medical": 20, "police": 20}
"""k by the network a table comes from: so many different people share what is told."""

SUPPRESSED_AT_MOST = 0.05
"""Rows of groups that stay too small are left out, up to this share; beyond it the next
step of the ladder is taken, and after the last one the table is refused."""

UNTOLD_AT_MOST = 0.05
"""Sensitive values are left blank in groups where too few differ, up to this share of the
rows; beyond it the whole column is."""

EVENTS_KNOWN = (2, 3, 4)
EVENTS_UNIQUE_AT_MOST = 0.05
"""Of the people with so many events no larger share may be found by them alone."""

WAITS_FOR_ENOUGH = False
"""Does a version wait that differs from the last one by fewer people than k? While it does
not, the difference is told in the receipt and in the report: a correction of three rows is
published as a correction, and a city that changes by a few people a day is not silent."""

DROPPED = "dropped"
SCALES: dict[str, tuple[str, ...]] = {
    "event_date": ("day", "month", "quarter", "year", DROPPED),
    "event_time": ("day", "month", "quarter", "year", DROPPED),
    "birth_date": ("birth_year", "birth_band", "birth_decade", DROPPED),
    "age": ("age", "age_band", "age_decade", DROPPED),
    "address": ("township", "county", DROPPED),
    "position": ("grid", DROPPED),
    "movement_place": ("county", DROPPED),
    "county_code": ("keep", DROPPED),
    "sex": ("keep", DROPPED),
    "ethnicity": ("keep", DROPPED),
    "company_code": ("keep", DROPPED),
}
"""The ways to tell of each quasi-identifier, finer first; it starts at its treatment."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step: columns of these kinds tell no more than `how`.

    `each`: not all at once but one column after the other, the last of the contract first.
    """

    kinds: tuple[str, ...]
    how: str
    each: bool = False


EVENT = ("event_date", "event_time")
LADDER = (
    Rung(("address",), "county"),
    Rung(EVENT, "month"),
    Rung(("birth_date",), "birth_band"),
    Rung(("age",), "age_band"),
    Rung(EVENT, "quarter"),
    Rung(("ethnicity",), DROPPED),
    Rung(EVENT, "year"),
    Rung(("birth_date",), "birth_decade"),
    Rung(("age",), "age_decade"),
    Rung(("company_code",), DROPPED),
    Rung(("position",), DROPPED, each=True),
    Rung(("movement_place",), DROPPED, each=True),
    Rung(EVENT, DROPPED, each=True),
    Rung(("birth_date",), DROPPED),
    Rung(("age",), DROPPED),
    Rung(("sex",), DROPPED),
    Rung(("address",), DROPPED, each=True),
    Rung(("county_code",), DROPPED, each=True),
)
"""Taken from the top until enough people share what is told. The county goes last: most
questions a city asks are about its counties."""

TOKENS = ("same", "month", "gone")
"""A person's tokens in a table of events: the same in all rows, another one each month,
or none. Which of them: the first under which few events find nobody."""


def content() -> dict[str, Any]:
    """Everything here that decides, for the policy's version; reasons are not part."""
    return {
        "roles": {
            kind: [role.part, role.rank, role.diversity] for kind, role in ROLES.items()
        },
        "nobody": NOBODY,
        "people": PEOPLE_AT_LEAST,
        "shares": [SUPPRESSED_AT_MOST, UNTOLD_AT_MOST, EVENTS_UNIQUE_AT_MOST],
        "events": EVENTS_KNOWN,
        "waits": WAITS_FOR_ENOUGH,
        "scales": SCALES,
        "ladder": [[rung.kinds, rung.how, rung.each] for rung in LADDER],
        "tokens": TOKENS,
    }
