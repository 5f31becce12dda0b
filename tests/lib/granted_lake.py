"""A lake with declared grants, and officers who sign them; batches come from gated_batch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from deltalake import DeltaTable

from audit.ledger import open_ledger
from jobs.context import Job
from lake_config.calendar import city_today
from lake_config.contract import Contract
from lake_config.settings import Settings
from privacy import grants
from privacy.grants import sign_grant
from tests.lib.gated_batch import INVENTED, gated, new_lake, people
from tests.lib.keyed_lake import OFFICERS, with_officers

UNTIL = city_today() + timedelta(days=30)
REMARKS: dict[str, Any] = {
    "name": "remarks",
    "recipient": "research_office",
    "purpose": "statistics",
    "department": "invented",
    "table": "people",
    "columns": ["record_no", "identity_no", "sex", "remark"],
    "options": [{"column": "remark", "option": "masked_text"}],
    "until": UNTIL,
    "reason": "警情分析",
}
COUNT = 40
WHERE = ("research_office", "remarks")


def granting(
    lake: Settings, monkeypatch: pytest.MonkeyPatch, *grants_: dict[str, Any]
) -> Settings:
    """A new lake that declares these grants."""
    new_lake(lake, INVENTED)
    with_officers(lake)
    knows(monkeypatch, INVENTED)
    declare(lake, *grants_)
    return lake


def knows(monkeypatch: pytest.MonkeyPatch, contract: Contract) -> None:
    """The contract that signing finds; the invented one has no file."""
    monkeypatch.setattr(grants, "contract_of", lambda *_: contract)


def declare(lake: Settings, *grants_: dict[str, Any]) -> None:
    text = yaml.safe_dump({"grants": list(grants_)}, allow_unicode=True)
    lake.layers.grants.write_text(text, encoding="utf-8")


def other(**facts: Any) -> dict[str, Any]:
    """The same grant with some of its words changed; None leaves one out."""
    found = {**REMARKS, **facts}
    return {key: value for key, value in found.items() if value is not None}


def signed(lake: Settings, name: str, officers: Sequence[str] = OFFICERS) -> None:
    for officer in officers:
        sign_grant(lake, open_ledger(lake), name, officer)


def yesterday() -> date:
    return city_today() - timedelta(days=1)


def batch_of_remarks(lake: Settings) -> Job:
    rows = people(COUNT)
    for row in rows:
        row["remark"] = f"联系人{row['name']}，电话{row['mobile']}，家住{row['home']}。"
    return gated(lake, INVENTED, "people", rows)[0]


def shared_with(lake: Settings, recipient: str, name: str) -> list[dict[str, Any]]:
    table = lake.layers.shared_table(recipient, "invented", name)
    return DeltaTable(str(table)).to_pyarrow_table().to_pylist()  # type: ignore[no-any-return]
