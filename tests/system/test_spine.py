"""From the real source to an analyst: counts, defects, order, refusals, kills, reads."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import delta_sharing
import polars as pl
import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import counting, find
from audit.verify import verify
from lake_config.contract import Contract
from lake_config.layers import CURATED, batch_id
from lake_config.settings import Settings, write_private
from ops.demo_check import compare, found_defects, planted_defects
from ops.processes import free_port, stop
from ops.running import start_sharing
from ops.source_counts import source_rows
from ops.status import table_statuses
from sharing.people import enrol
from simulation.city import rows_folder
from simulation.deliver import deliver
from tests.lib.small_lake import DAY, job, lake, lake_command, quiet

DEPARTMENT = "civil_affairs"
NEXT = DAY + timedelta(days=1)
Lake = tuple[Settings, list[Contract]]


@pytest.fixture(scope="module")
def spine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """One department by files and one database table each, all the way."""
    home = tmp_path_factory.mktemp("spine")
    with lake(home, 9_000, 11) as (settings, contracts):
        run_all(settings, contracts[0])
        yield settings, contracts


def run_all(settings: Settings, contract: Contract, day: Any = DAY) -> list[int]:
    names = [table.name for table in contract.parents_first()]
    codes = [
        job(settings.home, "land", contract.department, name, day) for name in names
    ]
    codes.append(job(settings.home, "gate", contract.department, "", day))
    return codes + [
        job(settings.home, "release", contract.department, name, day) for name in names
    ]


def attempt_of(settings: Settings, table: str) -> str:
    receipt = counting(open_ledger(settings), batch_id(DEPARTMENT, table, DAY))
    assert receipt is not None
    return str(receipt.body["attempt"])


def left_out(settings: Settings, table: str) -> int:
    """Rows of groups in which too few people are alike."""
    batch = batch_id(DEPARTMENT, table, DAY)
    masked = find(open_ledger(settings), "masked", batch)
    assert masked is not None
    return int(masked.body["risk"].get("left_out", 0))


def test_source_collected_accepted_quarantined_published(spine: Lake) -> None:
    settings, contracts = spine
    contract = contracts[0]
    assert contract.department == DEPARTMENT
    for table in contract.tables:
        gated = find(
            open_ledger(settings), "gated", batch_id(DEPARTMENT, table.name, DAY)
        )
        assert gated is not None
        body = gated.body
        assert body["rows"] == source_rows(settings, contract, table, DAY)
        assert body["rows"] == body["accepted"] + body["quarantined"]
        shared = settings.layers.shared_table(CURATED, DEPARTMENT, table.name)
        rows = DeltaTable(str(shared)).to_pyarrow_table().num_rows
        assert rows == body["accepted"] - left_out(settings, table.name)


def test_quarantine_is_exactly_what_was_planted(spine: Lake) -> None:
    settings, contracts = spine
    planted = planted_defects(settings.layers.truth)
    for table in contracts[0].tables:
        found = found_defects(
            settings, contracts[0], table, DAY, attempt_of(settings, table.name)
        )
        wanted = planted.get((DEPARTMENT, table.name), Counter())
        assert wanted and compare(wanted, found).perfect


@pytest.mark.parametrize(
    ("department", "table"),
    [
        ("medical_insurance", "credit_evaluations"),
        ("human_resources", "job_seekers"),
        ("transport", "coach_tickets"),
        ("public_security", "incidents"),
    ],
)
def test_every_other_transport_lands(spine: Lake, department: str, table: str) -> None:
    settings, contracts = spine
    contract = next(item for item in contracts if item.department == department)
    assert job(settings.home, "land", department, table) == 0
    receipt = find(
        open_ledger(settings), "reconciled", batch_id(department, table, DAY)
    )
    assert receipt is not None and receipt.ok
    rows = source_rows(settings, contract, contract.table(table), DAY)
    assert receipt.body["rows"] == rows > 0


def test_a_second_run_changes_nothing(spine: Lake) -> None:
    settings, contracts = spine
    before = open_ledger(settings).file.read_bytes()
    assert set(run_all(settings, contracts[0])) == {99}
    assert open_ledger(settings).file.read_bytes() == before


def test_no_plain_value_in_the_shared_zone_or_ledger(spine: Lake) -> None:
    settings, _ = spine
    people = pl.read_parquet(settings.layers.truth / "people.parquet")
    secrets_ = people["identity_number"].to_list() + people["mobile"].to_list()
    text = open_ledger(settings).file.read_text("utf-8")
    for path in sorted(settings.layers.shared.rglob("*.parquet")):
        text += "\n".join(map(str, pl.read_parquet(path).rows()))
    for path in sorted(settings.layers.shared.rglob("*.json")):
        text += path.read_text("utf-8")
    assert len(text) > 100_000
    assert not [value for value in secrets_[:3_000] if value in text]
    assert not [name for name in people["name"].to_list()[:300] if f"'{name}'" in text]


def test_the_official_client_reads_and_it_is_recorded(
    spine: Lake, tmp_path: Path
) -> None:
    settings, contracts = spine
    url = f"http://127.0.0.1:{free_port()}/delta-sharing"
    settings = replace(settings, sharing_url=url)
    service = start_sharing(settings)
    try:
        profile = tmp_path / "a.share"
        write_private(profile, json.dumps(enrol(settings, "赵", 1)))
        read_before = _reads(settings)
        frame = delta_sharing.load_as_pandas(f"{profile}#suihua.{DEPARTMENT}.funerals")
        gated = find(
            open_ledger(settings), "gated", batch_id(DEPARTMENT, "funerals", DAY)
        )
        assert gated is not None
        assert len(frame) == gated.body["accepted"] - left_out(settings, "funerals")
        assert "person_name" not in frame.columns
        assert frame["identity_number"].str.fullmatch("[a-z]{32}").all()
        assert _reads(settings) == read_before + 1
        wrong = profile.with_name("b.share")
        wrong.write_text(
            profile.read_text("utf-8").replace('n": "', 'n": "x', 1), "utf-8"
        )
        with pytest.raises(Exception, match="401"):
            delta_sharing.SharingClient(str(wrong)).list_all_tables()
    finally:
        stop(service)


def _reads(settings: Settings) -> int:
    return sum(event.kind == "read" for event in open_ledger(settings).events())


def test_a_drop_that_changed_is_refused_until_a_redelivery(spine: Lake) -> None:
    """The same name with other bytes; what was published stays what it was."""
    settings, contracts = spine
    table, batch = "funerals", batch_id(DEPARTMENT, "funerals", NEXT)
    for share in contracts[0].tables:
        source = rows_folder(settings.layers, DEPARTMENT, share.name, DAY)
        target = rows_folder(settings.layers, DEPARTMENT, share.name, NEXT)
        shutil.copytree(source, target)
    deliver(settings, contracts[:1], NEXT, quiet)
    assert job(settings.home, "land", DEPARTMENT, table, NEXT) == 0
    first = counting(open_ledger(settings), batch)
    part = rows_folder(settings.layers, DEPARTMENT, table, NEXT) / "part-00000.parquet"
    rows = pl.read_parquet(part)
    rows.head(rows.height - 1).write_parquet(part)
    deliver(settings, contracts[:1], NEXT, quiet)
    assert job(settings.home, "land", DEPARTMENT, table, NEXT) == 23
    assert counting(open_ledger(settings), batch) == first
    told = ["redeliver", DEPARTMENT, "--table", table, "--date", f"{NEXT}"]
    assert lake_command(settings, *told, "--reason", "漏报一行")[0] == 0
    assert job(settings.home, "land", DEPARTMENT, table, NEXT) == 0
    second = counting(open_ledger(settings), batch)
    assert first and second and second.body["attempt"] != first.body["attempt"]
    assert second.body["collected_rows"] == first.body["collected_rows"] - 1
    assert "漏报一行" not in open_ledger(settings).file.read_text("utf-8")
    status = next(row for row in table_statuses(settings) if row.table == table)
    assert (status.published_version, status.verdict) == (0, "reconciled")


def test_wrong_digest_missing_drop_and_refused_password(spine: Lake) -> None:
    settings, contracts = spine
    day = DAY + timedelta(days=9)
    assert job(settings.home, "land", DEPARTMENT, "funerals", day) == 10
    for table in contracts[0].tables:
        source = rows_folder(settings.layers, DEPARTMENT, table.name, DAY)
        shutil.copytree(
            source, rows_folder(settings.layers, DEPARTMENT, table.name, day)
        )
    deliver(settings, contracts[:1], day, quiet)
    drop = settings.home / "sources" / DEPARTMENT / "drop" / day.isoformat()
    with (drop / "funerals.xlsx").open("ab") as file:
        file.write(b"x")
    assert job(settings.home, "land", DEPARTMENT, "funerals", day) == 23
    write_private(settings.layers.secrets / "human_resources_reader", "wrong")
    assert job(settings.home, "land", "human_resources", "vacancies") == 11
    assert verify(settings).ok
