"""Nothing is published on an engineer's word alone: officers sign by content.

A security administrator signs (contract digest, policy version, facts). A signature counts
when the ledger recorded it and it verifies under the key of an officer of today. Lowering
a column's protection needs two officers: see review.py and in_force.py.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from audit.events import Event
from audit.ledger import open_ledger
from lake_config.contract import Contract
from lake_config.digests import sm3
from lake_config.errors import NotSigned
from lake_config.settings import Settings, write_private
from privacy import officers
from privacy.in_force import in_force
from privacy.review import Review, digest_of, lowered, needed, review_of
from privacy.signatures import signed, valid

KINDS = ("approved", "published", *officers.KINDS)
NAMED = 3
Approval = dict[str, Any]


def sign(
    settings: Settings, name: str, contract: Contract, policy_version: str
) -> None:
    """Sign what the officer reviewed and record it; UsageError for strangers."""
    ledger, review = open_ledger(settings), review_of(contract, policy_version)
    officer, key, signature = signed(settings, ledger, name, review.statement)
    body = {
        "contract": review.contract,
        "policy": review.policy,
        "officer": officer,
        "facts": review.facts_digest,
        "key": key,
    }
    content = {**body, "facts": review.facts, "signature": signature}
    file = f"{sm3(review.statement)}.{sm3(officer.encode())[:16]}.json"
    text = json.dumps(content, ensure_ascii=False, sort_keys=True)
    write_private(settings.layers.approvals / file, text)
    ledger.append("approved", officer, review.department, body)


def check(
    settings: Settings, contract: Contract, policy_version: str
) -> tuple[str, ...]:
    """Officers who signed this contract under this policy; NotSigned when too few."""
    review = review_of(contract, policy_version)
    events, approvals = _events(settings), _approvals(settings)
    found = _signers(settings, events, approvals, review)
    lower = _lowered(review, events, approvals)
    if len(found) >= needed(lower):
        return tuple(sorted(found))
    raise NotSigned(
        f"{review.department} 的契约 {review.contract[:12]} 在脱敏策略 {review.policy} "
        f"下{_why(lower)}（已有 {len(found)} 人）。请安全管理员审阅后执行："
        f"./lake approve {review.department} --officer 姓名"
    )


def signatures(
    settings: Settings, contract: Contract, policy_version: str
) -> tuple[Event, ...]:
    """The events of the signatures that count for this contract under this policy, one
    of each officer."""
    review = review_of(contract, policy_version)
    events = _events(settings)
    signers = _signers(settings, events, _approvals(settings), review)
    found = {
        event.body["officer"]: event
        for event in events
        if event.kind == "approved" and _is_about(event, review)
    }
    return tuple(found[officer] for officer in sorted(signers))


def lowered_columns(
    settings: Settings, contract: Contract, policy_version: str
) -> list[str]:
    """Columns that this contract under this policy would protect less than today."""
    review = review_of(contract, policy_version)
    return _lowered(review, _events(settings), _approvals(settings))


def _lowered(
    review: Review, events: Sequence[Event], approvals: Sequence[Approval]
) -> list[str]:
    known = {digest_of(item["facts"]): item["facts"] for item in approvals}
    return lowered(review.facts, in_force(events, known, review))


def _why(lower: list[str]) -> str:
    if not lower:
        return "尚无人签署"
    names = "、".join(lower[:NAMED]) + ("等" if len(lower) > NAMED else "")
    return f"有 {len(lower)} 列的保护被降低或类别被改动（{names}），须两人签署"


def _events(settings: Settings) -> list[Event]:
    return list(open_ledger(settings).events(*KINDS))


def _signers(
    settings: Settings,
    events: Sequence[Event],
    approvals: Sequence[Approval],
    review: Review,
) -> set[str]:
    """Whose signature of exactly this both stands in the ledger and verifies."""
    keys = officers.public_keys(settings, events)
    recorded = {
        event.body["officer"]
        for event in events
        if event.kind == "approved" and _is_about(event, review)
    }
    return {
        officer
        for officer in recorded & keys.keys()
        for approval in approvals
        if approval.get("officer") == officer
        and valid(keys[officer], approval.get("signature"), review.statement)
    }


def _is_about(event: Event, review: Review) -> bool:
    wanted = {
        "contract": review.contract,
        "policy": review.policy,
        "facts": review.facts_digest,
    }
    return wanted.items() <= event.body.items()


def _approvals(settings: Settings) -> list[Approval]:
    found = []
    for path in sorted(settings.layers.approvals.glob("*.json")):
        try:
            content = json.loads(path.read_text("utf-8"))
        except ValueError:
            continue
        if isinstance(content, dict) and isinstance(content.get("facts"), dict):
            found.append(content)
    return found
