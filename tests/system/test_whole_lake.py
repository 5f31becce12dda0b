"""A whole lake, all departments, by `./lake demo`, and then a day on which all goes wrong.

What was released is what the truth and the policy say, cell for cell; tokens join whom
they should; and no byte outside raw, the departments' own folders and the truth holds
anybody's value, whatever failed. Some of the people are canaries, whom the leak scan of each
batch knows and whose names are found anywhere in a text.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import nbformat
import polars as pl
import pytest

from audit.ledger import open_ledger
from audit.verify import verify
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.settings import Settings, load
from ops.demo import OFFICER
from ops.processes import free_port, stop
from ops.running import start_sharing
from privacy.canaries import canaries
from privacy.mask_frame import published_columns
from privacy.policy import STATISTICS
from tests.lib.byte_scanner import Findings, Truth, scan, truth_of
from tests.lib.failed_run import run_failing_day
from tests.lib.failing_day import BROKEN
from tests.lib.kept_results import keep
from tests.lib.key_search import everything_but_keys, search, secrets_of
from tests.lib.live_folders import below
from tests.lib.notebooks import executed
from tests.lib.one_department import DEPARTMENT
from tests.lib.planted_values import planted
from tests.lib.small_lake import DAY, lake_command
from tests.lib.true_rows import TrueTable, join_sizes, multiset, true_table

CANARIES = int(os.environ.get("LAKE_TEST_CANARIES") or 500)
"""Of the city's first people; `LAKE_TEST_CANARIES=10000` takes all of a larger city's, and
keeps what was found in tests/results/."""

PERSONS, SEED, TABLES = max(1_500, CANARIES), 7, 24
LONG = "LAKE_TEST_CANARIES" in os.environ
NEXT = DAY + timedelta(days=1)
KINDS = {"identity_number", "mobile", "address", "name"}
LOOKED_AT = {
    "civil_affairs": 0.04, "human_resources": 0.4, "medical_insurance": 0.9,
    "public_security": 0.1, "transport": 0.9,
}  # fmt: skip
"""Least share of the people whom their other cells tell apart, so that nothing but data says
whose a token is. Not all: that they are not told apart is what the risk gate is there for."""

PLAIN = {"zones/raw", "sources", "truth"}
"""Where values may lie: as delivered, at the departments, and in the truth itself."""


@dataclass(frozen=True)
class Lake:
    """What the demo left behind, and what it said."""

    settings: Settings
    contracts: tuple[Contract, ...]
    people: list[dict[str, str]]
    truth: Truth
    said: str


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    home = tmp_path_factory.mktemp("whole") / "home"
    url = f"http://127.0.0.1:{free_port()}/delta-sharing"
    settings = replace(load({"LAKE_HOME": str(home)}), sharing_url=url)
    told = f"demo --persons {PERSONS} --seed {SEED} --date {DAY}".split()
    told += ["--canaries", str(CANARIES)]
    code, said = lake_command(settings, *told)
    assert code == 0
    people = pl.read_parquet(settings.layers.truth / "people.parquet")
    contracts = load_contracts(settings.contracts)
    truth = truth_of(people.to_arrow())
    return Lake(settings, contracts, people.to_dicts(), truth, said)


@pytest.fixture(scope="module")
def tables(lake: Lake) -> dict[str, list[TrueTable]]:
    """Per department every table as it should be, and as it is."""
    return {
        contract.department: [
            true_table(lake.settings, contract, table, DAY) for table in contract.tables
        ]
        for contract in lake.contracts
    }


@pytest.fixture(scope="module")
def failed(lake: Lake) -> int:
    """The next day has gone wrong; how the job ended whose engine quotes a cell."""
    return run_failing_day(lake.settings, lake.people[:60], OFFICER, NEXT)


def test_the_demo_agrees_with_the_truth(lake: Lake) -> None:
    texts_under_a_grant = 1
    assert lake.said.count("✓") == TABLES + texts_under_a_grant
    assert "✗" not in lake.said
    assert "含真实个人信息 0 处" in lake.said


def test_released_cells_are_what_the_truth_and_the_policy_say(
    tables: dict[str, list[TrueTable]],
) -> None:
    compared = [item for found in tables.values() for item in found]
    assert len(compared) == TABLES
    for item in compared:
        columns = [column.name for column in published_columns(item.table, STATISTICS)]
        assert item.released and list(item.released[0]) == columns, item.table.name
        expected, released = multiset(item.expected), multiset(item.released)
        assert not expected - released and not released - expected, item.table.name


def test_tokens_join_exactly_the_people_they_should(
    tables: dict[str, list[TrueTable]], seen: Callable[[str], None]
) -> None:
    for department, found in tables.items():
        places = [
            (item, name)
            for item in found
            for name in item.identity_columns
            if not item.changing
        ]
        true, told = (
            {
                (item.table.name, name): [row[name] for row in getattr(item, rows)]
                for item, name in places
            }
            for rows in ("accepted", "released")
        )
        assert join_sizes(true) == join_sizes(told), department
        pairs = set().union(*(item.pairs(name) for item, name in places))
        people, tokens = {one for one, _ in pairs}, {two for _, two in pairs}
        assert len(pairs) == len(people) == len(tokens), department
        everybody = len(set().union(*true.values()))
        seen(f"{department}: tokens of {len(people)} of {everybody} people looked at")
        assert LONG or len(people) > LOOKED_AT[department] * everybody, department


def test_no_token_occurs_in_two_departments(tables: dict[str, list[TrueTable]]) -> None:
    tokens = {
        department: set().union(*(item.tokens() for item in found))
        for department, found in tables.items()
    }
    assert all(len(found) > 1_000 for found in tokens.values())
    for one, two in combinations(tokens, 2):
        assert tokens[one].isdisjoint(tokens[two]), (one, two)


def test_everything_fails_as_it_should(lake: Lake, failed: int) -> None:
    assert failed == 42
    seen = {
        (event.body["table"], event.body["error"])
        for event in open_ledger(lake.settings).events()
        if event.kind == "failed" and event.body["department"] == DEPARTMENT
    }
    for name, (_, _, error) in BROKEN.items():
        assert {(name, error), ("*", error)} & seen, name
    assert verify(lake.settings).ok


def test_no_value_lies_outside_raw_and_the_departments(
    lake: Lake, failed: int, seen: Callable[[str], None]
) -> None:
    home = lake.settings.home
    parts = [*home.iterdir(), *(home / "zones").iterdir()]
    names = {part.relative_to(home).as_posix() for part in parts} - PLAIN - {"zones"}
    assert names >= {"ledger", "logs", "airflow", "state", "zones/shared"}
    found = {name: scan(home / name, lake.truth) for name in sorted(names)}
    assert {name: places for name, places in found.items() if places} == {}
    raw = {kind for kind, _ in scan(home / "zones/raw", lake.truth)}
    assert raw == KINDS
    facts = {
        "canaries": CANARIES,
        "people": PERSONS,
        "places_looked_through": len(names),
    }
    files = sum(path.is_file() for name in names for path in below(home / name))
    keep("canaries_in_a_whole_lake", {**facts, "files": files, "found": 0}, (), LONG)
    seen(f"D2: {CANARIES} canaries, {files} files outside raw, 0 findings")


def test_the_leak_scan_knew_the_canaries(lake: Lake) -> None:
    (known,) = canaries(lake.settings)
    names = {len(lake.people[number]["name"]) for number in range(CANARIES)}
    assert names == {4} and len(known.values["person_name"][4]) == CANARIES
    masked = open_ledger(lake.settings).events("masked")
    scans = [event.body["leak_scan"] for event in masked if event.body["ok"]]
    assert len(scans) >= TABLES and all(scan["ok"] for scan in scans)


def test_neither_the_demo_nor_a_notebook_shows_a_value(
    lake: Lake, tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    seen.mkdir()
    (seen / "demo.txt").write_text(lake.said, "utf-8")
    notebook = _first_look(lake.settings, tmp_path)
    (seen / "notebook.json").write_text(nbformat.writes(notebook), "utf-8")
    assert len(list(seen.iterdir())) == 2 and scan(seen, lake.truth) == set()
    assert scan(lake.settings.layers.logs, lake.truth) == set()


def _first_look(settings: Settings, folder: Path) -> nbformat.NotebookNode:
    profile = str(folder / "analyst.share")
    told = ["share", "add", "钱分析", "--profile", profile]
    assert lake_command(settings, *told)[0] == 0
    service = start_sharing(settings)
    try:
        return executed("first_look.ipynb", folder)
    finally:
        stop(service)


@pytest.mark.parametrize(
    ("pattern", "how"),
    [
        ("zones/shared/*/transport/coach_tickets/*.parquet", "column"),
        ("zones/shared/*/transport/coach_tickets/*.parquet", "footer"),
        ("zones/shared/*/transport/coach_tickets/_delta_log/*0.json", "json"),
        ("ledger/*.jsonl", "json"),
        ("logs/airflow/*/*/*/*.log", "json"),
        ("logs/spark.log", "quoted"),
        ("logs/spark.log", "octal"),
        ("logs/sharing.log", "address"),
        ("logs/postgresql.log", "repr"),
        ("airflow/airflow.db", "cell"),
        ("state/sharing.sqlite", "cell"),
        ("state/approvals/*.json", "json"),
    ],
)
def test_the_search_would_find_a_value(
    lake: Lake, tmp_path: Path, pattern: str, how: str
) -> None:
    source = next(lake.settings.home.glob(pattern))
    values = [lake.people[3][kind] for kind in sorted(KINDS)]
    found: Findings = scan(
        planted(source, how, values, tmp_path / "planted"), lake.truth
    )
    assert {kind for kind, _ in found} == KINDS


def test_no_key_is_anywhere_but_in_its_folder(lake: Lake, failed: int) -> None:
    """Spark's and Airflow's logs, databases, stores and plans of the whole day included."""
    secrets = secrets_of(lake.settings)
    assert len(secrets) > TABLES
    assert search(everything_but_keys(lake.settings), secrets) == set()
