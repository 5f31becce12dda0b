"""Who is behind a token: attacked by somebody who holds all but the keys (security.md D4).

A thousand people, masked for two recipients and two departments. The dictionary has
100,000 numbers, all the true ones among them; LAKE_TEST_GUESSES=10000000 tries as many and
keeps what was found in tests/results/.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from audit.ledger import open_ledger
from jobs.mask import mask_batch
from jobs.publish import publish
from lake_config.digests import sm3
from lake_config.settings import Settings, write_private
from privacy.keys import MASTER, key, key_id, prepared_mac
from privacy.mask_frame import mask
from privacy.scopes import Scope, first_keys, scope_in_force
from privacy.tokens import tokens as made
from quality.row_values import value
from sharing.people import enrol
from tests.lib.gated_batch import INVENTED, PEOPLE, gated, landed, new_lake, people
from tests.lib.kept_results import keep
from tests.lib.token_attacker import (
    by_place,
    candidate_keys,
    guesses,
    opening_keys,
    recovered,
    shared_rows,
    without_a_key,
)

ASKED = os.environ.get("LAKE_TEST_GUESSES", "")
GUESSES = int(ASKED or 100_000)
PERSONS = 1_000
CURATED = ("analysts", "statistics", "invented")
OTHERS = (("police", "statistics", "invented"), ("analysts", "statistics", "other"))
NAME = key_id(*CURATED, "identity_number")
CHANCE = 6
"""Right guesses by place that a thousand blind ones do not exceed: one is expected, more
than six come in one of 10,000 runs, and the keys here are always the same."""
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Held:
    """A lake, and the truth that nobody outside has."""

    settings: Settings
    rows: Rows
    environment: dict[str, str]

    @property
    def numbers(self) -> list[str]:
        return [row["identity_no"] for row in self.rows]

    def tokens(self, recipient: str, _: str, department: str) -> list[str]:
        rows = shared_rows(self.settings, recipient, department)
        return [row["identity_no"] for row in rows]

    def truth(self, *whose: str) -> dict[str, str]:
        """Token to number, from what tells rows apart: nobody else can do this."""
        rows = shared_rows(self.settings, whose[0], whose[2])
        return {row["identity_no"]: self.numbers[row["times"]] for row in rows}


@pytest.fixture
def held(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Held:
    """The same keys in every run, so that chance is not another one each time."""
    serial = count()
    monkeypatch.setattr(
        "privacy.keys.secrets.token_hex",
        lambda size: sm3(f"salt {next(serial)}".encode())[: 2 * size],
    )
    monkeypatch.setattr(
        "privacy.keys.secrets.token_bytes", lambda size: b"attacked".ljust(size, b".")
    )
    new_lake(settings, INVENTED)
    assert (settings.layers.keys / MASTER).exists()
    rows = people(PERSONS)
    job, before = gated(settings, INVENTED, "people", rows)
    publish(job, mask_batch(job, before))
    for whose in OTHERS:
        _share(settings, rows, whose)
    profile = enrol(settings, "王分析", 30)
    write_private(settings.home / "profile.json", str(profile))
    environment = {**os.environ, **{name: str(it) for name, it in profile.items()}}
    return Held(settings, rows, environment)


def _share(settings: Settings, rows: Rows, whose: tuple[str, str, str]) -> None:
    """As grants of other recipients and departments will be: masked, in the zone."""
    ledger = open_ledger(settings)
    first_keys(settings, ledger, *whose, "tests")
    scope = scope_in_force(settings, ledger, *whose)
    masked = mask(framed(rows), PEOPLE, scope, settings, value).collect()
    table = settings.layers.shared_table(whose[0], whose[2], "people")
    write_deltalake(str(table), masked.to_arrow())


def framed(rows: Rows) -> pl.LazyFrame:
    cells = {
        item.name: pa.array([row[item.name] for row in rows], landed(item.landed_type))
        for item in PEOPLE.columns
    }
    frame = pl.from_arrow(pa.table(cells))
    assert isinstance(frame, pl.DataFrame)
    return frame.lazy()


def test_a_dictionary(held: Held, seen: Callable[[str], None]) -> None:
    """0 of 1,000 without the key, all with it, and all where tokens have no key."""
    assert set(map(str.encode, held.numbers)) <= set(guesses(100_000))
    begun, ways = time.process_time(), without_a_key(NAME)
    unkeyed = made(
        pa.array(held.numbers), lambda it: bytes.fromhex(sm3(it)), "identity_number"
    )
    tables = {"shared": set(held.tokens(*CURATED)), "weak": set(unkeyed.to_pylist())}
    digests = {**ways, "key": prepared_mac(key(held.settings, NAME))}
    found = recovered(tables, digests, GUESSES)
    blind = max(found["shared", name] for name in ways)
    with_key, fallen = found["shared", "key"], found["weak", "sm3"]
    assert (blind, with_key, fallen) == (0, PERSONS, PERSONS)
    seen(
        f"D4: {GUESSES:,} guesses × {len(ways)} ways: {blind} of {PERSONS:,} tokens; "
        f"with the key {with_key:,}; unkeyed SM3 would lose {fallen:,}"
    )
    result = {
        "guesses": GUESSES,
        "ways": sorted(ways),
        "persons": PERSONS,
        "recovered": blind,
        "recovered_with_the_key": with_key,
        "unkeyed_sm3_would_have_lost": fallen,
        "cpu_seconds": round(time.process_time() - begun),
    }
    keep("token_attacks", result, ("guesses", "recovered"), bool(ASKED))


def test_no_word_they_hold_is_the_key(held: Held, seen: Callable[[str], None]) -> None:
    """They even know one person's number and token: nothing they hold makes it."""
    token, number = next(iter(held.truth(*CURATED).items()))
    candidates = candidate_keys(held.settings, held.environment)
    assert len(candidates) > 10_000
    secret = key(held.settings, NAME)
    assert opening_keys(candidates, NAME, number.encode(), token) == []
    with_key = candidates | {secret}
    assert opening_keys(with_key, NAME, number.encode(), token) == [secret]
    seen(f"D4: {len(candidates):,} words of what they hold tried as keys, none opens")


