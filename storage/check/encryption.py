"""Encryption at rest: the kind this deployment asks for is done, and not just taken."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from minio.sse import SseCustomerKey

from storage.check.findings import DoesNotApply, Finding, finding
from storage.check.place import Place
from storage.department_keys import BYTES, SEALED


def encrypted_at_rest(place: Place) -> Finding:
    """What the deployment wants of its raw zone is done, and the store says so."""
    if place.settings.store_encryption == SEALED:
        return finding(_opened_by_its_key_alone(place))
    wanted = {"sse-s3": "AES256", "sse-kms": "aws:kms"}.get(
        place.settings.store_encryption
    )
    if wanted is None:
        raise DoesNotApply("LAKE_STORE_ENCRYPTION 为 none：存储不负责加密")
    bucket = place.bucket("sealed")
    rule = (
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>"
        f"<SSEAlgorithm>{wanted}</SSEAlgorithm>{_key(place)}"
        "</ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
    )
    set_rule = place.put(bucket, rule.encode(), query={"encryption": ""})
    path, header = f"{bucket}/rows", "x-amz-server-side-encryption"
    put = place.put(path, b"rows")
    asked = place.put(f"{path}-asked", b"rows", headers={header: wanted})
    seen = place.ask("HEAD", path).headers.get(header)
    seen_asked = place.ask("HEAD", f"{path}-asked").headers.get(header)
    return finding(
        [
            ("接受默认加密的设置", set_rule.ok),
            ("写入成功", put.ok and asked.ok),
            ("默认加密已实行", seen == wanted),
            ("要求的加密已实行", seen_asked == wanted),
            ("读回一致", place.content(path) == b"rows"),
        ]
    )


def _key(place: Place) -> str:
    """The first department's key stands for all of them."""
    if place.settings.store_encryption != "sse-kms" or not place.contracts:
        return ""
    contract = place.contracts[0]
    name = place.settings.store_kms_key.format(
        zone=contract.servers[0].network_zone, department=contract.department
    ).replace("_", "-")
    return f"<KMSMasterKeyID>{name}</KMSMasterKeyID>"


def _opened_by_its_key_alone(place: Place) -> Iterator[tuple[str, bool]]:
    """Not even the administrator reads what lies under a key the store does not keep."""
    path, rows = f"{place.bucket('sealed')}/rows", secrets.token_bytes(64)
    own, other = (
        SseCustomerKey(secrets.token_bytes(BYTES)).headers() for _ in range(2)
    )
    yield "写入成功", place.put(path, rows, headers=own).ok
    yield "以本密钥读回一致", place.ask("GET", path, headers=own).body == rows
    for what, headers in (("不带密钥", {}), ("换一把密钥", other)):
        answer = place.ask("GET", path, headers=headers)
        yield f"{what}不能读取", not answer.ok and rows not in answer.body
        yield f"{what}不能查看", not place.ask("HEAD", path, headers=headers).ok
    copied = place.put(f"{path}-copy", b"", headers={"x-amz-copy-source": f"/{path}"})
    yield "不带密钥不能复制", not copied.ok
