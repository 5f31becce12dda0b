"""C17: twelve damages of a table, met by readers, by the publisher, and on raw attempts.

Each is harmless, repaired by what comes next, or refused by name. Nobody is ever served
other rows than those that were published, and nothing is published from other rows than
those that were collected.
"""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from fastapi.testclient import TestClient

from audit.ledger import init_ledger, open_ledger
from audit.receipts import counting
from jobs import publish as module
from jobs.context import Job
from jobs.control_totals import ROW_SUM
from jobs.publish import publish
from jobs.reconcile import reconcile
from jobs.steps import Collected
from lake_config.errors import ControlTotalsDiffer, TableDamaged
from lake_config.layers import CURATED
from lake_config.settings import Settings, load, write_private
from privacy.keys import ledger_digest
from sharing.app import create_app
from sharing.people import enrol
from tests.lib.committed_files import as_arrow, plain_totals
from tests.lib.damages import DAMAGES
from tests.lib.gated_batch import DAY, INVENTED, PEOPLE, new_lake, people
from tests.lib.masked_batch import batch, staged

FIRST = date(2026, 3, 2)
QUERY = "/delta-sharing/shares/suihua/schemas/invented/tables/people/query"
FILES, ROWS = 2, [tuple(row.values()) for row in people(10)]
HARMLESS, REFUSED = "harmless", "refused"
REPAIRED, ANEW = "repaired", "collected anew"
DECLARED = {
    "torn _last_checkpoint": (HARMLESS, REPAIRED, HARMLESS),
    "_last_checkpoint to nothing": (REFUSED, REFUSED, HARMLESS),
    "garbage checkpoint": (REFUSED, REFUSED, HARMLESS),
    "empty commit": (REFUSED, REPAIRED, ANEW),
    "torn commit": (REFUSED, REFUSED, ANEW),
    "missing commit": (REFUSED, REFUSED, ANEW),
    "stray temporary files": (HARMLESS, REPAIRED, HARMLESS),
    "truncated file": (REFUSED, REPAIRED, ANEW),
    "missing file": (REFUSED, REPAIRED, ANEW),
    "swapped content": (REFUSED, REPAIRED, ANEW),
    "unreceipted commit": (HARMLESS, REPAIRED, HARMLESS),
    "wrong protocol": (REFUSED, REFUSED, HARMLESS),
}
"""What comes of it for a reader, for the next publication, and for a raw attempt."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lake whose table has three published versions."""
    made = tmp_path_factory.mktemp("whole") / "lake"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "check", lambda *_: ("甲",))
        settings = load({"LAKE_HOME": str(made)})
        init_ledger(settings)
        for number in range(3):
            job = day(settings, number)
            publish(job, staged(job, FILES))
        yield made


@pytest.fixture
def lake(home: Path, tmp_path: Path) -> Settings:
    """A copy of its own; every file another one."""
    shutil.copytree(home, tmp_path / "copy")
    return load({"LAKE_HOME": str(tmp_path / "copy")})


def day(settings: Settings, number: int) -> Job:
    return batch(settings, FIRST + timedelta(days=number))


def rows_of(number: int) -> list[int]:
    """What `staged` puts into a day's files."""
    first = (FIRST + timedelta(days=number)).toordinal() * 1_000
    return [first + at for at in range(FILES)]


def table_of(settings: Settings) -> Path:
    return settings.layers.shared_table(CURATED, "invented", "people")


def read(settings: Settings) -> tuple[int, Any]:
    """Status, and all rows that the links give, or the refusal."""
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        who = {"Authorization": f"Bearer {enrol(settings, '赵', 1)['bearerToken']}"}
        answer = client.post(QUERY, headers=who, json={})
        if answer.status_code != 200:
            return answer.status_code, answer.json()
        found: list[int] = []
        for line in map(json.loads, answer.text.splitlines()):
            if "file" in line:
                content = client.get(urlsplit(line["file"]["url"]).path).content
                found += pq.read_table(io.BytesIO(content))["number"].to_pylist()
        return 200, sorted(found)


def kinds(settings: Settings) -> list[str]:
    return [event.kind for event in open_ledger(settings).events()]


@pytest.mark.proves("C17")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_reader_gets_what_was_published_or_nothing(
    lake: Settings, damage: str
) -> None:
    DAMAGES[damage](table_of(lake))
    status, found = read(lake)
    if DECLARED[damage][0] == HARMLESS:
        assert (status, found) == (200, rows_of(2))
        return
    assert (status, found["errorCode"]) == (503, "TABLE_DAMAGED")
    assert "与发布时不符" in found["message"]
    refusals = [e.body for e in open_ledger(lake).events() if e.kind == "read_refused"]
    assert [body["reason"] for body in refusals] == ["table_damaged"]
    assert "read" not in kinds(lake)


@pytest.mark.proves("C17")
@pytest.mark.parametrize("damage", DAMAGES)
def test_the_next_publication_repairs_or_refuses(
    lake: Settings, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "check", lambda *_: ("甲",))
    job = day(lake, 3)
    masked = staged(job, FILES)
    DAMAGES[damage](table_of(lake))
    if DECLARED[damage][1] == REPAIRED:
        publish(job, masked)
        assert read(lake) == (200, rows_of(3))
        return
    before = sorted(path.name for path in (table_of(lake) / "_delta_log").iterdir())
    with pytest.raises(TableDamaged, match=job.batch):
        publish(job, masked)
    after = sorted(path.name for path in (table_of(lake) / "_delta_log").iterdir())
    assert after == before and kinds(lake).count("published") == 3


def landed(settings: Settings) -> tuple[Job, Collected]:
    """A collected attempt of two files, with the source's totals of its columns."""
    new_lake(settings, INVENTED)
    job = Job(settings, INVENTED, PEOPLE, DAY)
    raw = job.layers.raw_attempt("invented", "people", DAY, "a")
    write_deltalake(str(raw), as_arrow(PEOPLE, ROWS))
    said = plain_totals(PEOPLE, ROWS, {ROW_SUM, "record_no"})
    kept = json.dumps({"rows": said.rows, "sums": said.sums})
    write_private(job.layers.control_totals(raw), kept)
    body = job.record(
        "collected", "a", True, source_rows=10, collected_rows=10, control="columns",
        server="s", digests=ledger_digest(settings, said.text()),
    )  # fmt: skip
    return job, Collected("a", body)


@pytest.mark.proves("C17")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_raw_attempt_is_whole_or_collected_anew(
    settings: Settings, damage: str
) -> None:
    job, step = landed(settings)
    DAMAGES[damage](step.raw(job))
    if DECLARED[damage][2] == HARMLESS:
        assert reconcile(job, step).body["rows"] == 10
        return
    with pytest.raises(ControlTotalsDiffer, match=job.batch):
        reconcile(job, step)
    assert counting(job.ledger, job.batch) is None


def test_a_version_that_was_good_is_looked_at_again_when_it_changes(
    lake: Settings,
) -> None:
    """The service remembers what it has checked, but not past a change of a file."""
    with TestClient(create_app(lake)) as client:
        who = {"Authorization": f"Bearer {enrol(lake, '赵', 1)['bearerToken']}"}
        assert client.post(QUERY, headers=who, json={}).status_code == 200
        DAMAGES["swapped content"](table_of(lake))
        assert client.post(QUERY, headers=who, json={}).status_code == 503
