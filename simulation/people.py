"""Households and people of an invented Suihua, one chunk at a time.

A chunk depends on (seed, chunk number) alone, so that millions of people need the memory
of one chunk and the same seed gives the same people. Identity numbers are unique by
construction: a person's number is a permutation of the person's place in the city.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import gcd

import numpy as np

from lake_config.townships import townships

COUNTIES = {
    "231202": "北林区",
    "231221": "望奎县",
    "231222": "兰西县",
    "231223": "青冈县",
    "231224": "庆安县",
    "231225": "明水县",
    "231226": "绥棱县",
    "231281": "安达市",
    "231282": "肇东市",
    "231283": "海伦市",
}
CODES = np.array(list(COUNTIES))
SHARES = np.array([0.16, 0.09, 0.09, 0.09, 0.08, 0.07, 0.06, 0.09, 0.16, 0.11])
HOUSEHOLDS_PER_CHUNK = 4_000
PERSONS_PER_HOUSEHOLD = 3
ADULT_DAYS = np.datetime64("1940-01-01"), 23_376
CHILD_DAYS = np.datetime64("2004-01-01"), 8_200
ADULT_SLOTS, CHILD_SLOTS = 200, 499
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"

SURNAMES = list(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
)
GIVEN = list(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红云峰鑫宇浩然子涵雨梓晨欣怡"
    "佳思嘉俊凯文博志建国春梅淑珍福生德海山林波"
)
MINORITY = ["爱新觉罗·", "乌日娜·", "巴特尔·", "敖登格日勒·", "萨仁图雅·"]
ETHNICITIES = np.array(["01", "11", "10", "15", "03", "23", "31"])
ETHNICITY_SHARES = np.array([0.95, 0.02, 0.01, 0.01, 0.005, 0.003, 0.002])


@dataclass(frozen=True, slots=True)
class People:
    """One chunk; all arrays have one entry per person, in household order."""

    number: np.ndarray
    household: np.ndarray
    role: np.ndarray
    county: np.ndarray
    identity_number: np.ndarray
    name: np.ndarray
    sex: np.ndarray
    birth: np.ndarray
    ethnicity: np.ndarray
    mobile: np.ndarray
    address: np.ndarray

    def __len__(self) -> int:
        return len(self.number)

    def take(self, places: np.ndarray) -> People:
        values = (getattr(self, name)[places] for name in self.__slots__)
        return People(*values)


def chunks_of(persons: int) -> int:
    """How many chunks a city of this size has."""
    households = -(-persons // PERSONS_PER_HOUSEHOLD)
    return -(-households // HOUSEHOLDS_PER_CHUNK)


def people_of(seed: int, chunk: int, persons: int) -> People:
    """The people of one chunk of a city of `persons`."""
    rng = np.random.default_rng([seed, chunk, 1])
    first = chunk * HOUSEHOLDS_PER_CHUNK * PERSONS_PER_HOUSEHOLD
    last = min(persons, first + HOUSEHOLDS_PER_CHUNK * PERSONS_PER_HOUSEHOLD)
    number = np.arange(first, last)
    household = number // PERSONS_PER_HOUSEHOLD
    role = number % PERSONS_PER_HOUSEHOLD
    inside = household - household[0]
    homes = int(inside[-1]) + 1
    county = rng.choice(len(CODES), size=homes, p=SHARES)[inside]
    sex = np.where(
        role == 0, 1, np.where(role == 1, 2, rng.integers(1, 3, len(number)))
    )
    days, slots = _birth(seed, number, role)
    birth = np.where(role < 2, ADULT_DAYS[0], CHILD_DAYS[0]) + days
    return People(
        number=number,
        household=household,
        role=role,
        county=CODES[county],
        identity_number=_identity_numbers(CODES[county], birth, 2 * slots + (sex == 1)),
        name=_names(rng, inside, homes),
        sex=sex.astype(str),
        birth=birth,
        ethnicity=rng.choice(ETHNICITIES, size=homes, p=ETHNICITY_SHARES)[inside],
        mobile=_mobiles(seed, number),
        address=_addresses(rng, county, inside, homes),
    )


def _birth(
    seed: int, number: np.ndarray, role: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Day offset and slot; no two people share county, day and slot."""
    adult = _scattered(number, ADULT_DAYS[1] * ADULT_SLOTS, seed)
    child = _scattered(number, CHILD_DAYS[1] * CHILD_SLOTS, seed)
    days = np.where(role < 2, adult // ADULT_SLOTS, child // CHILD_SLOTS)
    return days, np.where(role < 2, adult % ADULT_SLOTS, child % CHILD_SLOTS)


def _scattered(number: np.ndarray, size: int, seed: int) -> np.ndarray:
    """A permutation of 0..size-1, different for each seed."""
    factor = 1_000_003 + 2 * (seed % 100_000)
    while gcd(factor, size) != 1:
        factor += 2
    return (number * factor + seed * 7_919) % size


def _identity_numbers(
    county: np.ndarray, birth: np.ndarray, order: np.ndarray
) -> np.ndarray:
    """18 digits with the check digit of GB 11643."""
    found = []
    days = np.datetime_as_string(birth, unit="D")
    for code, day, place in zip(county, days, order, strict=True):
        body = f"{code}{day.replace('-', '')}{place:03d}"
        found.append(body + check_digit(body))
    return np.array(found)


def check_digit(body: str) -> str:
    return CHECK[sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True)) % 11]


def _names(rng: np.random.Generator, inside: np.ndarray, homes: int) -> np.ndarray:
    """Children carry the surname of the head; a few households have minority names."""
    surname = np.array(SURNAMES)[rng.integers(0, len(SURNAMES), homes)]
    minority = rng.random(homes) < 0.01
    surname = np.where(minority, np.array(MINORITY)[rng.integers(0, 5, homes)], surname)
    given = np.array(GIVEN)
    first = given[rng.integers(0, len(given), len(inside))]
    second = given[rng.integers(0, len(given), len(inside))]
    second = np.where(rng.random(len(inside)) < 0.2, "", second)
    return np.char.add(np.char.add(surname[inside], first), second)


def _mobiles(seed: int, number: np.ndarray) -> np.ndarray:
    """Unique 11-digit numbers under a few operators' prefixes."""
    tail = _scattered(number, 100_000_000, seed)
    prefix = np.array(["138", "139", "150", "158", "186", "177"])[number % 6]
    return np.array([f"{a}{b:08d}" for a, b in zip(prefix, tail, strict=True)])


def _addresses(
    rng: np.random.Generator, county: np.ndarray, inside: np.ndarray, homes: int
) -> np.ndarray:
    places = townships()
    number = rng.integers(1, 999, homes)
    town = rng.integers(0, 1 << 30, homes)
    codes = list(COUNTIES)
    texts = {}
    for home in range(homes):
        person = int(np.searchsorted(inside, home))
        code = codes[county[person]]
        towns = places[code]
        name = towns[int(town[home]) % len(towns)]
        texts[home] = f"黑龙江省绥化市{COUNTIES[code]}{name}{number[home]}号"
    return np.array([texts[int(home)] for home in inside])


def birth_dates(people: People) -> list[date]:
    """Birth dates as Python dates."""
    return [day.astype(object) for day in people.birth]