def test_recipients_and_departments_do_not_join(
    held: Held, seen: Callable[[str], None]
) -> None:
    mine = held.tokens(*CURATED)
    assert len(set(mine)) == PERSONS
    for other in OTHERS:
        theirs = held.tokens(*other)
        assert len(set(theirs)) == PERSONS and not set(mine) & set(theirs)
        parts = {token[at : at + 8] for token in theirs for at in range(0, 25, 8)}
        assert not parts & {
            token[at : at + 8] for token in mine for at in range(0, 25, 8)
        }
        one, two = held.truth(*CURATED), held.truth(*other)
        beside = sum(one[a] == two[b] for a, b in zip(mine, theirs, strict=True))
        assert beside <= CHANCE
        seen(
            f"D4: {'/'.join(CURATED)} with {'/'.join(other)}: 0 of {PERSONS:,} tokens in "
            f"common; row beside row {beside} right, chance gives 1"
        )


def test_columns_do_not_join_either(held: Held) -> None:
    """The same value as another kind of number is another token."""
    rows = [{**row, "card": row["identity_no"]} for row in held.rows[:50]]
    scope = Scope(*CURATED)
    shown = mask(framed(rows), PEOPLE, scope, held.settings, value).collect()
    assert not set(shown["card"]) & set(shown["identity_no"])


def test_order_says_nothing(held: Held, seen: Callable[[str], None]) -> None:
    """Even who knows exactly whose numbers they are cannot tell them by place."""
    truth, numbers = held.truth(*CURATED), held.numbers
    tokens = held.tokens(*CURATED)
    orders = {
        "as the rows lie": tokens,
        "backwards": tokens[::-1],
        "by token": sorted(tokens),
    }
    right = {
        f"{name}, people {how}": by_place(order, people_, truth)
        for name, order in orders.items()
        for how, people_ in (("as delivered", numbers), ("sorted", sorted(numbers)))
    }
    assert max(right.values()) <= CHANCE
    seen(f"D4: by place {max(right.values())} of {PERSONS:,} right, chance gives 1")


def _times(place: int) -> int:
    """Twenty people come oftener than all others, each a number of times of their own."""
    return 50 + place if place < 20 else 1 + place % 7


def test_frequencies(held: Held, seen: Callable[[str], None]) -> None:
    """Visits: who knows how often people of each age come recovers nobody; who knows from
    elsewhere how often each single person came does find those with a number of their
    own. No key can prevent that: it is what the measures of risk are for."""
    visits = [row for place, row in enumerate(held.rows) for _ in range(_times(place))]
    scope = Scope(*CURATED)
    shown = mask(framed(visits), PEOPLE, scope, held.settings, value).collect()
    counts = Counter(shown["identity_no"])
    truth = held.truth(*CURATED)
    by_count = [
        token for token, _ in sorted(counts.items(), key=lambda it: (-it[1], it[0]))
    ]
    by_age = sorted(guesses(100_000), key=lambda it: (it[6:14], it))
    dictionary = [guess.decode() for guess in by_age[:: 100_000 // PERSONS]]
    assert by_place(by_count, dictionary, truth) == 0
    known = Counter(row["identity_no"] for row in visits)
    own = {times for times, people_ in Counter(known.values()).items() if people_ == 1}
    assert len(own) == 20
    seen(
        f"D4: by frequency 0 of {PERSONS:,}; who knows each person's exact number of "
        f"visits finds {len(own)} (risk, not keys)"
    )
