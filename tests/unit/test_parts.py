"""What is left of an earlier load is kept where it adds up, and stops nobody where it is torn."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jobs.committed_totals import totals_of
from jobs.context import Job
from jobs.control_totals import ROW_SUM
from jobs.parts import composed, fresh_part, kept_parts
from jobs.readers.extract import Parts
from lake_config.errors import JobFailed
from lake_config.settings import Settings
from tests.lib import quality_cases
from tests.lib.gated_batch import DAY

CARDS = quality_cases.table("cards", [quality_cases.column("no", primary_key=True)])
CONTRACT = quality_cases.contract(CARDS)
ROWS = {"no": ["1", "2"]}
Damage = Callable[[Path], object]


def log_of(part: Path) -> Path:
    return part / "_delta_log" / f"{0:020d}.json"


def data_of(part: Path) -> Path:
    return next(part.glob("*.parquet"))


DAMAGES: dict[str, Damage] = {
    "the log is zeros": lambda part: log_of(part).write_bytes(bytes(200)),
    "the log is empty": lambda part: log_of(part).write_bytes(b""),
    "a file is cut": lambda part: data_of(part).write_bytes(
        data_of(part).read_bytes()[:-20]
    ),
    "a file is zeros": lambda part: data_of(part).write_bytes(
        bytes(data_of(part).stat().st_size)
    ),
    "a file is gone": lambda part: data_of(part).unlink(),
}


def read_before(settings: Settings) -> tuple[Job, Path, Parts]:
    """A batch of which an earlier attempt has read the only part, and its source."""
    job = Job(settings, CONTRACT, CARDS, DAY)
    part = fresh_part(job, 0)
    write_deltalake(str(part), pa.table(ROWS))
    said = totals_of(pl.LazyFrame(ROWS), CARDS, [ROW_SUM])

    def unread(number: int) -> None:
        raise AssertionError(number)

    return job, part, Parts(1, unread, lambda: {0: said})  # type: ignore[arg-type]


def test_a_part_that_adds_up_is_kept(settings: Settings) -> None:
    job, part, parts = read_before(settings)
    assert kept_parts(job, parts) == {0: part}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_torn_part_is_read_again(settings: Settings, damage: Damage) -> None:
    """As a power cut leaves it: no part is synced before the attempt is."""
    job, part, parts = read_before(settings)
    damage(part)
    assert kept_parts(job, parts) == {}


@pytest.mark.parametrize(
    "gone", [shutil.rmtree, lambda part: data_of(part).unlink()], ids=["all", "a file"]
)
def test_parts_that_another_run_took_away_are_no_damage(
    settings: Settings, gone: Damage, tmp_path: Path
) -> None:
    """It was first, and forgot them; or retention has come between. Tried again later."""
    job, part, _ = read_before(settings)
    gone(part)
    with pytest.raises(JobFailed, match="合成"):
        composed(job, [part], tmp_path / "attempt")
