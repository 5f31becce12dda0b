"""公安: residents, vehicles, driving licences, incidents with a narrative."""

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
    plates,
    some,
    vins,
)
from simulation.people import People

RELATIONS = np.array(["01", "02", "10"])


def records(
    people: People, rng: np.random.Generator, day: np.datetime64, chunk: int
) -> dict[str, Records]:
    heads = people.take(np.flatnonzero(people.role == 0))
    adults = people.take(np.flatnonzero(people.role < 2))
    drivers = adults.take(np.flatnonzero(rng.random(len(adults)) < 0.5))
    callers = people.take(np.flatnonzero(people.number % 20 == 3))
    return {
        "residents": _residents(people, rng),
        "vehicles": _vehicles(heads, rng, day),
        "driving_licences": _licences(drivers, rng, day),
        "incidents": _incidents(callers, rng, day),
    }


def resident_no(people: People) -> np.ndarray:
    return numbered("K", people.number + 1, 12)


def _residents(people: People, rng: np.random.Generator) -> Records:
    registered = people.birth + rng.integers(1, 60, len(people)).astype(
        "timedelta64[D]"
    )
    return {
        "resident_no": resident_no(people),
        "identity_number": people.identity_number,
        "person_name": people.name,
        "sex_code": people.sex,
        "ethnicity_code": people.ethnicity,
        "birth_date": days_text(people.birth),
        "address": people.address,
        "county_code": people.county,
        "household_no": numbered("N", people.household + 1, 10),
        "relation_code": RELATIONS[people.role],
        "marital_code": np.where(people.role < 2, "20", "10"),
        "registered_on": days_text(registered),
    }


def _vehicles(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    start = days_before(rng, day, count, 30, 1_400)
    return {
        "vehicle_no": numbered("V", people.number + 1, 13),
        "plate": plates(people.number + 1),
        "vin": vins(people.number + 1),
        "owner_no": resident_no(people),
        "owner_identity_number": people.identity_number,
        "vehicle_type": picked(rng, ["K33", "K31", "H31", "M21"], count),
        "energy_code": picked(rng, ["A", "B", "C", "D"], count),
        "registered_on": days_text(start),
        "inspection_due_on": days_text(start + np.timedelta64(730, "D")),
        "county_code": people.county,
    }


def _licences(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    start = days_before(rng, day, count, 30, 2_000)
    return {
        "licence_file_no": numbered("2312", people.number + 1, 8),
        "resident_no": resident_no(people),
        "identity_number": people.identity_number,
        "licence_class": picked(
            rng, ["A1", "A2", "B1", "B2", "C1", "C2", "D", "E"], count
        ),
        "points": rng.integers(0, 12, count).astype(str),
        "first_issued_on": days_text(start),
        "expires_on": days_text(start + np.timedelta64(2_190, "D")),
        "licence_status": picked(
            rng, ["A", "B", "E", "G"], count, [0.96, 0.02, 0.01, 0.01]
        ),
        "county_code": people.county,
    }


def _incidents(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    days = days_before(rng, day, count, 3, 60).astype("datetime64[s]")
    start = days + rng.integers(0, 86_400, count).astype("timedelta64[s]")
    end = start + rng.integers(600, 100_000, count).astype("timedelta64[s]")
    narrative = [
        f"报警人{name}（身份证{number}，电话{mobile}）称在{address}附近发生纠纷，民警到场调解。"
        for name, number, mobile, address in zip(
            people.name,
            people.identity_number,
            people.mobile,
            people.address,
            strict=True,
        )
    ]
    return {
        "incident_no": numbered("J", people.number + 1, 16),
        "reporter_name": people.name,
        "reporter_mobile": people.mobile,
        "incident_type": picked(rng, ["01", "02", "03", "04", "05", "09"], count),
        "address": people.address,
        "county_code": people.county,
        "reported_at": moments_text(start),
        "closed_at": some(rng, moments_text(end), 0.9),
        "loss_amount": some(rng, money(cents(rng, count, 2_000)), 0.4),
        "narrative": np.array(narrative),
    }
