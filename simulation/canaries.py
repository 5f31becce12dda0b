"""Canaries: invented people whose names, addresses and mobiles nobody else has.

Such a value can be told anywhere in a text, so that wherever one turns up outside raw there
is a way out of it. Identity numbers are those of the city, which are unique anyhow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import polars as pl

from lake_config.layers import Layers
from simulation.people import COUNTIES, People

SURNAME = "禤"
RARE = "龘靐爩麤虋厵爨羴犇骉飍嘂掱淼焱垚毳孖孨尛瞐皛"
"""Characters that are written in one way only; 22 of them are enough for 10,648 names."""

MOST = len(RARE) ** 3
MOBILE = "1990455"
STREET = "金丝雀路"
KINDS = {
    "identity_number": "identity_number",
    "person_name": "name",
    "mobile": "mobile",
    "address": "address",
}
"""Semantic type to the truth's column."""

NAME_FORM = f"{SURNAME}[{RARE}]{{3}}"


def with_canaries(people: People, canaries: int) -> People:
    """The same people; the first `canaries` of the whole city made recognisable."""
    if not canaries:
        return people
    if canaries > MOST:
        raise ValueError(f"at most {MOST} canaries have names of their own")
    numbers = people.number
    chosen = numbers < canaries
    return replace(
        people,
        name=np.where(chosen, [_name(number) for number in numbers], people.name),
        mobile=np.where(chosen, [_mobile(number) for number in numbers], people.mobile),
        address=np.where(
            chosen,
            [
                f"黑龙江省绥化市{COUNTIES[code]}{STREET}{number:05d}号"
                for code, number in zip(people.county, numbers, strict=True)
            ],
            people.address,
        ),
    )


def canary_values(layers: Layers, canaries: int) -> Iterator[tuple[str, pl.Series]]:
    """(semantic type, values) of the first people of the truth, for who looks for them."""
    people = pl.read_parquet(layers.truth / "people.parquet").head(canaries)
    for kind, column in KINDS.items():
        yield kind, people[column].unique()


def _name(number: int) -> str:
    size = len(RARE)
    return SURNAME + "".join(RARE[number // size**place % size] for place in range(3))


def _mobile(number: int) -> str:
    """Unlike those of the city, whose prefixes are others."""
    return f"{MOBILE[: 11 - max(4, len(str(number)))]}{number:04d}"
