"""A receipt names any number of files; the list beside them must be the scan's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable

from audit.events import LARGEST
from audit.files_digest import Files, files_digest
from audit.ledger import init_ledger
from jobs.context import Job
from jobs.publish import publish
from jobs.scanned import keep_list, scanned
from lake_config.errors import LeakFound, OutOfTurn
from lake_config.layers import CURATED
from lake_config.settings import Settings
from storage.file_facts import facts_of
from tests.lib.local import LOCAL
from tests.lib.masked_batch import batch, staged

MANY = 600


@pytest.fixture
def job(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Job:
    """Signatures are another test's matter."""
    monkeypatch.setattr("jobs.publish.check", lambda *_: ("甲",))
    init_ledger(settings)
    return batch(settings, date(2026, 3, 2))


def test_more_files_than_an_event_could_list(job: Job) -> None:
    masked = staged(job, MANY)
    files = scanned(job, masked)
    assert len(json.dumps(files)) > LARGEST and masked.body["files"] == MANY
    body = publish(job, masked).body
    shared = job.layers.shared_table(CURATED, job.contract.department, "people")
    found = DeltaTable(str(shared))
    assert found.to_pyarrow_table().num_rows == MANY
    published = [facts_of(LOCAL, shared / Path(uri).name) for uri in found.file_uris()]
    assert files_digest(published) == body["files_digest"] == files_digest(files)


def other_digest(files: Files) -> None:
    files[1]["sha256"] = files[0]["sha256"]


def one_less(files: Files) -> None:
    del files[0]


def one_more(files: Files) -> None:
    files.append(dict(files[0]))


def no_digest(files: Files) -> None:
    del files[0]["sha256"]


@pytest.mark.parametrize("spoil", [other_digest, one_less, one_more, no_digest])
def test_a_list_that_is_not_the_scans_is_refused(
    job: Job, spoil: Callable[[Files], None]
) -> None:
    masked = staged(job, 3)
    files = scanned(job, masked)
    spoil(files)
    keep_list(job, job.settings.home / masked.body["staged"], files)
    with pytest.raises(LeakFound, match="清单"):
        publish(job, masked)
    shared = job.layers.shared_table(CURATED, job.contract.department, "people")
    assert not list(shared.glob("*.parquet"))


def test_a_torn_list_is_refused_and_a_lost_one_made_again(job: Job) -> None:
    masked = staged(job, 3)
    path = job.layers.scanned_files(job.settings.home / masked.body["staged"])
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(LeakFound, match="清单"):
        publish(job, masked)
    path.unlink()
    with pytest.raises(OutOfTurn, match="重新执行脱敏"):
        publish(job, masked)


def test_a_name_in_the_list_leads_nowhere_else(job: Job, tmp_path: Path) -> None:
    """Names are not under the digest; the same bytes elsewhere are not taken."""
    masked = staged(job, 1)
    folder = job.settings.home / masked.body["staged"]
    files = scanned(job, masked)
    outside = tmp_path / "outside.parquet"
    (folder / files[0]["path"]).rename(outside)
    files[0]["path"] = str(outside)
    keep_list(job, folder, files)
    with pytest.raises(OutOfTurn):
        publish(job, masked)
