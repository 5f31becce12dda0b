"""One department's broken contract is that department's trouble, and is seen."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jobs.__main__ import main
from lake_config import contract_yaml
from lake_config.contract_loader import (
    contract_of,
    load_contract,
    load_contracts,
    sound_contracts,
)
from lake_config.errors import ContractError, UsageError
from lake_config.settings import ROOT

FOLDER = ROOT / "lake_config" / "contracts"
IMPORTED = """
import sys
sys.path.insert(0, "dags")
import department_pipelines
print([item.department for item in department_pipelines.SOUND])
import broken_contracts
"""


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    """The five departments, one of which declares an unknown key."""
    folder = Path(shutil.copytree(FOLDER, tmp_path / "contracts"))
    with (folder / "transport.yaml").open("a", encoding="utf-8") as file:
        file.write("colour: red\n")
    return folder


def test_the_others_load_and_the_broken_one_says_why(contracts: Path) -> None:
    sound, problems = sound_contracts(contracts)
    assert len(sound) == 4 and "transport" not in {item.department for item in sound}
    assert len(problems) == 1 and problems[0].startswith("transport.yaml:")
    assert contract_of(contracts, "civil_affairs").department == "civil_affairs"
    with pytest.raises(ContractError, match="colour"):
        contract_of(contracts, "transport")
    with pytest.raises(ContractError, match="colour"):
        load_contracts(contracts)


@pytest.mark.parametrize("department", ["nobody", "../contracts/transport", ""])
def test_an_unknown_department_is_told_the_known_ones(
    contracts: Path, department: str
) -> None:
    with pytest.raises(UsageError, match="civil_affairs"):
        contract_of(contracts, department)


def test_a_contract_lies_in_the_file_that_has_its_name(contracts: Path) -> None:
    shutil.copy(contracts / "civil_affairs.yaml", contracts / "civil.yaml")
    _, problems = sound_contracts(contracts)
    assert any("civil_affairs.yaml" in text for text in problems)
    with pytest.raises(ContractError, match="civil_affairs"):
        contract_of(contracts, "civil")


def test_a_job_of_another_department_is_not_stopped(
    contracts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes as far as its own table name, instead of ending in the contract's error."""
    monkeypatch.setenv("LAKE_CONTRACTS", str(contracts))
    asked = ["--table", "no_such", "--date", "2026-03-02"]
    caught: list[str] = []
    monkeypatch.setattr(
        "jobs.__main__._ended",
        lambda *given: caught.append(type(given[-1]).__name__) or 2,
    )
    main(["land", "--department", "civil_affairs", *asked])
    main(["land", "--department", "transport", *asked])
    assert caught == ["UsageError", "ContractError"]


def test_airflow_keeps_the_other_dags_and_shows_the_problem(
    contracts: Path, tmp_path: Path
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", IMPORTED],
        cwd=ROOT,
        env={
            **os.environ,
            "LAKE_CONTRACTS": str(contracts),
            "AIRFLOW_HOME": str(tmp_path / "airflow"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    departments = (
        "['civil_affairs', 'human_resources', 'medical_insurance', 'public_security']"
    )
    assert departments in run.stdout
    assert run.returncode and "ContractError" in run.stderr and "colour" in run.stderr


def test_the_digest_is_of_the_bytes_that_were_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file replaced between reading and hashing must not lend its digest."""
    path = Path(shutil.copy(FOLDER / "transport.yaml", tmp_path))
    before = path.read_bytes()
    compose = contract_yaml.yaml.compose

    def replaced(*given: object, **named: object) -> object:
        path.write_bytes(before + b"# edited\n")
        return compose(*given, **named)

    monkeypatch.setattr(contract_yaml.yaml, "compose", replaced)
    assert load_contract(path).digest == hashlib.new("sm3", before).hexdigest()
