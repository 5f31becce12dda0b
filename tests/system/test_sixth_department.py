"""A sixth department comes by its contract alone: no Python file knows of it."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lake_client.client import LakeClientError, connect
from lake_config.settings import ROOT, Settings, load
from ops.processes import free_port, stop
from ops.running import start_sharing
from tests.lib.one_department import (
    BROKEN,
    CONTRACT,
    DEPARTMENT,
    TABLE,
    hand_over,
    teachers,
)
from tests.lib.small_lake import DAY, lake_command


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An empty lake whose contracts are the five and a sixth."""
    contracts = tmp_path_factory.mktemp("contracts")
    for path in (ROOT / "lake_config" / "contracts").glob("*.yaml"):
        shutil.copy(path, contracts)
    shutil.copy(CONTRACT, contracts)
    home = tmp_path_factory.mktemp("six")
    found = load({"LAKE_HOME": str(home), "LAKE_CONTRACTS": str(contracts)})
    url = f"http://127.0.0.1:{free_port()}/delta-sharing"
    yield replace(found, sharing_url=url)


def test_a_contract_is_all_it_takes(settings: Settings, tmp_path: Path) -> None:
    assert lake_command(settings, "init", "--officer", "乙")[0] == 0
    hand_over(settings, teachers(), DAY)
    code, said = lake_command(settings, "run", DEPARTMENT, "--date", f"{DAY}")
    assert code == 32 and "签" in said, "nobody signed the contract yet"
    assert lake_command(settings, "approve", DEPARTMENT, "--officer", "乙")[0] == 0
    assert lake_command(settings, "run", DEPARTMENT, "--date", f"{DAY}")[0] == 0
    code, said = lake_command(settings, "status", "--json")
    row = next(item for item in json.loads(said) if item["table"] == TABLE)
    counts = [row[name] for name in row if name.endswith("_rows")]
    assert counts == [60, 60, 1, 59] and row["verdict"] == "published"

    profile = tmp_path / "analyst.share"
    told = ["share", "add", "李分析", "--profile", str(profile)]
    assert lake_command(settings, *told)[0] == 0
    service = start_sharing(settings)
    try:
        lake = connect(profile)
        assert lake.list_tables() == [f"{DEPARTMENT}.{TABLE}"]
        frame = lake.read(f"{DEPARTMENT}.{TABLE}")
        assert len(frame) == 59 and frame["identity_number"].nunique() == 59
        assert sorted(frame["subject"].unique()) == sorted(["数学", "语文", "物理"])
        assert "person_name" not in frame.columns
        with pytest.raises(LakeClientError, match="没有这张表"):
            lake.read("medical_insurance.settlements")
    finally:
        stop(service)


def test_engineers_see_numbers_and_the_department_its_rows(settings: Settings) -> None:
    place = [DEPARTMENT, "--date", f"{DAY}"]
    code, said = lake_command(settings, "quarantine", "list", *place)
    broken = teachers()[BROKEN]
    assert code == 0 and "check_digit.identity_number" in said
    assert broken[1] not in said and broken[2] not in said
    assert lake_command(settings, "quarantine", "return", *place)[0] == 0
    [path] = settings.layers.returned(DEPARTMENT).iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.reader(file))
    assert found[1:] == [[*broken, "check_digit.identity_number"]]
