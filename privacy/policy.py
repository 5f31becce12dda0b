"""What may be seen: one complete table, semantic type x purpose -> treatment.

Facts (what a column is) belong to the department's contract, these decisions to security:
officers sign POLICY_VERSION. How a treatment is carried out is in treatments.py; before
and after are shown in docs/reference/masking_rules.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audit.events import canonical
from lake_config.digests import sm3
from lake_config.errors import UsageError
from privacy.diagnosis_chapters import CHAPTERS
from privacy.options import OPTIONS
from privacy.regions import (
    COUNTY_PATTERN,
    GRID_STEP,
    LATITUDES,
    LONGITUDES,
    OUTSIDE,
    TOWNSHIP_PATTERN,
)
from privacy.risk import rules
from privacy.strength import FINER_FIRST, STRENGTH, Treatment
from privacy.written_forms import FORMATS, STARRED

STATISTICS = "statistics"
PURPOSES = {
    STATISTICS: "统计分析",
    "service": "业务办理",
    "supervision": "监督检查",
    "research": "专题研究",
}
"""Closed codes; the scenario beside the code is free text of the application. The curated
table of the city's analysts is made for `statistics`."""

EARLIEST_BIRTH_YEAR = 1935
"""People over 90 are few enough to be recognised: earlier years are told as this one."""

BIRTH_BAND_YEARS = 5

OLDEST_AGE = 90
"""Told of everybody who is older; bands are as wide as those of birth years."""

SHIFT_DAYS = 180
"""A person's days are moved by as much at most, to either side."""

TOKEN_BYTES = 16
EXACT = frozenset({"person_key", "record_key"})
"""Keys a department made itself: case and separators may tell two of them apart."""

TOKEN_FORM = "f4c03497f926dc17b26e0a11b68239ae43e9d9324987891dbf2a8d76cadc5084"  # noqa: S105 (a digest)
"""SM3 over the tokens of probe values: a test fails when tokens.py gives others, and with
this constant the policy's version changes."""


