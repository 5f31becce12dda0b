"""Production starts only on a store that passed the check, and lately."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lake_config import store_verdict
from lake_config.calendar import CITY_TIME
from lake_config.errors import SettingsError, StoreUnfit
from lake_config.settings import Settings, load
from lake_config.store_verdict import require_verdict, sealed, write_verdict
from storage.check.findings import Finding, Outcome, Verdict, finding
from storage.check.registry import PROPERTIES
from storage.check.run import fit

STORE = "https://store.example:9000"
Change = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture
def production(settings: Settings) -> Settings:
    return replace(settings, store=STORE)


def environment(home: Path) -> dict[str, str]:
    return {
        "LAKE_HOME": str(home),
        "LAKE_PROFILE": "production",
        "LAKE_STORE": STORE,
        "LAKE_SHARING_URL": "https://share.example/delta-sharing",
        "LAKE_AIRFLOW_API": "https://airflow.example",
        "LAKE_SPARK": "spark://master.example:7077",
    }


def test_production_does_not_start_on_an_unchecked_store(production: Settings) -> None:
    given = environment(production.home)
    with pytest.raises(StoreUnfit, match="从未核验") as refused:
        load(given)
    assert refused.value.exit_code == 41
    assert load(given, unchecked_store=True).store == STORE


def test_production_starts_on_a_store_that_passed(production: Settings) -> None:
    write_verdict(production, sealed(production, True, 20, []))
    assert load(environment(production.home)).store == STORE


def test_production_keeps_the_duties_spark_servers_apart(production: Settings) -> None:
    """One server for all would be one account for all."""
    write_verdict(production, sealed(production, True, 20, []))
    given = environment(production.home)
    resident = {"LAKE_SPARK": "", "LAKE_SPARK_MASTER": "spark://master.example:7077"}
    assert load(given | resident).store == STORE
    with pytest.raises(SettingsError, match="server of its own"):
        load(given | {"LAKE_SPARK": "sc://localhost:1"})
    with pytest.raises(SettingsError, match="LAKE_SPARK_MASTER"):
        load(given | {"LAKE_SPARK": ""})


def test_the_small_profile_needs_no_verdict(production: Settings) -> None:
    given = environment(production.home) | {"LAKE_PROFILE": "small"}
    assert load(given).store == STORE


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda facts: facts | {"passed": True}, "改动过"),
        (lambda facts: facts | {"digest": "0" * 64}, "改动过"),
        (lambda facts: {}, "已损坏"),
    ],
)
def test_a_verdict_edited_by_hand_counts_for_nothing(
    production: Settings, change: Change, reason: str
) -> None:
    verdict = sealed(production, False, 20, [])
    write_verdict(production, change(verdict))
    with pytest.raises(StoreUnfit, match=reason):
        require_verdict(production)


def test_a_torn_file_counts_for_nothing(production: Settings) -> None:
    path = production.layers.store_verdict
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(sealed(production, True, 20, []))[:40])
    with pytest.raises(StoreUnfit, match="已损坏"):
        require_verdict(production)


@pytest.mark.parametrize(
    ("made_for", "reason"),
    [
        ({"store": "https://other.example"}, "另一个存储"),
        ({"store_encryption": "sse-s3"}, "LAKE_STORE_ENCRYPTION"),
    ],
)
def test_a_verdict_holds_for_what_was_checked(
    production: Settings, made_for: dict[str, str], reason: str
) -> None:
    write_verdict(production, sealed(replace(production, **made_for), True, 20, []))
    with pytest.raises(StoreUnfit, match=reason):
        require_verdict(production)


@pytest.mark.parametrize(("days", "good"), [(29, True), (31, False)])
def test_a_verdict_grows_old(
    production: Settings, days: int, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_verdict(production, sealed(production, True, 20, []))

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(CITY_TIME) + timedelta(days=days)

    monkeypatch.setattr(store_verdict, "datetime", Later)
    if good:
        require_verdict(production)
    else:
        with pytest.raises(StoreUnfit, match="LAKE_STORE_VERDICT_DAYS"):
            require_verdict(production)


def verdicts(**other: Outcome) -> list[Verdict]:
    return [
        Verdict(item, other.get(item.name, Outcome.PASSED), 1, 1, 0.0, "")
        for item in PROPERTIES
    ]


def test_a_store_is_fit_when_everything_was_tried_and_nothing_failed() -> None:
    assert fit(verdicts())
    assert fit(verdicts(sessions=Outcome.NOT_APPLICABLE))
    assert not fit(verdicts(rights=Outcome.FAILED))
    assert not fit(verdicts()[1:])


def test_a_finding_without_attempts_has_not_passed() -> None:
    assert finding([]).outcome == Outcome.FAILED
    assert finding([("a", True)]).outcome == Outcome.PASSED
    assert finding([("a", True), ("b", False)]) == Finding(2, 1, "b")
