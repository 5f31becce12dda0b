"""What changes may be laid over: the newest batch that still counts, and all it is made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from audit.ledger import init_ledger
from audit.receipts import Receipt
from jobs import table_state
from jobs.context import Job
from jobs.redeliver import accept_redelivery
from jobs.table_state import state_before
from lake_config.settings import Settings
from privacy.keys import init_keys
from tests.lib.gated_batch import DAY, INVENTED, PEOPLE

FACTS = dict.fromkeys(("source_rows", "collected_rows"), 1) | dict.fromkeys(
    ("control", "server", "digests"), ""
)


def lake(settings: Settings) -> Settings:
    init_keys(settings)
    init_ledger(settings)
    return settings


def job(settings: Settings, number: int) -> Job:
    return Job(settings, INVENTED, PEOPLE, DAY + timedelta(days=number - 1))


def landed(
    settings: Settings, number: int, attempt: str, on: str = "", ok: bool = True
) -> None:
    """A batch whose state is that of the attempt `on` of the day before, changed."""
    about = job(settings, number)
    base = {"date": (about.date - timedelta(days=1)).isoformat(), "attempt": on}
    load: dict[str, Any] = {"base": base, "unchecked": number} if on else {}
    about.record("collected", attempt, True, load=load, **FACTS)
    about.record("reconciled", attempt, ok, rows=1, checks=[])
    facts = (INVENTED.department, PEOPLE.name, about.date, attempt)
    folder = about.layers.raw_attempt(*facts)
    folder.mkdir(parents=True)
    (folder / "part-0.parquet").touch()


def found(settings: Settings, number: int) -> tuple[date, str] | None:
    state = state_before(job(settings, number))
    return (state.day, state.body["attempt"]) if state else None


def test_the_newest_reconciled_batch_before_counts(settings: Settings) -> None:
    lake(settings)
    assert found(settings, 2) is None
    landed(settings, 1, "a")
    landed(settings, 2, "b", on="a")
    landed(settings, 3, "c", on="b", ok=False)
    assert found(settings, 1) is None
    assert found(settings, 2) == (DAY, "a")
    assert found(settings, 3) == found(settings, 9) == (DAY + timedelta(days=1), "b")
    state = state_before(job(settings, 9))
    assert state is not None and state.unchecked() == 3


def test_a_delivery_made_anew_takes_along_what_was_made_from_it(
    settings: Settings,
) -> None:
    lake(settings)
    landed(settings, 1, "a")
    landed(settings, 2, "b", on="a")
    landed(settings, 3, "c", on="b")
    accept_redelivery(job(settings, 1), "甲", "更正")
    assert found(settings, 4) is None and found(settings, 2) is None
    landed(settings, 1, "d")
    assert found(settings, 4) is None and found(settings, 2) == (DAY, "d")


def test_a_state_may_stand_on_thousands_of_days(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing ever differs no load is whole again, for years."""
    days = 5_000

    def counted(_: Job, day: date) -> Receipt:
        before = {"date": (day - timedelta(days=1)).isoformat(), "attempt": "a"}
        load = {"base": before} if (day - DAY).days else {}
        return Receipt("collected", "b", {"attempt": "a", "load": load}, 1)

    monkeypatch.setattr(table_state, "_reconciled", counted)
    last = counted(job(settings, 1), DAY + timedelta(days=days))
    assert table_state.outdated_base(job(settings, 1), last.body) is None


def test_another_contract_and_expired_rows_are_not_built_upon(
    settings: Settings,
) -> None:
    lake(settings)
    landed(settings, 1, "a")
    other = replace(job(settings, 2), contract=replace(INVENTED, digest="other"))
    assert state_before(other) is None
    state = state_before(job(settings, 2))
    assert state is not None
    (state.path / "part-0.parquet").unlink()
    assert found(settings, 2) is None