KEEP = Treatment("keep")
TOKEN = Treatment("token")
DROP = Treatment("drop")
WITHHOLD = Treatment("withhold")
COUNTY = Treatment("generalise", "county")
AGE = Treatment("generalise", "age")
AGE_BAND = Treatment("generalise", "age_band")
BIRTH_YEAR = Treatment("generalise", "birth_year")
BIRTH_BAND = Treatment("generalise", "birth_band")
DAY = Treatment("generalise", "day")
MONTH = Treatment("generalise", "month")
CHAPTER = Treatment("generalise", "diagnosis_chapter")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a treatment for each purpose, and why."""

    statistics: Treatment
    service: Treatment
    supervision: Treatment
    research: Treatment
    reason: str


def _all(treatment: Treatment, reason: str) -> Line:
    return Line(treatment, treatment, treatment, treatment, reason)


TABLE: dict[str, Line] = {
    # Who: a name collides and tells more than a token does, so it goes.
    "person_name": _all(DROP, "privacy.md 6.2; tokens link instead"),
    "identity_number": _all(TOKEN, "privacy.md 6.2; law L58"),
    "social_security_number": _all(TOKEN, "privacy.md 6.2; law L50"),
    "medical_insurance_number": _all(TOKEN, "privacy.md 6.2; law L50"),
    "licence_number": _all(TOKEN, "privacy.md 6.2: often the identity number itself"),
    "passport": _all(TOKEN, "privacy.md 6.2"),
    "online_account": Line(TOKEN, TOKEN, TOKEN, DROP, "as a mobile number"),
    "mobile": Line(TOKEN, TOKEN, TOKEN, DROP, "privacy.md 6.2; no use in research"),
    "landline": Line(TOKEN, TOKEN, TOKEN, DROP, "privacy.md 6.2; no use in research"),
    "bank_card": Line(TOKEN, TOKEN, TOKEN, DROP, "privacy.md 6.2; law L50: accounts"),
    "plate": _all(TOKEN, "privacy.md 6.2"),
    "vin": Line(TOKEN, TOKEN, TOKEN, DROP, "privacy.md 6.2; the plate links already"),
    "person_key": _all(TOKEN, "privacy.md 6.2: surrogate keys are re-keyed"),
    "record_key": _all(TOKEN, "privacy.md 6.2: surrogate keys are re-keyed"),
    # Where and when
    "address": _all(COUNTY, "privacy.md 6.2, 6.3: a township singles out"),
    "movement_place": Line(
        COUNTY, DROP, COUNTY, COUNTY, "law L50: whereabouts; privacy.md 6.2"
    ),
    "county_code": _all(KEEP, "privacy.md 6.3: groups of thousands"),
    "birth_date": Line(
        BIRTH_YEAR, BIRTH_YEAR, BIRTH_YEAR, BIRTH_BAND, "privacy.md 6.2, 6.3"
    ),
    "age": Line(AGE, AGE, AGE, AGE_BAND, "as the birth date"),
    "position": _all(DROP, "law L50: whereabouts; privacy.md 6.2: never raw tracks"),
    "event_date": Line(DAY, DAY, DAY, MONTH, "privacy.md 6.2"),
    "event_time": Line(DAY, DAY, DAY, MONTH, "privacy.md 6.2"),
    # About a person
    "sex": _all(KEEP, "privacy.md 6.3: no risk beside county and birth year"),
    "ethnicity": _all(
        DROP, "law L50; small groups single out, and no purpose needs it"
    ),
    "diagnosis_code": Line(
        CHAPTER, DROP, CHAPTER, CHAPTER, "law L50, L59; privacy.md 6.2"
    ),
    "diagnosis_text": _all(WITHHOLD, "privacy.md 6.2: free text"),
    "free_text": _all(WITHHOLD, "privacy.md 0, 6.2: free text"),
    "sensitive_code": Line(
        KEEP, DROP, KEEP, DROP, "law L50; closed codes, only where they are the subject"
    ),
    "status_code": _all(KEEP, "closed codes"),
    "amount": _all(KEEP, "what the tables are read for"),
    # About no person
    "company_code": _all(KEEP, "privacy.md 6.2: public register"),
    "not_personal": _all(KEEP, "said aloud by the department, signed by an officer"),
}


def treatment(semantic_type: str, purpose: str) -> Treatment:
    """The decision for one kind of column; UsageError for a purpose that is not one."""
    if purpose not in PURPOSES:
        raise UsageError(f"没有用途“{purpose}”。现有：{'、'.join(PURPOSES)}。")
    found: Treatment = getattr(TABLE[semantic_type], purpose)
    return found


def treatments_of(semantic_type: str) -> tuple[str, ...]:
    """What becomes of one kind of column, for each purpose in their order."""
    return tuple(str(treatment(semantic_type, purpose)) for purpose in PURPOSES)


def version_of(table: dict[str, Line]) -> str:
    """A name for everything a signature covers: the table and what it leans on."""
    content: dict[str, Any] = {
        "table": {
            kind: [str(getattr(line, purpose)) for purpose in PURPOSES]
            for kind, line in table.items()
        },
        "places": [COUNTY_PATTERN, OUTSIDE],
        "birth": [EARLIEST_BIRTH_YEAR, BIRTH_BAND_YEARS],
        "chapters": CHAPTERS,
        "tokens": [TOKEN_BYTES, sorted(EXACT), TOKEN_FORM],
        "order": [STRENGTH, FINER_FIRST],
        "options": {
            kind: {name: str(option) for name, option in there.items()}
            for kind, there in OPTIONS.items()
        },
        "finer places": [TOWNSHIP_PATTERN, GRID_STEP, LONGITUDES, LATITUDES],
        "ages": OLDEST_AGE,
        "shift": SHIFT_DAYS,
        "written forms": [STARRED, FORMATS],
        "risk": rules.content(),
    }
    return f"1.{sm3(canonical(content))[:16]}"


POLICY_VERSION = version_of(TABLE)
"""Named by content: whoever edits the table needs new signatures before publication."""
