"""医保: insured persons, settlements, institutions, drugs, credit evaluations."""

from __future__ import annotations

import numpy as np

from simulation.columns import (
    Records,
    cents,
    days_before,
    days_text,
    moments_text,
    money,
    numbered,
    picked,
    some,
)
from simulation.people import CODES, People

INSTITUTIONS, DRUGS = 240, 600
DIAGNOSES = (
    "I10.900 E11.900 J18.900 J06.900 K29.500 M54.500 "
    "I25.100 I63.900 C34.900 S72.000 F32.900 B18.100"
).split()


def records(
    people: People, rng: np.random.Generator, day: np.datetime64, chunk: int
) -> dict[str, Records]:
    found = {
        "insured_persons": _insured(people, rng, day),
        "settlements": _settlements(people, rng, day),
    }
    return found if chunk else {**_static(rng, day), **found}


def person_no(people: People) -> np.ndarray:
    return numbered("P", people.number + 1, 12)


def _insured(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    return {
        "person_no": person_no(people),
        "identity_number": people.identity_number,
        "person_name": people.name,
        "sex_code": people.sex,
        "birth_date": days_text(people.birth),
        "mobile": some(rng, people.mobile, 0.9),
        "address": people.address,
        "county_code": people.county,
        "insurance_type": picked(rng, ["310", "390"], count, [0.3, 0.7]),
        "medical_insurance_no": numbered("23M", people.number + 100_000_000, 9),
        "insured_since": days_text(days_before(rng, day, count, 30, 7_000)),
        "pay_status": picked(rng, ["1", "2", "3"], count, [0.94, 0.04, 0.02]),
        "updated_at": moments_text(_moments(rng, day, count, 1, 300)),
    }


def _moments(
    rng: np.random.Generator, day: np.datetime64, count: int, least: int, most: int
) -> np.ndarray:
    days = days_before(rng, day, count, least, most).astype("datetime64[s]")
    return days + rng.integers(7 * 3600, 18 * 3600, count).astype("timedelta64[s]")


def _settlements(
    people: People, rng: np.random.Generator, day: np.datetime64
) -> Records:
    visits = rng.poisson(6, len(people))
    patients = people.take(np.repeat(np.arange(len(people)), visits))
    count = len(patients)
    order = np.concatenate([np.arange(n) for n in visits]) if count else visits
    start = _moments(rng, day, count, 20, 360)
    stay = rng.integers(1, 15 * 24 * 60, count).astype("timedelta64[m]")
    end = start + stay.astype("timedelta64[s]")
    fund, account, own = (cents(rng, count, most) for most in (3_000, 300, 900))
    return {
        "settlement_no": numbered("S", patients.number * 100 + order, 15),
        "person_no": person_no(patients),
        "institution_code": numbered("H", rng.integers(1, INSTITUTIONS + 1, count), 11),
        "identity_number": patients.identity_number,
        "visit_type": picked(
            rng, ["11", "14", "21", "41"], count, [0.5, 0.2, 0.1, 0.2]
        ),
        "diagnosis_code": picked(rng, DIAGNOSES, count),
        "admitted_at": moments_text(start),
        "discharged_at": moments_text(end),
        "settled_on": days_text(end),
        "total_amount": money(fund + account + own),
        "fund_paid": money(fund),
        "account_paid": money(account),
        "self_paid": money(own),
        "county_code": patients.county,
        "drug_count": rng.integers(0, 30, count).astype(str),
    }


def _static(rng: np.random.Generator, day: np.datetime64) -> dict[str, Records]:
    return {
        "institutions": _institutions(rng, day),
        "drug_catalogue": _drugs(rng, day),
        "credit_evaluations": _evaluations(rng),
    }


def _institutions(rng: np.random.Generator, day: np.datetime64) -> Records:
    numbers = np.arange(1, INSTITUTIONS + 1)
    start = days_before(rng, day, INSTITUTIONS, 100, 1_000)
    return {
        "institution_code": numbered("H", numbers, 11),
        "institution_name": np.array([f"绥化市第{n}定点医药机构" for n in numbers]),
        "institution_level": picked(rng, ["01", "02", "03", "04", "05"], INSTITUTIONS),
        "ownership_code": picked(rng, ["1", "2"], INSTITUTIONS),
        "county_code": picked(rng, list(CODES), INSTITUTIONS),
        "address": np.array([f"中直路{n}号" for n in numbers]),
        "contact_phone": numbered("0455-8", numbers + 200_000, 6),
        "bed_count": rng.integers(0, 900, INSTITUTIONS).astype(str),
        "agreement_start": days_text(start),
        "agreement_end": days_text(start + np.timedelta64(1_095, "D")),
    }


def _drugs(rng: np.random.Generator, day: np.datetime64) -> Records:
    numbers = np.arange(1, DRUGS + 1)
    start = days_before(rng, day, DRUGS, 100, 900)
    return {
        "drug_code": numbered("XA", numbers, 12),
        "drug_name": np.array([f"药品{n}号" for n in numbers]),
        "dosage_form": picked(rng, ["片剂", "胶囊", "注射液", "颗粒"], DRUGS),
        "specification": picked(rng, ["10mg*12", "0.25g*24", "5ml*10"], DRUGS),
        "category_code": picked(rng, ["A", "B", "C"], DRUGS),
        "self_paid_ratio": picked(rng, ["0.00", "0.10", "0.20"], DRUGS),
        "price_limit": money(cents(rng, DRUGS, 200)),
        "valid_from": days_text(start),
        "valid_to": days_text(start + np.timedelta64(1_825, "D")),
    }


def _evaluations(rng: np.random.Generator) -> Records:
    years = np.tile(np.array([2023, 2024, 2025]), INSTITUTIONS)
    codes = np.repeat(np.arange(1, INSTITUTIONS + 1), 3)
    deducted = rng.integers(0, 4_000, len(codes))
    end = np.array([f"{year}-12-20" for year in years], dtype="datetime64[D]")
    return {
        "evaluation_no": numbered("C", np.arange(1, len(codes) + 1), 11),
        "institution_code": numbered("H", codes, 11),
        "evaluation_year": years.astype(str),
        "score": money(10_000 - deducted),
        "deducted": money(deducted),
        "base_score": np.full(len(codes), "100.00"),
        "grade": picked(rng, ["A", "B", "C", "D"], len(codes)),
        "evaluated_on": days_text(end),
        "published_on": days_text(end + np.timedelta64(20, "D")),
    }
