"""A delivery that lost rows never replaces a full one; running twice is running once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from audit.ledger import open_ledger
from audit.receipts import published_versions
from lake_config.contract_loader import load_contracts
from lake_config.layers import CURATED
from lake_config.settings import Settings
from ops.processes import free_port, stop
from ops.running import start_sharing
from simulation.deliver.postgres import connect
from tests.lib.notebooks import executed, pictures, texts
from tests.lib.small_lake import DAY, lake, lake_command

DEPARTMENT, TABLE = "medical_insurance", "settlements"
NEXT = DAY + timedelta(days=1)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("short")
    with lake(home, 1_000, 5) as (found, _):
        yield found


def at_source(settings: Settings, statement: str) -> None:
    """The department changes its own front-end database."""
    contracts = load_contracts(settings.contracts)
    contract = next(item for item in contracts if item.department == DEPARTMENT)
    server = contract.server_for(contract.table(TABLE), "dev")
    with connect(settings, contract, server, server.address["database"]) as owner:
        owner.execute(statement.format(contract.table(TABLE).source["table"]).encode())


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def versions(settings: Settings) -> tuple[int, ...]:
    return published_versions(open_ledger(settings), CURATED, DEPARTMENT, TABLE)


def status(settings: Settings) -> dict[str, object]:
    code, text = lake_command(settings, "status", "--json")
    assert code == 0
    rows = json.loads(text)
    assert len(rows) == 24
    return next(
        row for row in rows if (row["department"], row["table"]) == (DEPARTMENT, TABLE)
    )


def test_a_short_delivery_never_replaces_a_full_one(settings: Settings) -> None:
    assert lake_command(settings, "run", DEPARTMENT, "--date", f"{DAY}")[0] == 0
    shared = settings.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    good, before = content(shared), status(settings)
    assert before["verdict"] == "published" and before["published_version"] == 0
    assert before["source_rows"] == before["collected_rows"]

    entries = len(open_ledger(settings).file.read_bytes())
    code, said = lake_command(settings, "run", DEPARTMENT, "--date", f"{DAY}")
    assert code == 0 and "没有改动任何内容" in said
    assert len(open_ledger(settings).file.read_bytes()) == entries

    tenth = int(before["source_rows"]) // 10 + 1  # type: ignore[call-overload]
    rows = f"ctid in (select ctid from {{0}} order by ctid limit {tenth})"
    at_source(settings, "delete from {0} where " + rows)
    code, said = lake_command(
        settings, "run", DEPARTMENT, "--table", TABLE, "--date", f"{NEXT}"
    )
    assert code == 21 and "减少超过契约允许" in said
    assert versions(settings) == (0,) and content(shared) == good
    assert str(status(settings)["verdict"]).startswith("failed:")

    at_source(settings, "insert into {0} select * from {0} where " + rows)
    code, said = lake_command(
        settings, "run", DEPARTMENT, "--table", TABLE, "--date", f"{NEXT}"
    )
    assert code == 21, "the refused attempt counts until a redelivery is accepted"
    told = ["redeliver", DEPARTMENT, "--table", TABLE, "--date", f"{NEXT}"]
    assert lake_command(settings, *told, "--reason", "前置库恢复")[0] == 0
    code, said = lake_command(
        settings, "run", DEPARTMENT, "--table", TABLE, "--date", f"{NEXT}"
    )
    assert code == 21 and "个主键" in said
    assert versions(settings) == (0,) and content(shared) == good
    after = status(settings)
    assert after["source_rows"] == before["source_rows"]
    assert after["published_rows"] == before["published_rows"]
    assert lake_command(settings, "verify")[0] == 0


def test_the_first_look_still_runs_on_the_last_good_version(
    settings: Settings, tmp_path: Path
) -> None:
    """After the refused deliveries, so the full version is what analysts see."""
    url = f"http://127.0.0.1:{free_port()}/delta-sharing"
    here = replace(settings, sharing_url=url)
    service = start_sharing(here)
    try:
        profile = str(tmp_path / "analyst.share")
        told = ["share", "add", "赵分析", "--profile", profile]
        assert lake_command(here, *told)[0] == 0
        notebook = executed("first_look.ipynb", tmp_path)
    finally:
        stop(service)
    [picture] = pictures(notebook)
    assert len(picture) > 20_000
    said = texts(notebook)
    assert "北林区" in said and "海伦市" in said
    people = pl.read_parquet(settings.layers.truth / "people.parquet")
    assert not [number for number in people["identity_number"] if number in said]
    assert not [name for name in people["name"] if name in said]
