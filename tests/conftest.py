"""Guards and fixtures for every test: no home of the developer's, one Spark session.

The closing summary counts tests per kind, and cases per number of the tests that
`proves` one (`C7: 180 of 180`), so that a log shows what was really run.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as drawn

from lake_config.duties import Duty
from lake_config.settings import OTHERS, Settings, load
from tests.lib.store_fixture import store_server, stored, stored_as  # noqa: F401

KINDS = ("unit", "spec", "spark", "security", "system")
os.umask(OTHERS)  # as every entry does

drawn.register_profile(
    "untimed",
    drawn.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
drawn.load_profile("untimed")
"""A busy machine is no reason to fail."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What a test proves goes with its report, also out of a worker process."""
    for item in items:
        for mark in item.iter_markers("proves"):
            number, cases = (*mark.args, 1)[:2]
            item.user_properties.append((number, cases))


@pytest.fixture(autouse=True)
def no_foreign_lake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A test never touches the developer's own lake, whatever the shell has set."""
    for name in [name for name in os.environ if name.startswith("LAKE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LAKE_HOME", str(tmp_path / "lake"))
    monkeypatch.setenv("LAKE_SPARK_MEMORY", "1g")
    # What one test's store made this process trust ends with the test.
    monkeypatch.setenv("SSL_CERT_FILE", "")
    monkeypatch.delenv("SSL_CERT_FILE")


@pytest.fixture
def settings(no_foreign_lake: None) -> Settings:
    """A fresh, empty lake in a temporary folder."""
    return load()


@pytest.fixture(autouse=True, scope="module")
def no_session_left() -> Iterator[None]:
    """A Connect session that stays is taken by who only asks for "the" session (Great
    Expectations), and its server is gone by then: that waits for hours."""
    yield
    if module := sys.modules.get("pyspark.sql.connect.session"):
        joined = module.SparkSession
        for left in {joined.getActiveSession(), joined._default_session} - {None}:
            left.release_session_on_close = False
            left.stop()


@pytest.fixture
def seen(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Tells a figure that the closing summary shows, such as "C2: 50 of 50 ..."."""
    return lambda figure: record_property("seen", figure)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """One classic session per run: starting one costs seven seconds."""
    from jobs.session import session

    home = tmp_path_factory.mktemp("spark")
    settings = load({"LAKE_HOME": str(home), "LAKE_SPARK_MEMORY": "1g"})
    made = session(settings, Duty.COLLECTOR, "tests")
    yield made
    made.stop()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    outcomes = ("passed", "failed", "error", "skipped")
    reports = [
        (report, outcome)
        for outcome in outcomes
        for report in terminalreporter.stats.get(outcome, [])
    ]
    for figure in sorted(figure for report, _ in reports for figure in _seen(report)):
        terminalreporter.write_line(figure)
    counts = Counter((_kind(report.nodeid), outcome) for report, outcome in reports)
    for kind in KINDS:
        found = {outcome: counts[kind, outcome] for outcome in outcomes}
        if any(found.values()):
            line = ", ".join(
                f"{number} {name}" for name, number in found.items() if number
            )
            terminalreporter.write_line(f"{kind}: {line}")
    for number, (good, all_) in sorted(_proved(reports).items()):
        terminalreporter.write_line(f"{number}: {good} of {all_} cases as declared")


def _proved(
    reports: list[tuple[pytest.TestReport, str]],
) -> dict[str, tuple[int, int]]:
    """Cases of each number that came out well, and all of them."""
    found: dict[str, tuple[int, int]] = {}
    for report, outcome in reports:
        for number, cases in getattr(report, "user_properties", ()):
            if number == "seen":
                continue
            good, all_ = found.get(number, (0, 0))
            found[number] = (good + cases * (outcome == "passed"), all_ + cases)
    return found


def _seen(report: pytest.TestReport) -> list[str]:
    told = getattr(report, "user_properties", [])
    return [str(value) for name, value in told if name == "seen"]


def _kind(nodeid: str) -> str:
    parts = nodeid.split("/")
    return parts[1] if len(parts) > 1 else "other"
