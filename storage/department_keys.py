"""Keys of the departments' raw rows (SSE-C): with every request, kept by no store.

One secret file per department, `secrets/store_key_<department>`: a service is given only
those of the departments it serves, the police's may lie on a host of their own (law.md
L65). Who has root on the store, or its administrator's login, reads nothing of raw.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterator, Sequence

from minio.sse import SseCustomerKey

from lake_config.duties import RAW, Duty, Right, may
from lake_config.errors import KeyUnavailable
from lake_config.layers import bucket
from lake_config.settings import Settings, write_private

SEALED = "sse-c"
FILE = "store_key_"
BYTES = 32
KEY_HEADER = "X-Amz-Server-Side-Encryption-Customer-Key"


def make_keys(settings: Settings, departments: Sequence[str]) -> Iterator[str]:
    """A key for every department that has none; an existing one is never replaced."""
    if settings.store_encryption != SEALED:
        return
    for department in departments:
        path = settings.layers.secrets / f"{FILE}{department}"
        if not path.exists():
            write_private(path, base64.b64encode(secrets.token_bytes(BYTES)))
            yield f"归集库密钥 secrets/{path.name} 已生成：丢失即读不回，请备份"


def key_of(settings: Settings, department: str) -> bytes:
    """The 32 bytes; KeyUnavailable when they are not there or damaged."""
    name = f"{FILE}{department}"
    if not (settings.layers.secrets / name).exists():
        raise KeyUnavailable(
            f"归集库密钥 secrets/{name} 不在，步骤没有开始。新部门请执行 "
            "./lake storage init；已有数据的部门请从备份恢复，不要新建。"
        )
    try:
        found = base64.b64decode(settings.secret(name), validate=True)
    except binascii.Error:
        found = b""
    if len(found) != BYTES:
        raise KeyUnavailable(f"归集库密钥 secrets/{name} 已损坏，请从备份恢复。")
    return found


def sealing(settings: Settings, zone: str, department: str) -> SseCustomerKey | None:
    """What goes with each request about an object; None where the store needs none."""
    if settings.store_encryption != SEALED or zone != RAW:
        return None
    return SseCustomerKey(key_of(settings, department))


def engine_options(key: SseCustomerKey | None) -> dict[str, str]:
    """The same for delta-rs and polars."""
    if key is None:
        return {}
    return {
        "aws_server_side_encryption": SEALED,
        "aws_sse_customer_key_base64": key.headers()[KEY_HEADER],
    }


def hadoop_options(settings: Settings, duty: str) -> dict[str, str]:
    """The same for Spark, by bucket: of the departments whose keys this host was given."""
    if settings.store_encryption != SEALED or not may(Duty(duty), RAW, Right.READ):
        return {}
    options: dict[str, str] = {}
    for path in sorted(settings.layers.secrets.glob(f"{FILE}*")):
        department = path.name.removeprefix(FILE)
        name = f"fs.s3a.bucket.{bucket(settings.store_prefix, RAW, department)}"
        key = base64.b64encode(key_of(settings, department)).decode()
        options |= {f"{name}.encryption.algorithm": "SSE-C"}
        options |= {f"{name}.encryption.key": key}
    return options
