"""Options that need a key: numbers of the same form, days moved per person."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as some

from jobs.risk_gate import looked_at
from lake_config.contract import SEMANTIC_TYPES, Table
from lake_config.errors import UsageError
from lake_config.settings import Settings
from privacy.check_digits import passes_luhn
from privacy.date_shift import KEY_CLASS
from privacy.leak_patterns import classes_in
from privacy.mask_frame import mask, told_openly
from privacy.option_column import option_column, option_keys
from privacy.options import OPTIONS, option_of
from privacy.policy import PURPOSES, STATISTICS, treatment
from privacy.risk.decide import decide
from privacy.risk.ladder import parts_of
from privacy.scopes import Scope, scope_in_force
from privacy.strength import weaker
from quality.row_values import value
from tests.lib import plain_options
from tests.lib.keyed_lake import with_keys
from tests.lib.plain_masker import secret
from tests.lib.quality_cases import column, table
from tests.lib.visits import CLINIC, visits
from tests.lib.written_cells import PEOPLE, written_cells

SCOPE = Scope("analysts", STATISTICS, "invented")
VISITS = table(
    "visits",
    [
        column("who", semantic_type="identity_number"),
        column("mobile", semantic_type="mobile"),
        column("card", semantic_type="bank_card"),
        column("seen", "date", semantic_type="event_date"),
        column("seen_at", "timestamp", semantic_type="event_time"),
    ],
)


@pytest.fixture(scope="module")
def cells() -> list[str | None]:
    return written_cells()


@pytest.fixture
def keyed(settings: Settings) -> Settings:
    others = [("police", STATISTICS, "invented"), ("analysts", "research", "invented")]
    with_keys(settings, ("analysts", STATISTICS, "invented"), *others)
    return settings


def under(
    name: str,
    option: str,
    scope: Scope,
    settings: Settings,
    rows: list[dict[str, Any]],
    where: Table = VISITS,
) -> list[Any]:
    facts = (where.column(name), option, scope, settings, value, where)
    types = dict.fromkeys((item.name for item in where.columns), pl.String())
    frame = pl.LazyFrame(rows, types)
    return frame.select(option_column(*facts).alias("c")).collect()["c"].to_list()


def secret_of(settings: Settings, name: str, option: str, scope: Scope) -> bytes:
    [key] = option_keys(VISITS.column(name), option, scope)
    return secret(settings, key)


@pytest.mark.parametrize(
    ("name", "kind"), [("mobile", "mobile"), ("card", "bank_card")]
)
def test_numbers_of_the_same_form_are_those_of_the_plain_one(
    keyed: Settings, name: str, kind: str, cells: list[str | None]
) -> None:
    found = under(name, "format", SCOPE, keyed, [{name: cell} for cell in cells])
    key = secret_of(keyed, name, "format", SCOPE)
    assert found == [plain_options.same_form(kind, cell, key) for cell in cells]
    pairs = {
        (plain_options.bare(cell)[-11 if kind == "mobile" else 0 :], other)
        for cell, other in zip(cells, found, strict=True)
        if cell is not None and other is not None
    }
    assert len(pairs) > 5
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs})
    assert all(one != other for one, other in pairs)


def test_a_card_of_the_same_form_is_nobody_s_and_no_leak(keyed: Settings) -> None:
    cards = [f"62220212345678{number:04d}" for number in range(1_000)]
    rows = [{"card": card} for card in cards if passes_luhn(card)]
    found = under("card", "format", SCOPE, keyed, rows)
    assert len(found) == 100
    for cell in found:
        assert len(cell) == 18 and not passes_luhn(cell)
        assert "bank_card" not in classes_in(cell)


def test_the_other_algorithm_has_its_own_cipher_and_other_numbers(
    settings: Settings, keyed: Settings, tmp_path: Path
) -> None:
    abroad = replace(settings, home=tmp_path / "abroad", cryptography="international")
    ledger = with_keys(abroad, ("analysts", STATISTICS, "invented"))
    scope = scope_in_force(abroad, ledger, "analysts", STATISTICS, "invented")
    rows = [{"mobile": f"139455512{number:02d}"} for number in range(50)]
    found = under("mobile", "format", scope, abroad, rows)
    assert ";a=sha256;" in option_keys(VISITS.column("mobile"), "format", scope)[0]
    assert len(set(found)) == 50
    assert not set(found) & set(under("mobile", "format", SCOPE, keyed, rows))
    assert all(re.fullmatch("1[3-9][0-9]{9}", cell) for cell in found)


def test_another_recipient_and_no_linkage_group_has_the_same_numbers(
    keyed: Settings,
) -> None:
    rows = [{"mobile": "13945551234"}]
    scopes = [
        SCOPE,
        replace(SCOPE, recipient="police"),
        replace(SCOPE, purpose="research"),
    ]
    assert len({under("mobile", "format", one, keyed, rows)[0] for one in scopes}) == 3
    keys = {option_keys(VISITS.column("mobile"), "format", one) for one in scopes}
    assert len(keys) == 3
    assert SCOPE.key_name("mobile") not in {key for names in keys for key in names}


DAYS = some.dates(date(1, 1, 1), date(9999, 12, 31))
WHO = some.sampled_from(
    [None, "", "231202199002281239", "231202 19900228 1239", "231202900228123", "不详"]
) | some.text(max_size=6)


@trials(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(some.lists(some.tuples(WHO, some.none() | DAYS), min_size=1, max_size=8))
def test_days_are_moved_as_the_plain_one_does(
    keyed: Settings, pairs: list[tuple[str | None, date | None]]
) -> None:
    rows = [
        {"who": who, "seen": None if day is None else str(day)} for who, day in pairs
    ]
    key = secret_of(keyed, "seen", "shift", SCOPE)
    assert under("seen", "shift", SCOPE, keyed, rows) == [
        plain_options.shifted(day, "identity_number", who, key) for who, day in pairs
    ]


def test_distances_stay_and_recipients_cannot_lay_their_days_side_by_side(
    keyed: Settings,
) -> None:
    start, people = date(2026, 1, 5), [str(one) for one in PEOPLE.identity_number[:120]]
    rows: list[dict[str, Any]] = [
        {"who": who, "seen": str(day), "seen_at": f"{day} 12:30:00"}
        for who in people
        for day in (start, start + timedelta(days=41))
    ]
    moved = {}
    for scope in (SCOPE, replace(SCOPE, recipient="police")):
        found = under("seen", "shift", scope, keyed, rows)
        assert found == under("seen_at", "shift", scope, keyed, rows)
        assert {b - a for a, b in zip(found[::2], found[1::2], strict=True)} == {
            timedelta(days=41)
        }
        moved[scope.recipient] = [(day - start).days for day in found[::2]]
    for days in moved.values():
        assert -180 <= min(days) < -90 and 90 < max(days) <= 180
        assert len(set(days)) > 80
    same = sum(a == b for a, b in zip(*moved.values(), strict=True))
    assert same < 10


def test_where_nobody_is_named_no_day_is_told(keyed: Settings) -> None:
    rows: list[dict[str, Any]] = [
        {"who": None, "seen": "2026-01-05"},
        {"who": " - ", "seen": "2026-01-05"},
    ]
    assert under("seen", "shift", SCOPE, keyed, rows) == [None, None]
    alone = table("alone", [VISITS.column("seen")])
    assert under("seen", "shift", SCOPE, keyed, [{"seen": "2026-01-05"}], alone) == [
        None
    ]


def test_nothing_is_told_under_an_option_that_its_type_does_not_have(
    settings: Settings,
) -> None:
    """Every type with every option's name: those of the dict, and no other."""
    names = {name for there in OPTIONS.values() for name in there} | {"keep", ""}
    refused = 0
    for kind in SEMANTIC_TYPES:
        there = OPTIONS.get(kind, {})
        one = column("c", "date", semantic_type=kind)
        facts = (SCOPE, settings, value, table("t", [one]))
        for name in sorted(names - set(there)):
            with pytest.raises(UsageError):
                option_column(one, name, *facts)
            with pytest.raises(UsageError):
                option_keys(one, name, SCOPE)
            refused += 1
        for name, way in there.items():
            assert option_of(kind, name) == way and way.published
            if way.kind == "masked_text":
                with pytest.raises(UsageError, match="逐格"):
                    option_column(one, name, *facts)
            else:
                assert isinstance(option_column(one, name, *facts), pl.Expr)
    assert refused > 300


