"""The step `publish`: scanned bytes only, one conditional commit, killed anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import published_versions
from jobs import publish as module
from jobs.context import Job
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.scanned import scanned
from jobs.steps import Masked
from lake_config.contract import Contract
from lake_config.errors import JobFailed, LeakFound, NothingToDo, NotSigned, OutOfTurn
from lake_config.settings import ROOT, Settings
from privacy.approval import sign
from privacy.policy import POLICY_VERSION
from storage.file_facts import sha256
from tests.lib.gated_batch import (
    DAY,
    INVENTED,
    OFFICER,
    PEOPLE,
    gated,
    last,
    new_lake,
    people,
    renamed,
)
from tests.lib.local import LOCAL


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, INVENTED)
    return settings


def ready(
    lake: Settings, day: int = 2, contract: Contract = INVENTED
) -> tuple[Job, Masked]:
    """A masked batch of `day` + 8 people."""
    rows = people(day + 8, start=day * 20)
    when = DAY.replace(day=day)
    job, before = gated(lake, contract, "people", rows, day=when)
    return job, mask_batch(job, before)


def shared(lake: Settings) -> Path:
    return lake.layers.shared_table("analysts", "invented", "people")


def rows_of(lake: Settings, version: int) -> int:
    return DeltaTable(str(shared(lake)), version=version).to_pyarrow_table().num_rows


def parquet_files(lake: Settings) -> set[str]:
    return {path.name for path in shared(lake).glob("*.parquet")}


def test_the_scanned_bytes_become_the_version_the_receipt_names(
    lake: Settings, spark: Any
) -> None:
    job, masked = ready(lake)
    wanted = {file["sha256"] for file in scanned(job, masked)}
    body = publish(job, masked).body
    assert (body["version"], body["rows"], body["approvals"]) == (0, 10, [OFFICER])
    found = {sha256(LOCAL, path) for path in shared(lake).glob("*.parquet")}
    assert found == wanted
    assert not (lake.home / masked.body["staged"]).exists()
    frame = spark.read.format("delta").load(str(shared(lake)))
    assert frame.count() == 10
    assert frame.schema["born"].metadata["comment"] == "born"
    properties = DeltaTable(str(shared(lake))).metadata().configuration
    assert properties["delta.deletedFileRetentionDuration"] == "interval 3650 days"
    assert {path.stat().st_mode & 0o777 for path in shared(lake).glob("*.parquet")} == {
        0o400
    }


def test_each_batch_replaces_the_last_and_old_versions_stay(lake: Settings) -> None:
    for day in (2, 3, 4):
        publish(*ready(lake, day))
    assert [rows_of(lake, version) for version in (0, 1, 2)] == [10, 11, 12]
    versions = published_versions(open_ledger(lake), "analysts", "invented", "people")
    assert versions == (0, 1, 2)


def test_a_second_run_has_nothing_to_do(lake: Settings) -> None:
    job, masked = ready(lake)
    publish(job, masked)
    with pytest.raises(NothingToDo):
        publish(job, masked)


def test_nothing_is_published_unsigned(lake: Settings) -> None:
    job, masked = ready(lake, contract=renamed(INVENTED, "e"))
    with pytest.raises(NotSigned):
        publish(job, masked)
    assert not shared(lake).exists()


def test_bytes_masked_under_another_policy_are_not_published(lake: Settings) -> None:
    job, masked = ready(lake)
    masked.body["policy"] = "0.old"
    with pytest.raises(OutOfTurn):
        publish(job, masked)


def test_bytes_changed_after_the_scan_are_not_published(lake: Settings) -> None:
    job, masked = ready(lake)
    path = lake.home / masked.body["staged"] / scanned(job, masked)[0]["path"]
    path.write_bytes(path.read_bytes() + b"!")
    with pytest.raises(LeakFound):
        publish(job, masked)
    assert parquet_files(lake) == set()
    assert last(lake, "published", job.batch) is None


def test_a_file_swapped_between_reading_and_linking_is_not_published(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, masked = ready(lake)
    link = os.link

    def swapped(source: Path, target: Path) -> None:
        if target.suffix == ".parquet":
            source.unlink()
            source.write_bytes(b"other bytes")
        link(source, target)

    monkeypatch.setattr(os, "link", swapped)
    with pytest.raises(LeakFound):
        publish(job, masked)
    assert parquet_files(lake) == set()


def test_where_links_are_not_possible_bytes_are_copied(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(source: Path, target: Path) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refused)
    job, masked = ready(lake)
    assert publish(job, masked).body["version"] == 0
    assert rows_of(lake, 0) == 10


def test_a_contract_with_other_columns_gives_a_version_with_those(
    lake: Settings,
) -> None:
    publish(*ready(lake, 2))
    columns = tuple(item for item in PEOPLE.columns if item.name != "office")
    contract = replace(INVENTED, digest="f", tables=(replace(PEOPLE, columns=columns),))
    sign(lake, OFFICER, contract, POLICY_VERSION)
    assert publish(*ready(lake, 3, contract)).body["version"] == 1
    names = [
        [
            field.name
            for field in DeltaTable(str(shared(lake)), version=v).schema().fields
        ]
        for v in (0, 1)
    ]
    assert set(names[0]) - set(names[1]) == {"office"}
    assert rows_of(lake, 1) == 11


KILLED = """
import os, sys
from jobs import publish as module
from jobs.context import Job
from jobs.steps import Masked
from lake_config.settings import load
from tests.lib.gated_batch import DAY, INVENTED

