"""`./lake keys`: what people type, see and are refused, on a published batch."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from jobs.mask import mask_batch
from jobs.publish import publish
from lake_config.calendar import city_today
from lake_config.contract_loader import contract_of
from lake_config.errors import KeyUnavailable, NotSigned, UsageError
from lake_config.settings import Settings, load
from ops import cli
from privacy.officers import enrol_officer
from tests.lib.gated_batch import gated
from tests.lib.one_department import DEPARTMENT, NAMES, TABLE, signed_lake, teachers

WHERE = f"analysts/statistics/{DEPARTMENT}"
GROUP = """groups:
  - name: staff
    recipients: [analysts]
    purpose: statistics
    departments: [education, transport]
    classes: [identity_number]
    until: UNTIL
    reason: 核验
"""


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    contracts = tmp_path / "declared" / "contracts"
    settings = signed_lake(tmp_path / "lake", contracts, "甲")
    enrol_officer(settings, "乙")
    monkeypatch.setenv("LAKE_CONTRACTS", str(contracts))
    monkeypatch.setenv("LAKE_VAULT", "on")
    told = load()
    contract = contract_of(told.contracts, DEPARTMENT)
    rows = [dict(zip(NAMES, row, strict=True)) for row in teachers()]
    job, before = gated(told, contract, TABLE, rows)
    publish(job, mask_batch(job, before))
    return told


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert cli.main(["keys", *words]) == code
    found = capsys.readouterr()
    return (found.out + found.err).replace("\n", "")


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return list(json.loads(said(capsys, "list", "--json")))


def test_a_rotation_from_beginning_to_end(
    lake: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (row,) = listed(capsys)
    assert (row["scope"], row["version"], row["state"]) == (WHERE, 1, "current")
    assert row["tables"] == [f"{DEPARTMENT}.{TABLE}"]
    assert "已轮换：第 2 版" in said(capsys, "rotate", WHERE)
    assert "没有改动" not in said(capsys, "rotate", WHERE)
    links = tmp_path / "links.parquet"
    asked = ("relink", WHERE, "--days", "9", "--to", str(links))
    said(capsys, *asked, code=NotSigned.exit_code)
    assert "1/2" in said(capsys, *asked, "--officer", "甲") and not links.exists()
    assert "2/2" in said(capsys, *asked, "--officer", "乙")
    assert pq.read_table(links).num_rows == 2 * 60
    said(capsys, *asked, code=UsageError.exit_code)
    asked = ("destroy", WHERE, "--version", "1")
    said(capsys, *asked, code=NotSigned.exit_code)
    assert "1/2" in said(capsys, *asked, "--officer", "甲")
    assert "已销毁" in said(capsys, *asked, "--officer", "乙")
    assert [row["state"] for row in listed(capsys)] == ["destroyed", "current"]
    assert "已销毁" in said(capsys, "list")


def test_the_same_officer_twice_is_one(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        told = said(capsys, "destroy", WHERE, "--version", "1", "--officer", "甲")
        assert "1/2" in told
    assert [row["state"] for row in listed(capsys)] == ["current"]


def test_an_identity_is_shown_to_two_officers(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    table = lake.layers.shared_table("analysts", DEPARTMENT, TABLE)
    rows = DeltaTable(str(table)).to_pyarrow_table().to_pylist()
    token = rows[0]["identity_number"]
    asked = ("reveal", token, "--reason", "依法查询", "--officer")
    numbers = [row[1] for row in teachers()]
    for name, shown in (("甲", 0), ("乙", 1)):
        told = said(capsys, *asked, name)
        assert sum(number in told for number in numbers) == shown


def test_a_linkage_group_is_shown_and_signed(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    until = str(city_today() + timedelta(days=9))
    said(capsys, "link", "staff", "--officer", "甲", code=UsageError.exit_code)
    path = lake.contracts.parent / "linkage.yaml"
    path.write_text(GROUP.replace("UNTIL", until), "utf-8")
    told = said(capsys, "link", "staff", "--officer", "甲")
    assert "identity_number" in told and until in told and "1/2" in told
    assert "2/2" in said(capsys, "link", "staff", "--officer", "乙")
    said(capsys, "rotate", "staff/statistics", code=UsageError.exit_code)


NONSENSE = {
    "rotate analysts": UsageError,
    "rotate a/b/c/d": UsageError,
    "rotate analysts/statistics/../x": UsageError,
    "rotate analysts/statistics/x;y": KeyUnavailable,
    "rotate analysts/statistics/transport": UsageError,
    f"relink {WHERE}": UsageError,
    f"destroy {WHERE} --version 2 --officer 甲": UsageError,
    f"destroy {WHERE} --version 1 --officer 丙": UsageError,
}


def test_what_makes_no_sense_is_refused_and_changes_nothing(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(list(open_ledger(lake).events()))
    for words, error in NONSENSE.items():
        said(capsys, *words.split(), code=error.exit_code)
    assert len(list(open_ledger(lake).events())) == before