def test_options_are_for_types_there_are_and_say_nothing_in_the_clear() -> None:
    assert set(OPTIONS) <= set(SEMANTIC_TYPES)
    for kind, there in OPTIONS.items():
        for way in there.values():
            assert way.kind != "keep"
            assert any(
                weaker(str(way), str(treatment(kind, use))) for use in PURPOSES
            ) or (kind == "amount")


def test_keys_are_named_without_any_being_loaded(settings: Settings) -> None:
    """Recording a use comes before the use."""
    assert option_keys(VISITS.column("seen"), "day", SCOPE) == ()
    assert option_keys(VISITS.column("seen"), "shift", SCOPE) == (
        SCOPE.key_name(KEY_CLASS),
    )


def test_tokens_that_change_by_month_do_so_by_the_month_that_is_told(
    keyed: Settings,
) -> None:
    """Else a token in two told months says where the true month ends, and how far its
    person's days were moved."""
    columns = [
        replace(it, option="shift") if it.name == "seen_on" else it
        for it in CLINIC.tables[0].columns
    ]
    clinic = replace(CLINIC.tables[0], columns=tuple(columns))
    chance = random.Random(5)
    alike = {"born": "1950-01-01", "county": "231202", "sex": "1"}
    rows = pl.LazyFrame(
        {
            **row,
            **alike,
            "seen_on": f"{date(2025, 1, 1) + timedelta(chance.randrange(365))}",
        }
        for row in visits(300, each=5)
    )
    facts = (clinic, SCOPE, keyed, value)
    parts = parts_of(clinic, STATISTICS)
    looked = looked_at([rows], parts, lambda item: told_openly(item, *facts))
    decision = decide(looked, parts, 5, STATISTICS)
    assert (decision.levels["seen_on"], decision.tokens) == ("month", "month")
    found = mask(rows, *facts, decision).collect()
    months = found.group_by("identity_no").agg(pl.col("seen_on").n_unique())
    assert len(months) > 300 and set(months["seen_on"]) == {1}