def die(*_, **__):
    os.kill(os.getpid(), 9)

job = Job(load(), INVENTED, INVENTED.table("people"), DAY.replace(day=int(sys.argv[2])))
masked = Masked.load(job)
owner, _, name = sys.argv[1].rpartition(".")
setattr({"": module, "Job": Job, "Lease": module.Lease}[owner], name, die)
module.publish(job, masked)
"""


def killed_at(lake: Settings, place: str, day: int = 2) -> None:
    """Publish in a process of its own that is killed when it comes to `place`."""
    run = subprocess.run(
        [sys.executable, "-c", KILLED, place, str(day)],
        cwd=ROOT,
        env={"LAKE_HOME": str(lake.home), "PATH": "/usr/bin:/bin"},
        check=False,
    )
    assert run.returncode == -9


PLACES = (
    "_own_commit",
    "Lease.confirm",
    "_taken",
    "Lease.keep",
    "_commit",
    "create_table_with_add_actions",
    "Job.record",
    "Lease.free",
    "_clear_staged",
)


@pytest.mark.parametrize("place", PLACES)
def test_killed_anywhere_a_second_run_ends_as_if_never_killed(
    lake: Settings, place: str
) -> None:
    job, masked = ready(lake)
    killed_at(lake, place)
    try:
        publish(job, masked)
    except NothingToDo:
        assert place in ("Lease.free", "_clear_staged")
    body = last(lake, "published", job.batch).body
    assert body["version"] == DeltaTable(str(shared(lake))).version() == 0
    assert rows_of(lake, 0) == 10
    assert len(parquet_files(lake)) == masked.body["files"]


def test_killed_between_commit_and_receipt_only_the_receipt_is_written(
    lake: Settings,
) -> None:
    publish(*ready(lake, 2))
    job, masked = ready(lake, 3)
    killed_at(lake, "Job.record", day=3)
    before = parquet_files(lake)
    assert DeltaTable(str(shared(lake))).version() == 1
    assert last(lake, "published", job.batch) is None
    assert publish(job, masked).body["version"] == 1
    assert DeltaTable(str(shared(lake))).version() == 1
    assert parquet_files(lake) == before


def test_what_was_taken_and_never_committed_is_found_again(lake: Settings) -> None:
    job, masked = ready(lake, 2)
    killed_at(lake, "_commit")
    left = parquet_files(lake)
    assert left and last(lake, "published", job.batch) is None
    publish(job, masked)
    assert parquet_files(lake) == left


def test_what_was_half_copied_and_never_committed_is_made_whole(lake: Settings) -> None:
    job, masked = ready(lake, 2)
    killed_at(lake, "_commit")
    for path in shared(lake).glob("*.parquet"):
        path.unlink()
        path.write_bytes(b"PAR1")
    publish(job, masked)
    assert rows_of(lake, 0) == 10


def test_another_writer_s_commit_makes_this_one_fail_and_stay_unread(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(*ready(lake, 2))
    job, masked = ready(lake, 3)
    commit: Callable[..., None] = module._commit

    def late(*arguments: Any) -> None:
        DeltaTable(str(shared(lake))).alter.set_table_description("another's")
        commit(*arguments)

    monkeypatch.setattr(module, "_commit", late)
    with pytest.raises(JobFailed):
        publish(job, masked)
    assert last(lake, "published", job.batch) is None
    monkeypatch.setattr(module, "_commit", commit)
    assert publish(job, masked).body["version"] == 2
    assert rows_of(lake, 2) == 11
