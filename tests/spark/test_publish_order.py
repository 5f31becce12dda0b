"""Deliveries are published in their order, whoever waits, is killed, or comes late."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import published_versions
from jobs import publish as module
from jobs.context import Job
from jobs.lease import Lease
from jobs.publish import publish
from jobs.steps import Gated, Masked
from jobs.turn import place_of, published_now
from lake_config.errors import NothingToDo, OutOfTurn
from lake_config.settings import Settings
from tests.lib.gated_batch import INVENTED, last, new_lake
from tests.spark.test_publish import killed_at, ready, rows_of, shared


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, INVENTED)
    return settings


def judged_again(job: Job) -> None:
    """What `gate` leaves when it runs once more."""
    before = Gated.load(job)
    facts = {**before.body, "compared_with": place_of(published_now(job))}
    job.ledger.append("gated", "jobs", job.batch, facts)


def versions(lake: Settings) -> tuple[int, ...]:
    return published_versions(open_ledger(lake), "analysts", "invented", "people")


def test_a_release_that_waited_does_not_replace_a_newer_one(lake: Settings) -> None:
    waited = ready(lake, 2)
    publish(*ready(lake, 3))
    with pytest.raises(OutOfTurn, match="2026-03-03"):
        publish(*waited)
    judged_again(waited[0])
    with pytest.raises(OutOfTurn, match="2026-03-03"):
        publish(*waited)
    assert versions(lake) == (0,) and rows_of(lake, 0) == 11


def test_a_batch_judged_against_another_version_is_judged_again(lake: Settings) -> None:
    later = ready(lake, 3)
    publish(*ready(lake, 2))
    with pytest.raises(OutOfTurn, match="重新运行 gate"):
        publish(*later)
    judged_again(later[0])
    assert publish(*later).body["version"] == 1
    assert rows_of(lake, 1) == 11


def after_another(monkeypatch: pytest.MonkeyPatch, other: tuple[Job, Masked]) -> None:
    """`other` is published by somebody while this process waits for the lease."""
    lease = module.lease

    @contextmanager
    def waited(*arguments: Any) -> Iterator[Lease]:
        monkeypatch.setattr(module, "lease", lease)
        publish(*other)
        with lease(*arguments) as held:
            yield held

    monkeypatch.setattr(module, "lease", waited)


def test_who_waited_for_the_lease_is_asked_again(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process publishes a newer delivery between the first look and the lease."""
    late, newer = ready(lake, 2), ready(lake, 3)
    after_another(monkeypatch, newer)
    with pytest.raises(OutOfTurn, match="2026-03-03"):
        publish(*late)
    assert versions(lake) == (0,)


def test_two_runs_of_one_publication_commit_once(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, masked = ready(lake, 2)
    after_another(monkeypatch, (job, masked))
    with pytest.raises(NothingToDo):
        publish(job, masked)
    assert versions(lake) == (0,)
    assert DeltaTable(str(shared(lake))).version() == 0


def test_a_lost_commit_of_an_older_delivery_stays_without_a_receipt(
    lake: Settings,
) -> None:
    """Killed after committing 1, then 2 is published by a newer delivery."""
    publish(*ready(lake, 2))
    lost = ready(lake, 3)
    killed_at(lake, "Job.record", day=3)
    assert publish(*ready(lake, 4)).body["version"] == 2
    judged_again(lost[0])
    with pytest.raises(OutOfTurn, match="2026-03-04"):
        publish(*lost)
    assert versions(lake) == (0, 2)
    assert last(lake, "published", lost[0].batch) is None


def test_a_lost_commit_that_an_older_delivery_overtook_is_committed_once_more(
    lake: Settings,
) -> None:
    """Killed after committing 0 for the newer delivery; the older one then became 1."""
    job, masked = ready(lake, 3)
    killed_at(lake, "Job.record", day=3)
    assert publish(*ready(lake, 2)).body["version"] == 1
    judged_again(job)
    assert publish(job, Masked.load(job)).body["version"] == 2
    assert versions(lake) == (1, 2)
    assert (rows_of(lake, 1), rows_of(lake, 2)) == (10, 11)
    assert published_now(job).body["version"] == 2  # type: ignore[union-attr]
