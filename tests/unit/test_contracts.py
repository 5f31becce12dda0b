"""The loader accepts the five contracts and refuses every damaged one, with its line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lake_config.contract import SEMANTIC_TYPES
from lake_config.contract_loader import check_contracts, load_contract, load_contracts
from lake_config.errors import ContractError
from lake_config.settings import ROOT
from quality.suite import rules_for
from tests.lib.contract_damages import (
    DAMAGES,
    FIVE_MISTAKES,
    FOLDER,
    MEDICAL,
    MISSING,
    POLICE,
    SMALL,
)


def written(folder: Path, text: str) -> Path:
    path = folder / "edited.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_five_contracts_with_about_twenty_tables_load() -> None:
    contracts = load_contracts(FOLDER)
    assert {contract.department for contract in contracts} == {
        "medical_insurance",
        "human_resources",
        "civil_affairs",
        "transport",
        "public_security",
    }
    assert 18 <= sum(len(contract.tables) for contract in contracts) <= 26
    columns = [c for contract in contracts for t in contract.tables for c in t.columns]
    assert {column.semantic_type for column in columns} <= set(SEMANTIC_TYPES)
    assert all(len(contract.digest) == 64 for contract in contracts)


def test_every_planned_defect_has_a_rule_in_several_departments() -> None:
    wanted = (
        "check_digit required unique code parse order sum decodable pattern reference"
    )
    found: dict[str, set[str]] = {}
    for contract in load_contracts(FOLDER):
        for table in contract.tables:
            for rule in rules_for(contract, table):
                found.setdefault(rule.kind, set()).add(contract.department)
    assert all(len(found[kind]) >= 2 for kind in wanted.split())


def test_each_contract_declares_standing_statistics() -> None:
    for contract in load_contracts(FOLDER):
        found = [one for table in contract.tables for one in table.statistics]
        assert found and all(one.business_name for one in found)
        for table in contract.tables:
            for one in table.statistics:
                assert all(table.column(name) for name in one.by)


def test_parents_come_first() -> None:
    for contract in load_contracts(FOLDER):
        seen: set[str] = set()
        for table in contract.parents_first():
            assert {item.parent_table for item in table.references} <= seen | {
                table.name
            }
            seen.add(table.name)
        assert len(seen) == len(contract.tables)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_refused_with_file_line_and_reason(tmp_path: Path, name: str) -> None:
    old, new, word = DAMAGES[name]
    assert old in MEDICAL, "the damage must apply to the contract"
    path = written(tmp_path, MEDICAL.replace(old, new, 1))
    with pytest.raises(ContractError) as caught:
        load_contract(path)
    hits = [text for text in caught.value.problems if word in text]
    assert hits and all(text.startswith("edited.yaml:") for text in hits)


def test_five_mistakes_give_five_messages(tmp_path: Path) -> None:
    """Through the command people use: every mistake, on its own line, and exit code 2."""
    text, planted = MEDICAL, []
    for name in FIVE_MISTAKES:
        old, new, word = DAMAGES[name]
        text = text.replace(old, new, 1)
        planted.append((new, word))
    path = written(tmp_path, text)
    command = [sys.executable, "-m", "ops", "contracts", "check", str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == ContractError.exit_code == 2
    said = done.stderr.splitlines()
    assert len(said) == 5
    for new, word in planted:
        line = text[: text.index(new)].count("\n") + 1
        assert any(s.startswith(f"edited.yaml:{line}: ") and word in s for s in said)


def test_line_of_the_problem_is_the_line_in_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, MEDICAL.replace("tenant: suihua", "tenent: suihua"))
    line = path.read_text("utf-8").split("\n").index("tenent: suihua") + 1
    assert check_contracts((path,))[0].startswith(f"edited.yaml:{line}:")


def test_withheld_data_needs_its_legal_basis(tmp_path: Path) -> None:
    text = MEDICAL.replace("value: 有条件共享", "value: 不予共享", 1)
    assert any(
        "legalBasis" in line for line in check_contracts((written(tmp_path, text),))
    )


def test_returned_data_needs_its_authorisation(tmp_path: Path) -> None:
    text = POLICE.replace("property: authorisationExpires", "property: schedule")
    assert any("授权" in line for line in check_contracts((written(tmp_path, text),)))


def test_relations_in_a_circle_are_refused(tmp_path: Path) -> None:
    """institutions → credit_evaluations → institutions."""
    circle = "        relationships:\n          - {type: foreignKey, to: credit_evaluations.evaluation_no}\n"
    text = MEDICAL.replace(
        "        businessName: 机构名称\n", "        businessName: 机构名称\n" + circle
    )
    assert any("成环" in line for line in check_contracts((written(tmp_path, text),)))


@settings(max_examples=60)
@given(st.data())
def test_random_damage_is_refused_or_loads(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Nothing but ContractError ever comes out, whatever the bytes."""
    content = bytearray(MEDICAL.encode())
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 40))] = data.draw(
            st.binary(max_size=8)
        )
    path = tmp_path_factory.mktemp("damage") / "edited.yaml"
    path.write_bytes(bytes(content))
    try:
        assert load_contract(path).tables
    except ContractError as error:
        assert error.problems


@pytest.mark.parametrize("odd", [MISSING, None, "x", [[1]]], ids=str)
def test_an_odd_value_anywhere_is_refused_or_loads(tmp_path: Path, odd: Any) -> None:
    """The same for well-formed files: each value of one contract in turn."""
    whole = yaml.safe_load(SMALL)
    for number in range(len(list(_slots(whole)))):
        contract = deepcopy(whole)
        holder, key = list(_slots(contract))[number]
        if odd is MISSING:
            del holder[key]
        else:
            holder[key] = odd
        path = written(tmp_path, json.dumps(contract, ensure_ascii=False))
        assert check_contracts((path,)) or load_contract(path).tables


def _slots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a tree that a value can be put into."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node)
    for key, inner in list(pairs):
        yield node, key
        if isinstance(inner, dict | list):
            yield from _slots(inner)
