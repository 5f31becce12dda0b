"""Nothing is published on an engineer's word alone: officers sign by content.

A security administrator signs (contract digest, policy version, facts). Only officers
whose public key was enrolled in the ledger count. Lowering a column's protection against
the last approved contract of the department needs two of them. In the small profile their
private keys lie on this machine; in production on the officers' own tokens.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature

from audit.events import canonical, sm3
from audit.ledger import Ledger, open_ledger
from audit.signed_head import make_key, private_key, public_key
from lake_config.contract import (
    CLASSIFICATIONS,
    PERSONAL_GENERAL,
    PERSONAL_NONE,
    PERSONAL_SENSITIVE,
    SEMANTIC_TYPES,
    Contract,
)
from lake_config.errors import NotSigned, UsageError
from lake_config.settings import Settings, write_private

ROLE = "security_administrator"
PROTECTION = (PERSONAL_NONE, PERSONAL_GENERAL, PERSONAL_SENSITIVE)
Facts = dict[str, list[str]]


def facts_of(contract: Contract) -> Facts:
    """What an officer reviews: per column its semantic type and classification."""
    return {
        f"{table.name}.{column.name}": [column.semantic_type, column.classification]
        for table in contract.tables
        for column in table.columns
    }


def enrol_officer(settings: Settings, name: str) -> None:
    """Make an officer's key pair and record its public half in the ledger."""
    private, public = _key_files(settings, name)
    if private.exists():
        return
    make_key(private, public)
    body = {"person": name, "role": ROLE, "key": sm3(public.read_bytes())}
    open_ledger(settings).append("person_enrolled", "system", name, body)


def sign(
    settings: Settings, officer: str, contract: Contract, policy_version: str
) -> None:
    """Sign what the officer reviewed and record it; UsageError for strangers."""
    private, public = _key_files(settings, officer)
    if not private.exists():
        raise UsageError(f"没有安全管理员“{officer}”。请先登记，再签署。")
    signed = _statement(contract.digest, policy_version, facts_of(contract))
    signature = private_key(private).sign(signed).hex()
    content = {
        "department": contract.department,
        "contract": contract.digest,
        "policy": policy_version,
        "officer": officer,
        "facts": facts_of(contract),
        "signature": signature,
    }
    body = {
        "contract": contract.digest,
        "policy": policy_version,
        "officer": officer,
        "facts": sm3(canonical(facts_of(contract))),
        "key": sm3(public.read_bytes()),
    }
    path = (
        settings.layers.approvals / f"{sm3(signed)}.{sm3(officer.encode())[:16]}.json"
    )
    write_private(path, json.dumps(content, ensure_ascii=False, sort_keys=True))
    open_ledger(settings).append("approved", officer, contract.department, body)


def check(
    settings: Settings, contract: Contract, policy_version: str
) -> tuple[str, ...]:
    """Officers who signed this contract under this policy; NotSigned when too few."""
    ledger = open_ledger(settings)
    officers = _signers(settings, ledger, contract, policy_version)
    lowered = _lowered(settings, ledger, contract)
    needed = 2 if lowered else 1
    if len(officers) >= needed:
        return tuple(sorted(officers))
    why = f"其中 {len(lowered)} 列的保护被降低，须两人签署" if lowered else "尚无人签署"
    raise NotSigned(
        f"{contract.department} 的契约 {contract.digest[:12]} 在脱敏策略 {policy_version} "
        f"下{why}（已有 {len(officers)} 人）。请安全管理员审阅后执行："
        f"./lake approve {contract.department} --officer 姓名"
    )


def _signers(
    settings: Settings, ledger: Ledger, contract: Contract, policy_version: str
) -> set[str]:
    wanted = _statement(contract.digest, policy_version, facts_of(contract))
    found = set()
    for approval in _approvals(settings):
        key = _trusted_key(settings, ledger, str(approval.get("officer")))
        if key is not None and _valid(key, approval, wanted):
            found.add(str(approval["officer"]))
    return found


def _valid(key: bytes, approval: dict[str, Any], statement: bytes) -> bool:
    try:
        public_key(key).verify(bytes.fromhex(str(approval["signature"])), statement)
    except (InvalidSignature, KeyError, ValueError):
        return False
    return True


def _trusted_key(settings: Settings, ledger: Ledger, officer: str) -> bytes | None:
    """The officer's public key, only when the ledger says it is theirs."""
    path = _key_files(settings, officer)[1]
    if not path.exists():
        return None
    content = path.read_bytes()
    enrolled = {
        event.body["key"]
        for event in ledger.events()
        if event.kind == "person_enrolled"
        and event.body["role"] == ROLE
        and event.body["person"] == officer
    }
    return content if sm3(content) in enrolled else None


def _lowered(settings: Settings, ledger: Ledger, contract: Contract) -> list[str]:
    """Columns less protected than in the last other contract that was approved."""
    before = _last_approved(settings, ledger, contract)
    now = facts_of(contract)
    return [name for name in before.keys() & now if _weaker(now[name], before[name])]


def _weaker(now: list[str], before: list[str]) -> bool:
    """Any other semantic type that protects less, or a lower classification."""
    kinds = [PROTECTION.index(SEMANTIC_TYPES[kind]) for kind in (now[0], before[0])]
    levels = [CLASSIFICATIONS.index(level) for level in (now[1], before[1])]
    other_kind = now[0] != before[0] and kinds[0] <= kinds[1]
    return other_kind or levels[0] < levels[1]


def _last_approved(settings: Settings, ledger: Ledger, contract: Contract) -> Facts:
    facts = {
        sm3(canonical(item["facts"])): item["facts"] for item in _approvals(settings)
    }
    events = [
        event.body["facts"]
        for event in ledger.events()
        if event.kind == "approved"
        and event.subject == contract.department
        and event.body["contract"] != contract.digest
    ]
    if events and events[-1] not in facts:
        raise NotSigned(
            f"{contract.department} 上一次签署的审阅内容缺失或被改动，无法比较。"
            "请安全管理员从备份恢复 state/approvals。"
        )
    return facts[events[-1]] if events else {}


def _approvals(settings: Settings) -> list[dict[str, Any]]:
    found = []
    for path in sorted(settings.layers.approvals.glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
        except ValueError:
            continue
        if isinstance(content, dict) and isinstance(content.get("facts"), dict):
            found.append(content)
    return found


def _statement(contract: str, policy_version: str, facts: Facts) -> bytes:
    return canonical({"contract": contract, "policy": policy_version, "facts": facts})


def _key_files(settings: Settings, officer: str) -> tuple[Path, Path]:
    """Files are named by digest: an officer's name may hold anything."""
    name = sm3(officer.encode())[:16]
    folder = settings.layers.keys / "officers"
    return folder / f"{name}.key", settings.layers.state / "officers" / f"{name}.pem"
