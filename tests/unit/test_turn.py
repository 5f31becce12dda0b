"""Whether a batch may be published now, told from receipts alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from audit.events import KINDS
from audit.ledger import init_ledger
from jobs.context import Job
from jobs.gate import _refuse_if_done
from jobs.publish import publish
from jobs.redeliver import accept_redelivery
from jobs.steps import Masked, Reconciled
from jobs.turn import (
    place_of,
    published_now,
    refuse_if_masked_again,
    refuse_if_out_of_turn,
)
from lake_config.errors import NothingToDo, NotShared, OutOfTurn
from lake_config.settings import Settings, write_private
from privacy.keys import init_keys
from tests.lib.quality_cases import column, contract, table

PEOPLE = table("people", [column("number")])
CONTRACT = contract(PEOPLE)
BATCH = set("ok department table date contract attempt".split())


@pytest.fixture
def on(settings: Settings) -> Callable[[int], Job]:
    """A job about the delivery of one day of March."""
    init_keys(settings)
    init_ledger(settings)
    return lambda day: Job(settings, CONTRACT, PEOPLE, date(2026, 3, day))


def record(job: Job, kind: str, attempt: str = "a", **facts: Any) -> None:
    blank = dict.fromkeys(KINDS[kind] - BATCH)
    job.record(kind, attempt, True, **{**blank, **facts})


def landed(job: Job, attempt: str = "a") -> None:
    record(job, "collected", attempt)
    record(job, "reconciled", attempt)


def gated(job: Job, attempt: str = "a") -> None:
    raw = Reconciled(attempt, {}).raw(job)
    write_private(job.layers.broken_rows(raw), "")
    record(job, "gated", attempt, compared_with=place_of(published_now(job)))


def masked(job: Job, attempt: str = "a", staged: str = "s") -> Masked:
    record(job, "masked", attempt, staged=staged)
    return Masked.load(job)


def ready(job: Job, attempt: str = "a") -> Masked:
    landed(job, attempt)
    gated(job, attempt)
    return masked(job, attempt)


def published(job: Job, version: int, attempt: str = "a") -> None:
    record(job, "published", attempt, recipient="analysts", version=version)


def test_the_first_and_the_next_delivery_are_in_turn(on: Callable[[int], Job]) -> None:
    for day, version in ((1, 0), (2, 1)):
        ready(on(day))
        refuse_if_out_of_turn(on(day))
        published(on(day), version)
        now = published_now(on(day))
        assert now and (now.body["date"], now.body["version"]) == (
            f"2026-03-0{day}",
            version,
        )


def test_an_older_delivery_does_not_follow_a_newer_one(
    on: Callable[[int], Job],
) -> None:
    ready(on(1))
    ready(on(2))
    published(on(2), 0)
    with pytest.raises(OutOfTurn, match="2026-03-02"):
        refuse_if_out_of_turn(on(1))
    gated(on(1))
    with pytest.raises(OutOfTurn, match="2026-03-02"):
        refuse_if_out_of_turn(on(1))


def test_a_redelivery_of_the_same_day_follows(on: Callable[[int], Job]) -> None:
    ready(on(1))
    published(on(1), 0)
    ready(on(1), "b")
    refuse_if_out_of_turn(on(1))
    published(on(1), 1, "b")
    now = published_now(on(1))
    assert now and now.body["attempt"] == "b"


def test_a_batch_is_held_against_what_it_was_compared_with(
    on: Callable[[int], Job],
) -> None:
    ready(on(2))
    ready(on(1))
    published(on(1), 0)
    with pytest.raises(OutOfTurn, match="gate"):
        refuse_if_out_of_turn(on(2))
    gated(on(2))
    refuse_if_out_of_turn(on(2))


def test_what_was_made_of_a_delivery_that_is_withdrawn_is_not_published(
    on: Callable[[int], Job],
) -> None:
    """A load of changes holds the rows of the day before, as they were handed over then."""
    ready(on(1))
    published(on(1), 0)
    base = {"date": on(1).date.isoformat(), "attempt": "a"}
    record(on(2), "collected", "b", load={"kind": "changes", "base": base})
    record(on(2), "reconciled", "b")
    gated(on(2), "b")
    refuse_if_out_of_turn(on(2))
    accept_redelivery(on(1), "甲", "更正")
    with pytest.raises(OutOfTurn, match="2026-03-01.*redeliver"):
        refuse_if_out_of_turn(on(2))
    landed(on(1), "c")
    with pytest.raises(OutOfTurn, match="2026-03-01.*redeliver"):
        refuse_if_out_of_turn(on(2))
    base["attempt"] = "c"
    record(on(2), "collected", "d", load={"kind": "changes", "base": base})
    record(on(2), "reconciled", "d")
    gated(on(2), "d")
    refuse_if_out_of_turn(on(2))


def test_bytes_that_were_masked_again_meanwhile_are_not_published(
    on: Callable[[int], Job],
) -> None:
    before = ready(on(1))
    masked(on(1), staged="t")
    with pytest.raises(OutOfTurn, match="重新脱敏"):
        refuse_if_masked_again(on(1), before)


def test_the_gate_judges_again_when_another_version_is_read(
    on: Callable[[int], Job],
) -> None:
    def done(day: int) -> None:
        step = Reconciled("a", {})
        _refuse_if_done(on(day), step, published_now(on(day)))

    ready(on(1))
    ready(on(2))
    for day in (1, 2):
        with pytest.raises(NothingToDo):
            done(day)
    published(on(1), 0)
    with pytest.raises(NothingToDo):
        done(1)
    done(2)
    gated(on(2))
    with pytest.raises(NothingToDo):
        done(2)
    _refuse_if_done(on(2), Reconciled("b", {}), published_now(on(2)))
    published(on(2), 1)
    for day in (1, 2):
        with pytest.raises(NothingToDo):
            done(day)


def test_what_the_catalogue_does_not_share_is_never_published(
    on: Callable[[int], Job],
) -> None:
    """law L01. The gate passed it, and somebody masked it nevertheless."""
    kept = replace(PEOPLE, share_type="不予共享", legal_basis="《某法》第一条")
    job = replace(on(1), table=kept)
    waiting = ready(job)
    with pytest.raises(NotShared, match="《某法》第一条"):
        publish(job, waiting)
    assert not job.layers.shared.exists()
