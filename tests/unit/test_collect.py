"""Collect without Spark: lapsed authorisations, and what is read back from a commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs import collect
from jobs.context import Job
from jobs.control_totals import Totals, depth
from jobs.delta_files import rows_added
from lake_config.errors import SourceAuthorisationLapsed
from lake_config.settings import Settings
from tests.lib.gated_batch import INVENTED, PEOPLE

EXPIRES = date(2026, 6, 30)
RETURNED = replace(INVENTED, authorisation_expires=EXPIRES.isoformat())


def check(settings: Settings, day: date) -> None:
    collect._check_authorisation(Job(settings, RETURNED, PEOPLE, day))


@pytest.mark.parametrize("asked", [EXPIRES, EXPIRES - timedelta(days=300)])
def test_an_old_delivery_date_does_not_revive_an_authorisation(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, asked: date
) -> None:
    monkeypatch.setattr(collect, "city_today", lambda: EXPIRES + timedelta(days=1))
    with pytest.raises(SourceAuthorisationLapsed):
        check(settings, asked)


def test_an_authorisation_holds_through_its_last_day(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collect, "city_today", lambda: EXPIRES)
    check(settings, EXPIRES)
    with pytest.raises(SourceAuthorisationLapsed):
        check(settings, EXPIRES + timedelta(days=1))


def test_rows_and_undecodable_rows_are_read_back_from_the_commit(
    tmp_path: Path,
) -> None:
    broken = [
        [],
        ["decodable.name", "decodable.home"],
        ["parse.born"],
        ["parse.born", "decodable.name"],
        [],
    ]
    column = pa.array(broken, pa.list_(pa.string()))
    write_deltalake(str(tmp_path), pa.table({"_violations": column}))
    assert rows_added(tmp_path, 0) == 5
    assert collect._undecodable(tmp_path) == 2


def test_an_attempt_of_clean_rows_has_no_undecodable_ones(tmp_path: Path) -> None:
    column = pa.array([[], []], pa.list_(pa.string()))
    write_deltalake(str(tmp_path), pa.table({"_violations": column}))
    assert collect._undecodable(tmp_path) == 0


def test_the_receipt_says_what_was_compared() -> None:
    deep = replace(PEOPLE, control_depth="columns")
    assert depth(deep, Totals(3, {})) == "rows"
    assert depth(deep, Totals(3, {"row_sum": 1, "name": 2})) == "columns"
