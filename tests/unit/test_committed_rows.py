"""What an engine says of rows it cannot judge stays with it."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from jobs.committed_rows import no_cell_told
from lake_config.errors import JobFailed

CELL = "231202199001011234"
JOB: Any = SimpleNamespace(batch="civil_affairs.funerals.2026-03-02")


@pytest.mark.parametrize(
    "error", [pl.exceptions.ComputeError, pl.exceptions.PanicException]
)
def test_neither_raised_nor_printed(
    capfd: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    with pytest.raises(JobFailed) as raised, no_cell_told(JOB):
        os.write(2, CELL.encode())
        raise error(CELL)
    assert CELL not in str(raised.value) and raised.value.__cause__ is None
    assert CELL not in capfd.readouterr().err


def test_afterwards_there_is_somewhere_to_print(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with no_cell_told(JOB):
        pass
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"
