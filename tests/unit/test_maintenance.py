"""The maintenance DAGs run commands that exist, and tell Airflow what their end means."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from lake_config.errors import LedgerBroken, NotifyFailed
from ops.reference_pages import PAGES

DAGS = ("ledger_verification", "alert_delivery", "freshness", "retention")


@pytest.fixture(scope="module")
def maintenance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    home = tmp_path_factory.mktemp("airflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(home))
        patch.setenv("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        patch.syspath_prepend("dags")
        import maintenance

        yield maintenance
        sys.modules.pop("maintenance")


def commands(dag: Any) -> list[list[str]]:
    """The arguments of its tasks, in the order in which they run."""
    return [task.op_args[0] for task in dag.topological_sort()]


def test_every_command_exists(maintenance: Any) -> None:
    page = PAGES["docs/reference/commands.md"]()
    dags = [getattr(maintenance, name) for name in DAGS]
    told = [" ".join(arguments) for dag in dags for arguments in commands(dag)]
    assert set(told) >= {"verify", "alerts send", "alerts check", "retain"}
    assert [text for text in told if f"## `./lake {text}`" not in page] == []


def test_a_failed_task_does_not_hold_back_the_next(maintenance: Any) -> None:
    for dag in (getattr(maintenance, name) for name in DAGS):
        assert {task.trigger_rule for task in dag.tasks} == {"all_done"}
        assert all(task.execution_timeout for task in dag.tasks)


def test_what_may_pass_is_tried_again(
    maintenance: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends_with(code: int) -> None:
        done = subprocess.CompletedProcess([], code)
        monkeypatch.setattr(maintenance.subprocess, "run", lambda *_, **__: done)

    ends_with(0)
    maintenance.run_command("verify")
    ends_with(LedgerBroken.exit_code)
    with pytest.raises(maintenance.AirflowFailException):
        maintenance.run_command("verify")
    ends_with(NotifyFailed.exit_code)
    with pytest.raises(maintenance.AirflowException) as told:
        maintenance.run_command("alerts", "send")
    assert not isinstance(told.value, maintenance.AirflowFailException)
