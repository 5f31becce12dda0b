"""What an exit code of a job means to Airflow: done, skipped, tried again, or failed."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest
from airflow.exceptions import AirflowException
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from lake_config.errors import NOT_SHARED, NOTHING_TO_DO, SKIPPED
from ops.exit_codes import lake_errors


@pytest.fixture
def job_command(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend("dags")
    import job_command

    yield job_command


def test_done_is_a_success(job_command: ModuleType) -> None:
    assert job_command.conclude("land", 0, 1) is None


@pytest.mark.parametrize("code", [40, 42, -9, 143])
def test_what_may_pass_is_tried_again(job_command: ModuleType, code: int) -> None:
    with pytest.raises(AirflowException) as told:
        job_command.conclude("land", code, 1)
    assert type(told.value) is AirflowException


def test_every_other_refusal_fails_at_once(job_command: ModuleType) -> None:
    kinds = [kind for kind in lake_errors() if not kind.transient]
    codes = {kind.exit_code for kind in kinds} - set(SKIPPED)
    assert len(codes) > 20
    for code in codes:
        with pytest.raises(AirflowFailException):
            job_command.conclude("land", code, 1)


def test_nothing_to_do_is_skipped_at_first_and_done_at_the_second_try(
    job_command: ModuleType,
) -> None:
    with pytest.raises(AirflowSkipException):
        job_command.conclude("release", NOTHING_TO_DO, 1)
    job_command.conclude("release", NOTHING_TO_DO, 2)


def test_what_is_not_shared_stays_skipped(job_command: ModuleType) -> None:
    for tries in (1, 2):
        with pytest.raises(AirflowSkipException):
            job_command.conclude("release", NOT_SHARED, tries)
