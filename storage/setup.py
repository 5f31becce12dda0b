"""Makes a store fit for a lake: buckets, encryption, one account per duty.

Idempotent: what is as it should be is left alone, secrets are never changed, and every
change that was made is given back as a sentence. Nothing is ever deleted here but rights.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from minio import Minio
from minio.commonconfig import COMPLIANCE, ENABLED
from minio.error import S3Error
from minio.objectlockconfig import DAYS, ObjectLockConfig
from minio.sseconfig import Rule, SSEConfig
from minio.versioningconfig import SUSPENDED, VersioningConfig

from lake_config.contract import Contract
from lake_config.duties import RAW, Duty
from lake_config.errors import StoreUnfit
from lake_config.layers import bucket, ledger_bucket
from lake_config.settings import Settings, write_private
from storage.accounts import account_name, all_buckets, policy
from storage.administrator import (
    NO_ADMINISTRATION,
    Accounts,
    Login,
    administrator,
    client,
    ordered,
    told,
)
from storage.department_keys import SEALED, make_keys

BY_HAND = (
    "这个存储没有账号管理接口：请执行 ./lake storage policies --to 目录，由存储管理员"
    "按这些策略为每项职责建一个账号，并把“账号:口令”写入 secrets/store_职责（权限 0600）。"
)


def set_up(settings: Settings, contracts: Sequence[Contract]) -> list[str]:
    """Everything the lake needs of its store; what was changed, one sentence each."""
    login = administrator(settings)
    with told("准备存储"):
        store = client(settings, login)
        changes = [
            *_buckets(settings, store, departments(contracts)),
            *_ledger_bucket(settings, store),
            *_encryption(settings, store, contracts),
            *make_keys(settings, departments(contracts)),
        ]
        accounts = Accounts(settings, login)
        if not accounts.served():
            return [*changes, BY_HAND]
        for duty in Duty:
            changes += _account(settings, accounts, duty, departments(contracts))
    return changes


def departments(contracts: Sequence[Contract]) -> list[str]:
    return sorted(contract.department for contract in contracts)


def _buckets(settings: Settings, store: Minio, names: Sequence[str]) -> Iterator[str]:
    ledger = ledger_bucket(settings.store_prefix)
    held = (
        item for item in all_buckets(settings.store_prefix, names) if item != ledger
    )
    for name in held:
        if store.bucket_exists(name) and _keeps_versions(store, name):
            store.set_bucket_versioning(name, VersioningConfig(SUSPENDED))
            yield f"存储桶 {name} 不再保留旧版本：删除的内容必须真的消失"
    for name in all_buckets(settings.store_prefix, names):
        if not store.bucket_exists(name):
            # A lock can be had from the first moment only.
            store.make_bucket(name, settings.store_region, object_lock=name == ledger)
            yield f"新建存储桶 {name}"
        if _opened_by_a_bucket_policy(store, name):
            store.delete_bucket_policy(name)
            yield f"撤销存储桶 {name} 自带的访问策略：权限只按职责账号授予"


def _keeps_versions(store: Minio, name: str) -> bool:
    return store.get_bucket_versioning(name).status == ENABLED


def _opened_by_a_bucket_policy(store: Minio, name: str) -> bool:
    try:
        return bool(store.get_bucket_policy(name))
    except S3Error as error:
        if error.code != "NoSuchBucketPolicy":
            raise
        return False


def _ledger_bucket(settings: Settings, store: Minio) -> Iterator[str]:
    """Write-once for so many days, against everybody; never shortened here."""
    name, days = ledger_bucket(settings.store_prefix), settings.store_lock_days
    if store.get_bucket_versioning(name).status != ENABLED:
        store.set_bucket_versioning(name, VersioningConfig(ENABLED))
        yield f"存储桶 {name} 保留全部版本"
    held = store.get_object_lock_config(name)
    kept = (held.duration or 0) * (1 if held.duration_unit == DAYS else 365)
    if held.mode != COMPLIANCE or kept < days:
        store.set_object_lock_config(name, ObjectLockConfig(COMPLIANCE, days, DAYS))
        yield f"存储桶 {name} 写入后 {days} 天内不可改、不可删"


def _encryption(
    settings: Settings, store: Minio, contracts: Sequence[Contract]
) -> Iterator[str]:
    """Raw lies encrypted, and with it the quarantine, which is a part of it."""
    if settings.store_encryption in ("none", SEALED):
        return
    for contract in contracts:
        name = bucket(settings.store_prefix, RAW, contract.department)
        wanted = _rule(settings, contract)
        held = store.get_bucket_encryption(name)
        rule = held.rule if held else None
        same = rule and (rule.sse_algorithm, rule.kms_master_key_id) == (
            wanted.sse_algorithm,
            wanted.kms_master_key_id,
        )
        if not same:
            _encrypt(store, name, wanted)
            yield f"存储桶 {name} 默认加密：{settings.store_encryption}"


def _encrypt(store: Minio, name: str, rule: Rule) -> None:
    try:
        store.set_bucket_encryption(name, SSEConfig(rule))
    except S3Error as error:
        key = rule.kms_master_key_id or "存储自带的密钥"
        raise StoreUnfit(
            f"存储桶 {name} 不能以密钥 {key} 加密（{error.code}）。请由密钥管理员建立它，"
            "或改用 LAKE_STORE_KMS_KEY、LAKE_STORE_ENCRYPTION 的其他取值。"
        ) from None


def _rule(settings: Settings, contract: Contract) -> Rule:
    if settings.store_encryption == "sse-s3":
        return Rule.new_sse_s3_rule()
    here = settings.server_environment
    zone = next(
        item.network_zone for item in contract.servers if item.environment == here
    )
    key = settings.store_kms_key.format(zone=zone, department=contract.department)
    return Rule.new_sse_kms_rule(key.replace("_", "-"))


def _account(
    settings: Settings, accounts: Accounts, duty: Duty, names: Sequence[str]
) -> Iterator[str]:
    name = account_name(settings.store_prefix, duty)
    wanted = _policy(settings, duty, names)
    if accounts.policy(name) != ordered(wanted):
        accounts.put_policy(name, wanted)
        yield f"策略 {name} 按职责表写入"
    login, fresh = _login(settings, duty)
    held = None if fresh else accounts.account(name)
    if held is None:
        accounts.put_account(login)
        yield f"账号 {name} 建立，口令在 secrets/store_{duty}"
    if held is None or held.get("policyName") != name:
        accounts.attach(name, name)
        yield f"账号 {name} 只有本职责的权限"


def _policy(settings: Settings, duty: Duty, names: Sequence[str]) -> dict[str, object]:
    made = policy(duty, settings.store_prefix, names)
    return {**made, "Statement": [*made["Statement"], NO_ADMINISTRATION]}


def _login(settings: Settings, duty: Duty) -> tuple[Login, bool]:
    """The duty's login, and whether it was made just now."""
    path = settings.layers.secrets / f"store_{duty}"
    fresh = not path.exists()
    if fresh:
        name = account_name(settings.store_prefix, duty)
        write_private(path, f"{name}:{secrets.token_urlsafe(30)}")
    access, _, secret = settings.secret(path.name).partition(":")
    return Login(access, secret), fresh


def write_policies(
    settings: Settings, contracts: Sequence[Contract], folder: Path
) -> list[Path]:
    """One policy file per duty, for an administrator who makes the accounts by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for duty in Duty:
        name = account_name(settings.store_prefix, duty)
        made = policy(duty, settings.store_prefix, departments(contracts))
        path = folder / f"{name}.json"
        path.write_text(json.dumps(made, indent=2) + "\n", "utf-8")
        written.append(path)
    return written
