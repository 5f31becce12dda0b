"""Quarantined rows come back by a signed correction: counted, once, and no others.

Costs about a minute, most of it Spark writing four versions of sixty rows.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from audit.ledger import open_ledger
from audit.verify import verify
from lake_config.duties import Duty
from lake_config.layers import CURATED
from lake_config.settings import ROOT, Settings
from ops.spark_service import running_spark
from storage.store import store_of
from tests.lib.fixable_teachers import declare, spoilt
from tests.lib.one_department import DEPARTMENT, TABLE, hand_over, signed_lake
from tests.lib.small_lake import DAY, lake_command

FIXABLE = (1, 2, 3)
WHERE = (DEPARTMENT, "--table", TABLE, "--date")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    home = tmp_path_factory.mktemp("replay")
    found = signed_lake(home / "lake", home / "contracts", "甲")
    with running_spark(found, brief=True):
        yield found


def bodies(lake: Settings, kind: str) -> list[dict[str, Any]]:
    return [event.body for event in open_ledger(lake).events(kind)]


def replay(lake: Settings, number: int = 0) -> tuple[int, str]:
    day = DAY + timedelta(days=number)
    return lake_command(lake, "quarantine", "replay", *WHERE, f"{day}")


def rows_published(lake: Settings, version: int) -> int:
    table = lake.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    return (
        store_of(lake, Duty.PUBLISHER).table(table, version).to_pyarrow_table().num_rows
    )


def test_unsigned_corrections_move_nothing(lake: Settings) -> None:
    hand_over(lake, spoilt(FIXABLE), DAY)
    assert lake_command(lake, "run", DEPARTMENT, "--date", f"{DAY}")[0] == 0
    assert replay(lake)[0] == 2, "there is no file"
    declare(lake)
    code, said = replay(lake)
    assert code == 32 and "quarantine sign" in said
    assert [body["rows"] for body in bodies(lake, "published")] == [56]


def test_signed_corrections_let_exactly_the_rows_through_that_pass(
    lake: Settings, seen: Callable[[str], None]
) -> None:
    signed = lake_command(lake, "quarantine", "sign", DEPARTMENT, "--officer", "甲")
    assert signed[0] == 0 and "trim_no@" in signed[1]
    code, said = replay(lake)
    assert code == 0, said
    *_, judged = bodies(lake, "gated")
    before, back, still = (
        judged[name] for name in ("quarantined_before", "replayed", "quarantined")
    )
    assert (before, back, still) == (4, 3, 1)
    assert judged["rows"] == judged["accepted"] + still == 60
    assert {ref.split("@")[0] for ref in judged["corrected_by"]} == {
        "trim_no", "narrow_no", "dashes",
    }  # fmt: skip
    assert [body["rows"] for body in bodies(lake, "published")] == [56, 59]
    assert (rows_published(lake, 0), rows_published(lake, 1)) == (56, 59)
    seen(f"replay: 60 rows = 56 accepted + {back} replayed + {still} quarantined")


def test_no_value_is_told(lake: Settings) -> None:
    held = spoilt(FIXABLE)
    text = open_ledger(lake).file.read_text("utf-8")
    for place in FIXABLE:
        assert not any(cell in text for cell in held[place][:3])


def test_the_list_and_the_way_back_know_only_what_is_still_held(
    lake: Settings,
) -> None:
    _, said = lake_command(lake, "quarantine", "list", "--date", f"{DAY}")
    assert "check_digit.identity_number" in said and "parse.issued_on" not in said
    _, said = lake_command(
        lake, "quarantine", "list", *WHERE, f"{DAY}", "--rule", "parse.issued_on"
    )
    assert "check_digit" not in said
    code, said = lake_command(lake, "quarantine", "return", *WHERE, f"{DAY}")
    assert code == 0 and "1 行" in said


def test_again_changes_nothing(lake: Settings) -> None:
    before = open_ledger(lake).file.read_bytes()
    code, said = replay(lake)
    assert code == 0 and "没有改动" in said
    assert open_ledger(lake).file.read_bytes() == before


def job_of(lake: Settings, step: str, day: Any) -> int:
    command = [sys.executable, "-m", "jobs", step, "--department", DEPARTMENT]
    return subprocess.run(
        [*command, "--table", TABLE, "--date", f"{day}"],
        cwd=ROOT,
        env={**os.environ, **lake.environment},
        check=False,
    ).returncode


KILLED = """
import os, signal, sys
import {module} as module
original = {target}
def dying(*given, **named):
    {before}
    os.kill(os.getpid(), signal.SIGKILL)
{target} = dying
from jobs.__main__ import main
main(sys.argv[1:])
"""
PLACES = {
    "between masking and publishing": ("jobs.publish", "module.publish", "pass"),
    "between commit and receipt": (
        "jobs.publish", "module._committed", "original(*given, **named)",
    ),
}  # fmt: skip


def test_two_at_once_then_killed_on_the_way_out_are_one(
    lake: Settings, seen: Callable[[str], None]
) -> None:
    """Killed before its receipt: tests/unit/test_replay.py."""
    day = DAY + timedelta(days=1)
    hand_over(lake, spoilt((1, 2, 3, 4)), day)
    assert lake_command(lake, "run", DEPARTMENT, "--date", f"{day}")[0] == 0
    with ThreadPoolExecutor() as pool:
        codes = list(pool.map(lambda _: job_of(lake, "replay", day), range(2)))
    assert sorted(codes) in ([0, 70], [0, 99])
    died = [killed(lake, day, *place) for place in PLACES.values()]
    assert died == [-signal.SIGKILL] * len(PLACES)
    assert replay(lake, 1)[0] == 0
    about = [body for body in bodies(lake, "published") if body["date"] == f"{day}"]
    assert [body["rows"] for body in about] == [55, 59]
    judged = [body for body in bodies(lake, "gated") if body["date"] == f"{day}"]
    assert [body.get("replayed") for body in judged] == [None, 4]
    assert rows_published(lake, about[-1]["version"]) == 59
    assert verify(lake).ok
    seen(f"replay: 2 at once, then killed at {len(PLACES)} places: 59 of 59 rows, once")


def killed(lake: Settings, day: Any, module: str, target: str, before: str) -> int:
    script = KILLED.format(module=module, target=target, before=before)
    command = [sys.executable, "-c", script, "release", "--department", DEPARTMENT]
    return subprocess.run(
        [*command, "--table", TABLE, "--date", f"{day}"],
        cwd=ROOT,
        env={**os.environ, **lake.environment},
        check=False,
    ).returncode
