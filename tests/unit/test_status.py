"""What people are told of a table's state, from receipts alone."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from audit.events import KINDS
from audit.ledger import init_ledger, open_ledger
from lake_config.errors import NOT_SHARED, NOTHING_TO_DO, GateFailed, OutOfTurn
from lake_config.layers import batch_id
from lake_config.settings import Settings, load
from ops.pipeline import _conclude
from ops.status import TableStatus, table_statuses
from tests.lib.one_department import CONTRACT, DEPARTMENT, TABLE, share_no_more
from tests.lib.small_lake import DAY


@pytest.fixture
def lake(settings: Settings) -> Settings:
    """The ledger of a lake with one department."""
    folder = settings.home / "contracts"
    folder.mkdir(parents=True)
    shutil.copy(CONTRACT, folder)
    found = load({"LAKE_HOME": str(settings.home), "LAKE_CONTRACTS": str(folder)})
    init_ledger(found)
    return found


def record(lake: Settings, kind: str, **facts: Any) -> None:
    body = {
        **dict.fromkeys(KINDS[kind]),
        "ok": True,
        "department": DEPARTMENT,
        "table": TABLE,
        **facts,
    }
    batch = batch_id(DEPARTMENT, TABLE, DAY)
    open_ledger(lake).append(kind, "jobs", batch, body)


def status(lake: Settings) -> TableStatus:
    [found] = table_statuses(lake)
    return found


def test_the_greatest_published_version_is_named(lake: Settings) -> None:
    for version in (0, 2, 1):
        record(lake, "published", version=version, rows=version * 10)
    assert (status(lake).published_version, status(lake).published_rows) == (2, 20)


def test_a_table_that_is_not_shared_is_done_after_the_gate(lake: Settings) -> None:
    for kind in ("collected", "reconciled"):
        record(lake, kind)
        assert status(lake).verdict == kind
    record(lake, "gated")
    assert status(lake).verdict == "gated"
    share_no_more(lake)
    assert status(lake).verdict == "not_shared"


def test_what_is_not_shared_is_no_failure_of_a_run() -> None:
    _conclude([0, NOTHING_TO_DO, NOT_SHARED], DEPARTMENT, DAY)
    _conclude([NOTHING_TO_DO, NOT_SHARED], DEPARTMENT, DAY)
    with pytest.raises(GateFailed):
        _conclude([0, NOT_SHARED, GateFailed.exit_code, OutOfTurn.exit_code], "d", DAY)
