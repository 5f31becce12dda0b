"""What the generated policies allow is the table of duties: no more, and no less."""

from __future__ import annotations

import itertools
import json
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from lake_config.duties import DEPARTMENT_ZONES, LEDGER, ZONES, Duty, Right, may
from lake_config.layers import bucket, ledger_bucket
from lake_config.settings import Settings
from storage.accounts import Policy, policy
from storage.setup import write_policies

DEPARTMENTS = ("civil_affairs", "medical_insurance", "public_security")
PREFIX = "city"
ACTIONS = {
    Right.READ: ("s3:GetObject", "s3:ListBucket"),
    Right.WRITE: ("s3:PutObject", "s3:AbortMultipartUpload"),
    Right.DELETE: ("s3:DeleteObject",),
}
NEVER = (
    "s3:DeleteObjectVersion",
    "s3:BypassGovernanceRetention",
    "s3:PutObjectRetention",
    "s3:PutBucketPolicy",
    "s3:DeleteBucket",
    "s3:CreateBucket",
    "s3:ListAllMyBuckets",
    "s3:PutLifecycleConfiguration",
    "s3:PutEncryptionConfiguration",
)


def allows(made: Policy, action: str, resource: str) -> bool:
    """How S3 reads a policy: some statement allows it, and none is a wild card."""
    return any(
        any(fnmatchcase(action, item) for item in statement["Action"])
        and any(fnmatchcase(resource, item) for item in statement["Resource"])
        for statement in made["Statement"]
        if statement["Effect"] == "Allow"
    )


def place(zone: str, department: str) -> str:
    if zone == LEDGER:
        return ledger_bucket(PREFIX)
    return bucket(PREFIX, zone, department)


@pytest.mark.parametrize(("duty", "zone"), itertools.product(Duty, ZONES))
def test_policy_is_the_table(duty: Duty, zone: str) -> None:
    made = policy(duty, PREFIX, DEPARTMENTS)
    for department, right in itertools.product(DEPARTMENTS, Right):
        arn = f"arn:aws:s3:::{place(zone, department)}"
        for action in ACTIONS[right]:
            tail = "" if action == "s3:ListBucket" else "/patients/part-0.parquet"
            assert allows(made, action, arn + tail) == may(duty, zone, right), action


@pytest.mark.parametrize("duty", Duty)
def test_nothing_broader(duty: Duty) -> None:
    made = policy(duty, PREFIX, DEPARTMENTS)
    known = {place(zone, name) for zone in ZONES for name in DEPARTMENTS}
    for statement in made["Statement"]:
        assert not any("*" in action for action in statement["Action"])
        assert {item[13:].removesuffix("/*") for item in statement["Resource"]} <= known
    for name, action in itertools.product(known, NEVER):
        assert not allows(made, action, f"arn:aws:s3:::{name}/x")
        assert not allows(made, action, f"arn:aws:s3:::{name}")


def test_a_longer_name_is_another_bucket() -> None:
    """`lake-raw-civil/*` must not reach `lake-raw-civil-affairs`."""
    made = policy(Duty.RETENTION, PREFIX, ("civil",))
    assert allows(made, "s3:GetObject", "arn:aws:s3:::city-raw-civil/x")
    assert not allows(made, "s3:GetObject", "arn:aws:s3:::city-raw-civil-affairs/x")


def test_what_the_issue_asks_of_the_table() -> None:
    assert not may(Duty.SHARING, "raw", Right.READ)
    assert not may(Duty.SHARING, "staging", Right.READ)
    assert not may(Duty.MASKER, "shared", Right.WRITE)
    assert not may(Duty.PUBLISHER, "raw", Right.READ)
    for zone in DEPARTMENT_ZONES:
        deleting = {duty for duty in Duty if may(duty, zone, Right.DELETE)}
        own = {Duty.MASKER} if zone == "staging" else set()
        assert deleting == {Duty.RETENTION} | own


def test_no_department_no_bucket() -> None:
    for duty in Duty:
        made = policy(duty, PREFIX, ())
        assert not allows(made, "s3:GetObject", "arn:aws:s3:::city-raw-x/y")


def test_policies_are_written_for_an_administrator(
    settings: Settings, tmp_path: Path
) -> None:
    from lake_config.contract_loader import load_contracts

    contracts = load_contracts(settings.contracts)
    written = write_policies(settings, contracts, tmp_path / "policies")
    assert [path.stem for path in written] == [f"lake-{duty}" for duty in Duty]
    for path, duty in zip(written, Duty, strict=True):
        departments = [contract.department for contract in contracts]
        assert json.loads(path.read_text()) == policy(duty, "lake", departments)
