"""A refusal of Spark is told in our words also where the job has a JVM of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.collect import collect
from jobs.context import Job
from lake_config.contract_loader import load_contracts
from lake_config.errors import DeliveryUndecodable
from tests.lib.one_department import TABLE, hand_over, signed_lake, teachers
from tests.lib.small_lake import DAY


def test_a_row_without_its_cells_is_refused(spark: Any, tmp_path: Path) -> None:
    settings = signed_lake(tmp_path / "lake", tmp_path / "contracts", "丙")
    hand_over(settings, [*teachers(), ["only one cell"]], DAY)
    [contract] = load_contracts(settings.contracts)
    job = Job(settings, contract, contract.table(TABLE), DAY)
    job.__dict__["spark"] = spark
    with pytest.raises(DeliveryUndecodable) as refusal:
        collect(job)
    assert job.batch in str(refusal.value) and "only one" not in str(refusal.value)
    assert not [path for path in settings.layers.raw.rglob("*") if path.is_file()]
