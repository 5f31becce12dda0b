"""Canaries: people of the city whom nobody could mistake, and whom the leak scan knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT, Settings
from privacy.canaries import canaries, enrol_canaries
from privacy.known_values import hits
from privacy.names.writing import bare
from simulation.canaries import KINDS, MOST, canary_values, with_canaries
from simulation.city import rows_of, simulate
from simulation.people import people_of
from tests.lib.small_lake import DAY, quiet

CITY, SOME = 600, 60


def test_they_are_the_same_people_with_names_of_their_own() -> None:
    city = people_of(3, 0, CITY)
    made = with_canaries(city, SOME)
    assert all(
        np.array_equal(getattr(city, name)[SOME:], getattr(made, name)[SOME:])
        for name in city.__slots__
    )
    for name in ("name", "mobile", "address"):
        others = set(getattr(city, name).tolist())
        own = getattr(made, name)[:SOME].tolist()
        assert len(set(own)) == SOME and not set(own) & others
        # No two are one when separators and ways of writing are taken away.
        assert len({bare(text).text for text in own}) == SOME
    assert np.array_equal(city.identity_number, made.identity_number)
    assert with_canaries(city, 0) is city


def test_there_are_only_so_many() -> None:
    with pytest.raises(ValueError, match="names"):
        with_canaries(people_of(3, 0, 3), MOST + 1)


def test_the_lake_knows_them_from_then_on(settings: Settings) -> None:
    assert list(canaries(settings)) == []
    contracts = load_contracts(ROOT / "lake_config" / "contracts")
    simulate(settings.layers, contracts, CITY, 3, DAY, quiet, canaries=SOME)
    values = list(canary_values(settings.layers, SOME))
    assert enrol_canaries(settings, values) == 4 * SOME
    (known,) = canaries(settings)
    rows = rows_of(settings.layers, "public_security", "residents", DAY)
    residents = pl.concat(rows)
    for kind, column in {"person_name": "person_name", "address": "address"}.items():
        cells = residents[column].drop_nulls()
        found = {
            hit.cell for hit in hits("甲" + cells + "乙", known) if hit.kind == kind
        }
        mine = set(dict(values)[kind].to_list())
        assert found == {place for place, cell in enumerate(cells) if cell in mine}
        assert found
    assert set(dict(values)) == set(KINDS)


def test_neither_values_nor_names_are_kept(settings: Settings, tmp_path: Path) -> None:
    enrol_canaries(settings, [("person_name", pl.Series(["禤龘龘龘"]))])
    for path in (settings.layers.canaries, settings.layers.canary_key):
        assert "禤" not in path.read_text("utf-8")
        assert not path.stat().st_mode & 0o077
