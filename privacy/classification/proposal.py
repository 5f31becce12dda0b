"""From evidence to one proposal for a column. Pure: counts and names in, a proposal out.

A check digit that agrees far beyond chance proves a class. A confirmed class of the column
that this one is taken from comes next, then what the names say; a form without a check counts
by itself only where nearly all values have it and people's numbers look like these. What is
left is told by its shape, and text without one is withheld.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from privacy.classification.classes import DEFAULT, DIRECT, level
from privacy.classification.measures import Sample, lower_bound
from privacy.classification.names import EXACT, PARTIAL, Named
from privacy.policy import PURPOSES, treatment
from privacy.strength import weaker

PROVEN, MANY = 0.6, 0.1
"""Least lower bound of a pass rate, and least share of values that are candidates: a column
in which one of ten values is somebody's number is a column of such numbers."""

NEARLY_ALL, HALF, SEEN = 0.9, 0.5, 0.95
"""Least share of well-formed values: without a name, with half a name, of a shape."""

FEW = 50
"""Distinct values of a code list at most."""

LIFETIME = 40
"""Dates of birth span more years than dates of events."""

STRENGTH = {EXACT: 0.8, PARTIAL: 0.5, "confirmed": 0.95, "shape": 0.4}
REACHED = ("mobile", "landline", "address", "online_account")
"""How and where somebody is reached; bodies have these too."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """`source` name, value, lineage or shape; `detail` its degree, `candidates` and
    `passed` what was counted; `strength` between 0 and 1."""

    source: str
    name: str
    detail: str
    strength: float
    candidates: int = 0
    passed: int | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a column is held for. No value stands in it."""

    column: str
    name: str
    level: str
    confidence: float
    evidence: tuple[Evidence, ...]
    cells: int
    values: int

    def facts(self) -> dict[str, Any]:
        """For the ledger."""
        return asdict(self) | {"evidence": [asdict(item) for item in self.evidence]}


def protects_less(now: str, wanted: str) -> bool:
    """Does a column of type `now` show, for any purpose, more than one of type `wanted`?

    A token hides whatever it is made of, so that it never shows more.
    """
    pairs = [(treatment(now, use), treatment(wanted, use)) for use in PURPOSES]
    return any(
        shown.kind in ("keep", "generalise") and weaker(str(shown), str(asked))
        for shown, asked in pairs
    )


def proposal(
    column: str,
    named: Named,
    sample: Sample,
    confirmed: str = "",
    organisation: bool = False,
) -> Proposal:
    """The class of one column; `confirmed` is that of the column it is taken from."""
    values = _of_values(sample)
    names = _of_name(named, sample, organisation)
    lineage = [Evidence("lineage", confirmed, "confirmed", STRENGTH["confirmed"])]
    told = [*values, *names, *(lineage if confirmed else [])]
    chosen = _chosen(values, names, confirmed, sample)
    if organisation and chosen in REACHED:
        chosen = "not_personal"
    own = tuple(item for item in told if item.name == chosen)
    shaped = Evidence("shape", chosen, "shape", STRENGTH["shape"])
    evidence = own or ((shaped,) if chosen != DEFAULT else ())
    confidence = round(1 - prod(1 - item.strength for item in evidence), 2)
    return Proposal(
        column, chosen, level(chosen), confidence, evidence, sample.cells, sample.values
    )


def _of_values(sample: Sample) -> list[Evidence]:
    """Proven by a check digit, or formed; the order is that of the stronger claim."""
    found = []
    for name, form in sample.forms.items():
        share = sample.share(name)
        counts = form.candidates, form.passed
        if form.passed is not None:
            bound = lower_bound(form.passed, form.candidates)
            if share >= MANY and bound > PROVEN:
                found.append(
                    Evidence("value", name, "checked", round(bound, 2), *counts)
                )
        elif share >= NEARLY_ALL and form.plausible:
            strength = round(0.9 * share, 2)
            found.append(Evidence("value", name, "formed", strength, *counts))
    return found


def _of_name(named: Named, sample: Sample, organisation: bool) -> list[Evidence]:
    """What the names say, unless the values say that it cannot be."""
    if not named.name or (organisation and named.name in REACHED):
        return []
    name = _reached_how(named.name, sample)
    form = sample.forms.get(name)
    fits = form is None or not sample.values or sample.share(name) >= HALF
    if named.degree == PARTIAL and name in DIRECT and not fits:
        return []
    if name in DIRECT and _is_something_else(name, sample):
        return []
    counts = (form.candidates, form.passed) if form else (0, None)
    return [Evidence("name", name, named.degree, STRENGTH[named.degree], *counts)]


def _reached_how(name: str, sample: Sample) -> str:
    """联系电话 holds mobile numbers or others; the values tell."""
    if name not in ("mobile", "landline"):
        return name
    other = {"mobile": "landline", "landline": "mobile"}[name]
    return other if sample.share(other) > max(HALF, sample.share(name)) else name


def _is_something_else(name: str, sample: Sample) -> bool:
    """Named like a number of somebody, but a list of codes, sums or days."""
    if not sample.values or sample.share(name) > 0:
        return False
    short = sample.longest <= 4 and sample.values <= FEW and name != "person_name"
    others = ("date", "time", "decimal")
    return short or any(sample.shapes[shape] >= SEEN for shape in others)


def _chosen(
    values: list[Evidence], names: list[Evidence], confirmed: str, sample: Sample
) -> str:
    proven = next((item.name for item in values if item.detail == "checked"), "")
    formed = next((item.name for item in values if item.detail == "formed"), "")
    by_name = names[0].name if names else ""
    if confirmed and not (proven in DIRECT and protects_less(confirmed, proven)):
        return confirmed
    if proven:
        return proven
    if by_name in DIRECT:
        return by_name
    if formed:
        return formed
    exact = by_name and names[0].detail == EXACT
    return by_name if exact and _may_be(by_name, sample) else _shape(sample)


def _may_be(name: str, sample: Sample) -> bool:
    """A date is named by the way it is written, whatever the column is called."""
    if name in ("event_date", "event_time", "birth_date"):
        dated = max(sample.shapes["date"], sample.shapes["time"])
        return not sample.values or dated >= HALF
    return True


def _shape(sample: Sample) -> str:
    """What is left, by how it is written; the default where nothing tells."""
    if not sample.values:
        return DEFAULT
    seen = {name for name, share in sample.shapes.items() if share >= SEEN}
    few = sample.values <= FEW and sample.longest <= 20
    repeated = few and sample.cells >= 2 * sample.values
    if "time" in seen:
        return "event_time"
    if "date" in seen:
        return "birth_date" if sample.years >= LIFETIME else "event_date"
    if "county" in seen:
        return "county_code"
    if "decimal" in seen:
        return "amount"
    if "diagnosis" in seen and sample.values > 1:
        return "diagnosis_code"
    if repeated:
        return "status_code"
    if "number" in seen and sample.longest < 10:
        return "amount"
    if "code" in seen or "mixed code" in seen:
        return "record_key"
    return DEFAULT
