"""Nothing in a lake is for group or others, whatever umask the shell has."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lake_config.settings import OTHERS, ROOT, Settings
from ops.processes import stop
from ops.spark_service import forget_spark, start_sparks
from tests.lib.one_department import DEPARTMENT, hand_over, signed_lake, teachers
from tests.lib.small_lake import DAY, lake_command

USUAL = 0o022


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One department, all the way, started from a shell with the usual umask."""
    folder = tmp_path_factory.mktemp("modes")
    made = signed_lake(folder / "lake", folder / "contracts", "甲")
    hand_over(made, teachers(), DAY)
    servers = start_sparks(made, brief=True)
    before = os.umask(USUAL)
    try:
        code, _ = lake_command(made, "run", DEPARTMENT, "--date", f"{DAY}")
        assert code == 0
        code, _ = lake_command(
            made, "quarantine", "return", DEPARTMENT, "--date", f"{DAY}"
        )
        assert code == 0
        yield made
    finally:
        os.umask(before)
        for server in servers:
            stop(server)
        forget_spark(made)


@pytest.mark.parametrize(
    "room", ["zones", "ledger", "keys", "state", "secrets", "logs"]
)
def test_no_file_is_for_group_or_others(settings: Settings, room: str) -> None:
    folder = settings.home / room
    found = [folder, *folder.rglob("*")]
    assert len(found) > 1
    assert [path for path in found if path.lstat().st_mode & OTHERS] == []


def test_a_fresh_home_is_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "lake"
    subprocess.run(
        [sys.executable, "-m", "ops", "init", "--officer", "甲"],
        cwd=ROOT,
        env={**os.environ, "LAKE_HOME": str(home)},
        umask=USUAL,
        check=True,
    )
    assert home.stat().st_mode & 0o777 == 0o700
