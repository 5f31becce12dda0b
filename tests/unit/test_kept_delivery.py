"""What was collected is held against what lies in the drop now, or it is said that it cannot be."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from audit.events import KINDS
from jobs.collect import collect
from jobs.context import Job
from lake_config.errors import DeliveryDigestWrong, NothingToDo, TableDamaged
from tests.lib import changing_sources as made
from tests.lib.changing_sources import DEPARTMENT, FILE, PERMITS

DAY = date(2026, 3, 2)
ATTEMPT = "20260302T000000-00000000"
STEP = set("ok department table date contract attempt".split())


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A batch that was collected from a drop, which holds another file by now."""
    settings, contract = made.signed_lake(tmp_path / "lake")
    job = Job(settings, contract, contract.table(PERMITS), DAY)
    made.hand_over(settings, DAY, [("0001", "好")], 1)
    folder = kept(job)
    folder.mkdir(parents=True)
    drop = settings.home / "sources" / DEPARTMENT / "drop" / f"{DAY}"
    shutil.copyfile(drop / FILE, folder / FILE)
    blank = dict.fromkeys(KINDS["collected"] - STEP)
    job.record("collected", ATTEMPT, True, **blank)
    return job


def kept(job: Job) -> Path:
    place = (DEPARTMENT, PERMITS, DAY, ATTEMPT)
    return job.layers.delivered(job.layers.raw_attempt(*place))


def test_the_same_file_is_nothing_to_do_and_another_is_refused(job: Job) -> None:
    with pytest.raises(NothingToDo, match="没有再碰"):
        collect(job)
    made.hand_over(job.settings, DAY, [("0001", "坏")], 1)
    with pytest.raises(DeliveryDigestWrong):
        collect(job)


def test_a_kept_file_that_nobody_ended_is_missed(job: Job) -> None:
    """Else a changed delivery would pass for one that was looked at."""
    (kept(job) / FILE).unlink()
    made.hand_over(job.settings, DAY, [("0001", "坏")], 1)
    with pytest.raises(TableDamaged, match="没有删除凭证"):
        collect(job)
    about = f"{job.batch} {ATTEMPT}"
    body = {"department": DEPARTMENT, "table": PERMITS, "reason": "raw_expired"}
    body |= {"files": "1", "names_digest": "0"}
    job.ledger.append("deletion_ordered", "retention", about, body)
    with pytest.raises(NothingToDo, match="删除凭证"):
        collect(job)
