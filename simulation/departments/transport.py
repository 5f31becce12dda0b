"""交通: coach tickets, ETC passages, certificates of vehicles and drivers."""

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
from simulation.people import COUNTIES, People

STATIONS = [f"{name}客运站" for name in COUNTIES.values()]
GATES = [f"{name}收费站" for name in COUNTIES.values()]


def records(
    people: People, rng: np.random.Generator, day: np.datetime64, chunk: int
) -> dict[str, Records]:
    drivers = people.take(
        np.flatnonzero((people.role == 0) & (people.household % 7 == 0))
    )
    return {
        "coach_tickets": _tickets(people, rng, day),
        "etc_passages": _passages(people, rng, day),
        "vehicle_certificates": _vehicles(drivers, rng, day),
        "driver_certificates": _drivers(drivers, rng, day),
    }


def _times(
    rng: np.random.Generator, day: np.datetime64, count: int, minutes: int
) -> tuple[np.ndarray, np.ndarray]:
    days = days_before(rng, day, count, 1, 30).astype("datetime64[s]")
    start = days + rng.integers(5 * 3600, 21 * 3600, count).astype("timedelta64[s]")
    length = rng.integers(20, minutes, count) * 60
    return moments_text(start), moments_text(start + length.astype("timedelta64[s]"))


def _tickets(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    riders = people.take(np.flatnonzero(rng.random(len(people)) < 0.7))
    count = len(riders)
    departs, arrives = _times(rng, day, count, 240)
    fare, fee = cents(rng, count, 120), rng.integers(0, 3, count) * 100
    return {
        "ticket_no": numbered("T", riders.number + 1, 14),
        "identity_number": riders.identity_number,
        "passenger_name": riders.name,
        "mobile": some(rng, riders.mobile, 0.9),
        "from_station": picked(rng, STATIONS, count),
        "to_station": picked(rng, STATIONS, count),
        "departs_at": departs,
        "arrives_at": arrives,
        "fare": money(fare),
        "insurance_fee": money(fee),
        "total_price": money(fare + fee),
        "ticket_status": picked(rng, ["1", "2", "3"], count),
    }


def _passages(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    owners = people.number[(people.role == 0)]
    vehicles = np.repeat(owners, 6)
    count = len(vehicles)
    entered, left = _times(rng, day, count, 180)
    paid, discount = cents(rng, count, 90), rng.integers(0, 5, count) * 100
    return {
        "passage_no": numbered(
            "E", vehicles * 10 + np.tile(np.arange(6), len(owners)), 15
        ),
        "plate": plates(vehicles + 1),
        "vehicle_class": picked(rng, ["01", "02", "03", "04", "11", "12", "13"], count),
        "entry_station": picked(rng, GATES, count),
        "exit_station": picked(rng, GATES, count),
        "entered_at": entered,
        "left_at": left,
        "toll_amount": money(paid + discount),
        "discount": money(discount),
        "paid_amount": money(paid),
    }


def _vehicles(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    issued = days_before(rng, day, count, 30, 1_000)
    return {
        "certificate_no": numbered("2312", people.number + 1, 8),
        "plate": plates(people.number + 1),
        "vin": vins(people.number + 1),
        "owner_name": people.name,
        "business_scope": picked(rng, ["110", "120", "210", "220", "310"], count),
        "seats": rng.integers(2, 55, count).astype(str),
        "issued_on": days_text(issued),
        "expires_on": days_text(issued + np.timedelta64(1_460, "D")),
        "county_code": people.county,
    }


def _drivers(people: People, rng: np.random.Generator, day: np.datetime64) -> Records:
    count = len(people)
    issued = days_before(rng, day, count, 30, 1_500)
    return {
        "certificate_no": numbered("2312", people.number + 1, 10),
        "identity_number": people.identity_number,
        "person_name": people.name,
        "mobile": some(rng, people.mobile, 0.9),
        "category_code": picked(rng, ["01", "02", "03", "04"], count),
        "issued_on": days_text(issued),
        "expires_on": days_text(issued + np.timedelta64(2_190, "D")),
        "credit_grade": picked(rng, ["AAA", "AA", "A", "B"], count),
        "county_code": people.county,
    }
