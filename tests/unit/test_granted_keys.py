"""A grant without any token: its options need keys, and notice when those change."""

from __future__ import annotations

from typing import Any

import pytest
from deltalake import DeltaTable

from audit.receipts import find
from jobs import granted
from jobs.__main__ import release
from jobs.context import Job
from lake_config.errors import OutOfTurn
from lake_config.settings import Settings
from privacy.key_changes import make_first, rotate
from privacy.keys import own_scope
from tests.lib.gated_batch import INVENTED, gated, people
from tests.lib.granted_lake import granting, other, signed

SCOPE = own_scope("research_office", "statistics", "invented")
FORMAT = {"column": "mobile", "option": "format"}
SHIFT = {"column": "seen_at", "option": "shift"}
CASES = {"mobile-format": FORMAT, "day-shift": SHIFT}


def batch(
    lake: Settings, monkeypatch: pytest.MonkeyPatch, option: dict[str, str]
) -> Job:
    """Of a grant on a column under this option, and one without any key."""
    grant = other(columns=["sex", option["column"]], options=[option])
    granting(lake, monkeypatch, grant)
    signed(lake, "remarks")
    return gated(lake, INVENTED, "people", people(40))[0]


def shared(lake: Settings) -> list[dict[str, Any]]:
    table = lake.layers.shared_table("research_office", "invented", "remarks")
    return list(DeltaTable(str(table)).to_pyarrow_table().to_pylist())


@pytest.mark.parametrize("key_class", CASES)
def test_the_first_of_its_kind_makes_its_key(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, key_class: str
) -> None:
    job = batch(settings, monkeypatch, CASES[key_class])
    assert "1 granted tables" in release(job)
    receipt = find(job.ledger, "masked", f"invented.remarks.{job.date}")
    assert receipt
    assert receipt.body["key_ids"] == [f"{SCOPE};c={key_class};a=sm3;v=1"]
    assert len(shared(settings)) == 40


@pytest.mark.parametrize("key_class", CASES)
def test_what_was_masked_before_a_rotation_is_not_published_after(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, key_class: str
) -> None:
    job = batch(settings, monkeypatch, CASES[key_class])
    make_first(settings, job.ledger, SCOPE, "tests")
    moved = granted.moved

    def rotated_meanwhile(*given: Any, **also: Any) -> Any:
        rotate(settings, job.ledger, SCOPE, "tests")
        return moved(*given, **also)

    with monkeypatch.context() as patch:
        patch.setattr(granted, "moved", rotated_meanwhile)
        with pytest.raises(OutOfTurn, match="密钥已轮换"):
            release(job)
    assert find(job.ledger, "published", f"invented.remarks.{job.date}") is None
    release(job)
    receipt = find(job.ledger, "masked", f"invented.remarks.{job.date}")
    assert receipt
    assert receipt.body["key_ids"] == [f"{SCOPE};c={key_class};a=sm3;v=2"]
