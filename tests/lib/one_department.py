"""A lake with one department that is only a contract: teachers, by a gatekeeper drop."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

from audit.ledger import init_ledger
from lake_config.contract_loader import load_contracts
from lake_config.settings import ROOT, Settings, load
from privacy.approval import sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from simulation.deliver.gatekeeper import entry, write_manifest
from tests.lib.quality_cases import identity_number

DEPARTMENT, TABLE = "education", "teacher_certificates"
CONTRACT = ROOT / "tests" / "lib" / "contracts" / "education.yaml"
NAMES = "certificate_no identity_number person_name subject issued_on".split()
BROKEN = 7


def teachers(count: int = 60, first: int = 0) -> list[list[str]]:
    """Invented teachers; row BROKEN has an identity number with a wrong check digit."""
    made = []
    for number in range(first, first + count):
        identity = identity_number(f"2312021980{number % 12 + 1:02d}15{number:03d}")
        if number - first == BROKEN:
            identity = identity[:-1] + ("1" if identity[-1] != "1" else "2")
        subject = ("数学", "语文", "物理")[number % 3]
        made.append([f"{number:017d}", identity, "赵老师", subject, "2020-07-01"])
    return made


def hand_over(settings: Settings, rows: list[list[str]], day: date) -> None:
    """The drop of a delivery date, manifest last."""
    drop = settings.home / "sources" / DEPARTMENT / "drop" / day.isoformat()
    drop.mkdir(parents=True, exist_ok=True)
    path = drop / "teachers.csv"
    with path.open("w", encoding="gb18030", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([NAMES, *rows])
    write_manifest(drop, DEPARTMENT, day, [entry(path, TABLE, len(rows))])


def signed_lake(home: Path, contracts: Path, officer: str) -> Settings:
    """Keys, ledger, and the one contract, signed."""
    contracts.mkdir(parents=True, exist_ok=True)
    shutil.copy(CONTRACT, contracts)
    settings = load({"LAKE_HOME": str(home), "LAKE_CONTRACTS": str(contracts)})
    init_keys(settings)
    init_ledger(settings)
    enrol_officer(settings, officer)
    for contract in load_contracts(contracts):
        sign(settings, officer, contract, POLICY_VERSION)
    return settings


def share_no_more(settings: Settings) -> None:
    """The catalogue now says 不予共享, with its legal basis (law L01)."""
    path = settings.contracts / CONTRACT.name
    text = path.read_text("utf-8").replace(
        "shareType, value: 有条件", "shareType, value: 不予"
    )
    text = text.replace("{property: shareCondition, ", "{property: legalBasis, ")
    path.write_text(text, encoding="utf-8")
