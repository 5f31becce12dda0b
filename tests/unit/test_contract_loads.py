"""How a table may be handed over is checked when its contract is, all problems at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from lake_config.contract import Load
from lake_config.contract_loader import load_contract, load_contracts
from lake_config.contract_loads import OPERATION
from lake_config.errors import ContractError
from lake_config.settings import ROOT
from tests.lib import changing_sources as made
from tests.lib.changing_sources import BENEFITS, PAYMENTS, PERMITS

GOOD = made.LOADS[PAYMENTS]


def loaded(folder: Path, table: str, load: Any, **columns: Any) -> Load:
    data = yaml.safe_load(made.contract_text())
    [found] = [item for item in data["schema"] if item["name"] == table]
    [own] = [item for item in found["customProperties"] if item["property"] == "load"]
    own["value"] = load
    for item in found["properties"]:
        item |= columns.get(item["name"], {})
    path = folder / f"{made.DEPARTMENT}.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")
    return load_contract(path).table(table).load


def test_full_is_what_a_contract_says_that_says_nothing() -> None:
    contracts = load_contracts(ROOT / "lake_config" / "contracts")
    loads = {table.load for contract in contracts for table in contract.tables}
    assert Load() in loads and Load().kind == "full"


def test_what_is_declared_is_what_is_loaded(tmp_path: Path) -> None:
    assert loaded(tmp_path, PAYMENTS, GOOD) == Load("incremental", "changed_on", 2, 3)
    assert loaded(tmp_path, PERMITS, made.LOADS[PERMITS]) == Load(
        "change_feed", "", 0, 4
    )
    assert loaded(tmp_path, PAYMENTS, {"kind": "full"}) == Load()


KEYLESS = {"payment_no": {"primaryKey": False}}
TEXT = {"logicalType": "string", "physicalType": "varchar(9)"}
A_PERSON = {
    "customProperties": [{"property": "semanticType", "value": "identity_number"}]
}
DAY_FIRST = {"logicalTypeOptions": {"format": "dd.MM.yyyy"}}


@pytest.mark.parametrize(
    ("table", "load", "columns", "problems"),
    [
        (PAYMENTS, GOOD | {"kind": "full"}, {}, ["不需要其他键"]),
        (PAYMENTS, GOOD | {"kind": "some"}, {}, ["kind 只能是"]),
        (PAYMENTS, {"kind": "incremental"}, {}, ["changeColumn", "lateness", "reconcileEvery"]),
        (PAYMENTS, GOOD | {"colour": 1}, {}, ["colour"]),
        (PAYMENTS, GOOD | {"lateness": -1, "reconcileEvery": 0}, KEYLESS,
         ["lateness 不能为负", "reconcileEvery 至少", "primaryKey"]),
        (PAYMENTS, GOOD | {"changeColumn": "nothing"}, {}, ["列不存在"]),
        (PAYMENTS, GOOD | {"changeColumn": "amount"}, {}, ["须为整数"]),
        (PAYMENTS, GOOD, {"changed_on": A_PERSON}, ["semanticType 只能是"]),
        (PAYMENTS, GOOD, {"changed_on": TEXT}, ["须为整数"]),
        (BENEFITS, GOOD, {"changed_on": DAY_FIRST}, ["按年月日的顺序"]),
        (PERMITS, GOOD, {}, ["只能用于前置库", "列不存在"]),
        (PAYMENTS, {"kind": "change_feed", "reconcileEvery": 2}, {}, ["只能用于文件"]),
        (PERMITS, {"kind": "change_feed", "reconcileEvery": 2, "lateness": 1}, {},
         ["只用于 incremental"]),
        (PERMITS, {"kind": "change_feed", "reconcileEvery": 2},
         {"note": {"name": OPERATION}}, ["留给变更文件"]),
    ],
)  # fmt: skip
def test_problems_are_told_all_at_once(
    tmp_path: Path, table: str, load: Any, columns: Any, problems: list[str]
) -> None:
    with pytest.raises(ContractError) as raised:
        loaded(tmp_path, table, load, **columns)
    told = "\n".join(raised.value.problems)
    assert all(problem in told for problem in problems), told
    assert len(raised.value.problems) == len(problems), told
