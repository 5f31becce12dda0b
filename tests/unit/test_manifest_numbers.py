"""A manifest may promise what is no number of anything: refused, as any manifest that lies."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from jobs.change_feed import promise_of
from jobs.context import Job
from jobs.readers.files import entry_of
from lake_config.errors import DeliveryIncomplete
from tests.lib import changing_sources as made
from tests.lib.changing_sources import DEPARTMENT, PERMITS

DAY = date(2026, 3, 2)
NONE = ("Infinity", "1e999", "NaN", "-1", "[]", '"一"', "null", "9" * 5_000)
"""1e999 is good JSON, and more than a number of the machine holds."""


@pytest.fixture
def job(tmp_path: Path) -> Job:
    settings, contract = made.signed_lake(tmp_path / "lake")
    made.hand_over(settings, DAY, [("U", 1, "0001", "改")], 777, after=2)
    return Job(settings, contract, contract.table(PERMITS), DAY)


def entry(job: Job, **said: str) -> dict[str, Any]:
    """What the reader finds where the manifest's numbers are written so."""
    drop = job.settings.home / "sources" / DEPARTMENT / "drop" / f"{DAY}"
    text = (drop / "manifest.json").read_text("utf-8")
    whole = json.loads(text)
    for name, number in said.items():
        before = f'"{name}": {whole["files"][0][name]}'
        assert text.count(before) == 1
        text = text.replace(before, f'"{name}": {number}')
    (drop / "manifest.json").write_text(text, "utf-8")
    return entry_of(job, job.contract.server_for(job.table, "dev"))


@pytest.mark.parametrize("number", NONE)
@pytest.mark.parametrize("name", ["rows", "sequence", "rows_after"])
def test_what_is_no_number_is_refused(job: Job, name: str, number: str) -> None:
    with pytest.raises(DeliveryIncomplete):
        promise_of(job, entry(job, **{name: number}))


def test_good_numbers_pass(job: Job) -> None:
    made_of = promise_of(job, entry(job))
    assert (made_of.rows, made_of.last, made_of.rows_after) == (1, 777, 2)
