"""Conditions of a policy: kept, or refused when the policy is handed in; never ignored.

The lake's own policies use none. But whoever adds one by hand must not find that a store
took the words and forgot them (known faults of two servers, security.md finding 2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from minio.error import MinioAdminException

from storage.administrator import Login
from storage.check.findings import Finding, finding
from storage.check.place import Place

NOWHERE = "203.0.113.0/24"
"""Addresses reserved for documentation: nobody comes from there."""
KEPT_OR_REFUSED: dict[str, dict[str, Any]] = {
    "未知的条件键": {"StringEquals": {"lake:nosuchkey": "x"}},
    "未知的存储条件键": {"StringEquals": {"s3:nosuchkey": "x"}},
    "未知的运算符": {"StringSurelyEquals": {"aws:username": "x"}},
    "其他来源地址": {"IpAddress": {"aws:SourceIp": [NOWHERE]}},
    "仅限明文连接": {"Bool": {"aws:SecureTransport": ["false"]}},
    "已经过去的时间": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
}


def conditions(place: Place) -> Finding:
    """Of a bucket's policy, and of an account's where accounts can be made."""
    bucket = place.bucket("conditions")
    path = f"{bucket}/rows"
    place.put(path, b"rows")

    def tried() -> Iterator[tuple[str, bool]]:
        yield from _on_the_bucket(place, bucket, path)
        if place.accounts.served():
            yield from _on_an_account(place, bucket, path)

    return finding(tried(), "存储桶策略与账号策略")


def _statement(bucket: str, condition: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [f"arn:aws:s3:::{bucket}/*"],
    }
    return {**made, "Condition": condition} if condition else made


def _policy(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _on_the_bucket(place: Place, bucket: str, path: str) -> Iterator[tuple[str, bool]]:
    """A policy that lets everybody read, under a condition that nobody meets."""
    for name, condition in {"": {}, **KEPT_OR_REFUSED}.items():
        statement = {"Principal": {"AWS": ["*"]}, **_statement(bucket, condition)}
        body = json.dumps(_policy(statement)).encode()
        place.ask("DELETE", bucket, query={"policy": ""})
        taken = place.put(bucket, body, query={"policy": ""}).ok
        read = _without_a_login(place, path)
        if not name:
            # Else nothing below would show anything.
            yield "存储桶策略：无条件时可读", taken and read
            continue
        yield f"存储桶策略：{name}", not read
    place.ask("DELETE", bucket, query={"policy": ""})


def _without_a_login(place: Place, path: str) -> bool:
    answer = place.http.request(
        "GET", f"{place.settings.store}/{path}", redirect=False, retries=False
    )
    return answer.status == 200


def _on_an_account(place: Place, bucket: str, path: str) -> Iterator[tuple[str, bool]]:
    login = place.account("conditions", _policy(_statement(bucket, {})))
    yield "账号策略：无条件时可读", place.ask("GET", path, login).ok
    for name, condition in KEPT_OR_REFUSED.items():
        taken = _taken(place, login, _policy(_statement(bucket, condition)))
        read = place.ask("GET", path, login).ok
        yield f"账号策略：{name}", not (taken and read)


def _taken(place: Place, login: Login, policy: dict[str, Any]) -> bool:
    """Did the store take this policy in the place of the account's own?"""
    try:
        place.accounts.put_policy(login.access, policy)
    except MinioAdminException:
        return False
    return True
