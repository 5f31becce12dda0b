"""What may be seen: semantic type × purpose → treatment, in one complete table.

Facts (what a column is) belong to the department's contract; these decisions belong to
security. Sources: privacy.md §6.2, law.md L50 (sensitive kinds), L56, L58. A change here
is a new POLICY_VERSION, which officers must sign again.
"""

from __future__ import annotations

from dataclasses import dataclass

POLICY_VERSION = "2026.1"

STATISTICS = "statistics"
PURPOSES = {
    STATISTICS: "统计分析",
    "service": "业务办理",
    "supervision": "监督检查",
    "research": "专题研究",
}
"""Closed codes; the scenario beside the code is free text of the application."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """`kind` is token, generalise, keep, drop or withhold; `how` names the generalising."""

    kind: str
    how: str = ""

    @property
    def published(self) -> bool:
        return self.kind in ("token", "generalise", "keep")


TOKEN = Treatment("token")
KEEP = Treatment("keep")
DROP = Treatment("drop")
WITHHOLD = Treatment("withhold")
COUNTY = Treatment("generalise", "county")
BIRTH_YEAR = Treatment("generalise", "birth_year")
DAY = Treatment("generalise", "day")
MONTH = Treatment("generalise", "month")
CHAPTER = Treatment("generalise", "diagnosis_chapter")

# Columns: statistics, service, supervision, research.
TABLE: dict[str, tuple[Treatment, Treatment, Treatment, Treatment]] = {
    "identity_number": (TOKEN, TOKEN, TOKEN, TOKEN),
    "person_name": (DROP, DROP, DROP, DROP),
    "mobile": (TOKEN, TOKEN, TOKEN, DROP),
    "landline": (TOKEN, TOKEN, TOKEN, DROP),
    "bank_card": (TOKEN, TOKEN, TOKEN, DROP),
    "social_security_number": (TOKEN, TOKEN, TOKEN, TOKEN),
    "medical_insurance_number": (TOKEN, TOKEN, TOKEN, TOKEN),
    "licence_number": (TOKEN, TOKEN, TOKEN, TOKEN),
    "plate": (TOKEN, TOKEN, TOKEN, TOKEN),
    "vin": (TOKEN, TOKEN, TOKEN, DROP),
    "address": (COUNTY, COUNTY, COUNTY, COUNTY),
    "person_key": (TOKEN, TOKEN, TOKEN, TOKEN),
    "record_key": (TOKEN, TOKEN, TOKEN, TOKEN),
    "birth_date": (BIRTH_YEAR, BIRTH_YEAR, BIRTH_YEAR, BIRTH_YEAR),
    "sex": (KEEP, KEEP, KEEP, KEEP),
    "ethnicity": (DROP, DROP, DROP, DROP),
    "diagnosis_code": (CHAPTER, DROP, CHAPTER, CHAPTER),
    "diagnosis_text": (WITHHOLD, WITHHOLD, WITHHOLD, WITHHOLD),
    "event_date": (DAY, DAY, DAY, MONTH),
    "event_time": (DAY, DAY, DAY, MONTH),
    "movement_place": (COUNTY, DROP, COUNTY, COUNTY),
    "county_code": (KEEP, KEEP, KEEP, KEEP),
    "amount": (KEEP, KEEP, KEEP, KEEP),
    "status_code": (KEEP, KEEP, KEEP, KEEP),
    "sensitive_code": (KEEP, DROP, KEEP, DROP),
    "free_text": (WITHHOLD, WITHHOLD, WITHHOLD, WITHHOLD),
    "company_code": (KEEP, KEEP, KEEP, KEEP),
    "not_personal": (KEEP, KEEP, KEEP, KEEP),
}


def treatment(semantic_type: str, purpose: str) -> Treatment:
    """The decision for one kind of column under one purpose; KeyError for neither."""
    return TABLE[semantic_type][tuple(PURPOSES).index(purpose)]
