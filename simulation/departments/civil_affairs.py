"""民政: marriages, low-income families and their members, funerals."""

from __future__ import annotations

import numpy as np

from simulation.columns import (
    Records,
    cents,
    days_before,
    days_text,
    money,
    numbered,
    picked,
    some,
)
from simulation.people import People

REMARKS = ["证件齐全", "补领证件", "档案已数字化"]


def records(
    people: People, rng: np.random.Generator, day: np.datetime64, chunk: int
) -> dict[str, Records]:
    poor = people.take(np.flatnonzero(people.household % 25 == 0))
    dead = people.take(np.flatnonzero(people.number % 40 == 0))
    return {
        "marriage_registrations": _marriages(people, rng, day),
        "low_income_families": _families(poor, rng, day),
        "low_income_members": _members(poor, rng),
        "funerals": _funerals(dead, rng, day),
    }


def _marriages(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    """Head and spouse of most households."""
    wives = np.flatnonzero(people.role == 1)
    wives = wives[rng.random(len(wives)) < 0.8]
    husband, wife = people.take(wives - 1), people.take(wives)
    count = len(wife)
    married = days_before(rng, day, count, 10, 6_000)
    kind = picked(rng, ["J", "L"], count, [0.85, 0.15])
    years = married.astype("datetime64[Y]").astype(str)
    return {
        "certificate_no": np.array(
            [
                f"{a}{county}-{year}-{int(number):07d}"
                for a, county, year, number in zip(
                    kind, husband.county, years, husband.household, strict=True
                )
            ]
        ),
        "event_type": kind,
        "husband_identity_number": husband.identity_number,
        "husband_name": husband.name,
        "wife_identity_number": wife.identity_number,
        "wife_name": wife.name,
        "registered_on": days_text(married),
        "county_code": husband.county,
        "contact_mobile": some(rng, husband.mobile, 0.8),
        "remarks": some(rng, picked(rng, REMARKS, count), 0.5),
    }


def _families(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    heads = people.take(np.flatnonzero(people.role == 0))
    count = len(heads)
    wages, other = cents(rng, count, 900), cents(rng, count, 200)
    approved = days_before(rng, day, count, 30, 300)
    return {
        "family_no": numbered("F", heads.household + 1, 11),
        "head_identity_number": heads.identity_number,
        "head_name": heads.name,
        "family_type": picked(rng, ["11", "12", "21", "31"], count),
        "member_count": np.full(count, "3"),
        "monthly_income": money(wages + other),
        "wage_income": money(wages),
        "other_income": money(other),
        "monthly_allowance": money(cents(rng, count, 600)),
        "address": heads.address,
        "county_code": heads.county,
        "approved_on": days_text(approved),
        "review_due_on": days_text(approved + np.timedelta64(365, "D")),
    }


def _members(people: People, rng: np.random.Generator) -> Records:
    count = len(people)
    return {
        "member_no": numbered("M", people.number + 1, 13),
        "family_no": numbered("F", people.household + 1, 11),
        "identity_number": people.identity_number,
        "person_name": people.name,
        "relation_code": np.array(["01", "02", "10"])[people.role],
        "birth_date": days_text(people.birth),
        "health_code": picked(rng, ["10", "20", "30", "60"], count),
        "labour_code": picked(rng, ["1", "2", "3"], count),
        "mobile": some(rng, people.mobile, 0.7),
    }


def _funerals(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    died = days_before(rng, day, count, 5, 700)
    basic, other = cents(rng, count, 900), cents(rng, count, 2_000)
    return {
        "funeral_no": numbered("FN", people.number + 1, 11),
        "identity_number": people.identity_number,
        "person_name": people.name,
        "died_on": days_text(died),
        "cremated_on": days_text(died + np.timedelta64(3, "D")),
        "service_fee": money(basic),
        "other_fee": money(other),
        "total_fee": money(basic + other),
        "contact_mobile": some(rng, people.mobile, 0.9),
        "county_code": people.county,
    }
