"""The store's accounts: one per duty, its policy made from the table of duties alone.

Pure. Deny is the rule: a policy names the buckets and actions of its duty, one by one, and
nothing else. No condition is used, so that no server's reading of conditions matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lake_config.duties import DEPARTMENT_ZONES, LEDGER, RIGHTS, ZONES, Duty, Right
from lake_config.layers import bucket, ledger_bucket

Policy = dict[str, Any]
ON_BUCKET: dict[Right, tuple[str, ...]] = {Right.READ: ("s3:ListBucket",)}
ON_OBJECTS: dict[Right, tuple[str, ...]] = {
    Right.READ: ("s3:GetObject",),
    # A large object is put in parts; giving such an upload up removes no object.
    Right.WRITE: (
        "s3:AbortMultipartUpload",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
    ),
    Right.DELETE: ("s3:DeleteObject",),
}


def account_name(prefix: str, duty: Duty) -> str:
    return f"{prefix}-{duty}"


def buckets_of(prefix: str, zone: str, departments: Sequence[str]) -> list[str]:
    """The buckets of one zone."""
    if zone == LEDGER:
        return [ledger_bucket(prefix)]
    return sorted(bucket(prefix, zone, department) for department in departments)


def all_buckets(prefix: str, departments: Sequence[str]) -> list[str]:
    return [name for zone in ZONES for name in buckets_of(prefix, zone, departments)]


def department_buckets(prefix: str, department: str) -> dict[str, str]:
    """Zone to bucket of one department."""
    return {zone: bucket(prefix, zone, department) for zone in DEPARTMENT_ZONES}


def policy(duty: Duty, prefix: str, departments: Sequence[str]) -> Policy:
    """What the store lets this duty do, as an S3 policy."""
    statements = [
        statement
        for zone, rights in RIGHTS[duty].items()
        for right in sorted(rights)
        for statement in _statements(zone, right, buckets_of(prefix, zone, departments))
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _statements(zone: str, right: Right, buckets: list[str]) -> list[Policy]:
    name = f"{zone.title()}{right.title()}"
    wanted = (
        (f"{name}Bucket", ON_BUCKET.get(right), ""),
        (f"{name}Objects", ON_OBJECTS[right], "/*"),
    )
    return [
        {
            "Sid": sid,
            "Effect": "Allow",
            "Action": list(actions),
            "Resource": [f"arn:aws:s3:::{bucket}{tail}" for bucket in buckets],
        }
        for sid, actions, tail in wanted
        if actions and buckets
    ]
