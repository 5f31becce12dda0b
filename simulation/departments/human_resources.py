"""人社: social-security cards and what is paid to their holders, jobs and seekers."""

from __future__ import annotations

import numpy as np

from simulation.columns import (
    Records,
    cards,
    cents,
    company_codes,
    days_before,
    days_text,
    money,
    numbered,
    picked,
)
from simulation.people import CODES, People


def records(
    people: People, rng: np.random.Generator, day: np.datetime64, chunk: int
) -> dict[str, Records]:
    holders = people.take(np.flatnonzero(people.number % 10 != 9))
    adults = holders.take(np.flatnonzero(holders.role < 2))
    return {
        "social_security_cards": _social_cards(holders, rng, day),
        "pension_insurance": _pension(_part(adults, rng, 0.8), rng, day),
        "unemployment_insurance": _unemployment(_part(adults, rng, 0.4), rng, day),
        "injury_insurance": _injury(_part(adults, rng, 0.3), rng, day),
        "job_seekers": _seekers(_part(adults, rng, 0.08), rng, day),
        "vacancies": _vacancies(people, rng, day),
        "subsidy_payments": _subsidies(holders, rng, day),
    }


def _part(people: People, rng: np.random.Generator, share: float) -> People:
    return people.take(np.flatnonzero(rng.random(len(people)) < share))


def person_no(people: People) -> np.ndarray:
    return numbered("R", people.number + 1, 12)


def _social_cards(
    people: People, rng: np.random.Generator, day: np.datetime64
) -> Records:
    count = len(people)
    issued = days_before(rng, day, count, 30, 3_000)
    return {
        "person_no": person_no(people),
        "identity_number": people.identity_number,
        "person_name": people.name,
        "sex_code": people.sex,
        "birth_date": days_text(people.birth),
        "card_no": numbered("D", people.number + 10_000_000, 8),
        "bank_card_no": cards(people.number + 1),
        "bank_code": picked(rng, ["102", "103", "105", "403"], count),
        "mobile": people.mobile,
        "address": people.address,
        "county_code": people.county,
        "issued_on": days_text(issued),
        "expires_on": days_text(issued + np.timedelta64(3_652, "D")),
        "card_status": picked(rng, ["1", "2", "3"], count, [0.96, 0.02, 0.02]),
    }


def _pension(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    basic, own = cents(rng, count, 1_500), cents(rng, count, 800)
    return {
        "record_no": numbered("PN", people.number + 1, 12),
        "person_no": person_no(people),
        "identity_number": people.identity_number,
        "insurance_type": picked(rng, ["110", "170"], count),
        "pay_base": money(cents(rng, count, 6_000)),
        "paid_months": rng.integers(0, 480, count).astype(str),
        "started_on": days_text(days_before(rng, day, count, 60, 9_000)),
        "benefit_status": picked(rng, ["0", "1", "2"], count),
        "monthly_benefit": money(basic + own),
        "basic_benefit": money(basic),
        "account_benefit": money(own),
        "county_code": people.county,
    }


def _unemployment(
    people: People, rng: np.random.Generator, day: np.datetime64
) -> Records:
    count = len(people)
    start = days_before(rng, day, count, 200, 900)
    return {
        "record_no": numbered("UN", people.number + 1, 12),
        "person_no": person_no(people),
        "employer_code": company_codes(people.household % 5_000),
        "paid_months": rng.integers(1, 240, count).astype(str),
        "benefit_status": picked(rng, ["0", "1", "2"], count, [0.9, 0.05, 0.05]),
        "monthly_benefit": money(cents(rng, count, 1_500)),
        "benefit_from": days_text(start),
        "benefit_to": days_text(start + np.timedelta64(180, "D")),
        "county_code": people.county,
    }


def _injury(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    injured = days_before(rng, day, count, 120, 2_000)
    medical, allowance = cents(rng, count, 9_000), cents(rng, count, 20_000)
    grades = ["00", *(f"{grade:02d}" for grade in range(1, 11))]
    return {
        "record_no": numbered("IN", people.number + 1, 12),
        "person_no": person_no(people),
        "employer_code": company_codes(people.household % 5_000),
        "injured_on": days_text(injured),
        "decided_on": days_text(injured + np.timedelta64(60, "D")),
        "disability_grade": picked(rng, grades, count),
        "medical_paid": money(medical),
        "allowance_paid": money(allowance),
        "total_paid": money(medical + allowance),
        "county_code": people.county,
    }


def _seekers(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    start = days_before(rng, day, count, 1, 170)
    return {
        "seeker_no": numbered("JS", people.number + 1, 12),
        "identity_number": people.identity_number,
        "person_name": people.name,
        "mobile": people.mobile,
        "education_code": picked(
            rng, ["10", "20", "30", "40", "60", "70", "80"], count
        ),
        "wanted_job": picked(rng, ["驾驶员", "会计", "护理员", "焊工", "厨师"], count),
        "expected_wage": (rng.integers(20, 90, count) * 100).astype(str),
        "registered_on": days_text(start),
        "valid_until": days_text(start + np.timedelta64(180, "D")),
        "county_code": people.county,
    }


def _vacancies(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    numbers = people.number[people.number % 50 == 0]
    count = len(numbers)
    start = days_before(rng, day, count, 1, 60)
    low = rng.integers(20, 60, count) * 100
    return {
        "vacancy_no": numbered("VA", numbers + 1, 12),
        "employer_code": company_codes(numbers % 5_000),
        "employer_name": np.array([f"绥化{n % 5_000}号企业有限公司" for n in numbers]),
        "job_title": picked(rng, ["驾驶员", "会计", "护理员", "焊工", "厨师"], count),
        "openings": rng.integers(1, 20, count).astype(str),
        "wage_from": low.astype(str),
        "wage_to": (low + rng.integers(0, 30, count) * 100).astype(str),
        "published_on": days_text(start),
        "closes_on": days_text(start + np.timedelta64(30, "D")),
        "county_code": picked(rng, list(CODES), count),
    }


def _subsidies(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    paid, deducted = cents(rng, count, 900), rng.integers(0, 50, count) * 100
    paid_on = days_before(rng, day, count, 5, 360)
    return {
        "payment_no": numbered("SP", people.number + 1, 13),
        "person_no": person_no(people),
        "bank_card_no": cards(people.number + 1),
        "subsidy_code": picked(rng, ["101", "102", "201", "202", "301"], count),
        "batch_month": np.array(
            [text[:7].replace("-", "") for text in days_text(paid_on)]
        ),
        "paid_on": days_text(paid_on),
        "standard_amount": money(paid + deducted),
        "deducted_amount": money(deducted),
        "paid_amount": money(paid),
        "county_code": people.county,
    }
