"""Officers sign corrections by content: no quarantined row is changed on anybody's word.

A signature is over the digests of a department's corrections and of its contract, and
counts as one under a contract does: it stands in the ledger and verifies under the key of
an officer of today.
"""

from __future__ import annotations

import json

from audit.events import canonical
from audit.ledger import open_ledger
from audit.signed_head import private_key
from lake_config.contract import Contract
from lake_config.corrections import Corrections
from lake_config.digests import sm3
from lake_config.errors import NotSigned, UsageError
from lake_config.person_name import person_name
from lake_config.settings import Settings, write_private
from privacy import officers
from privacy.approval import valid

SIGNED = "corrections_signed"


def _statement(contract: Contract, corrections: Corrections) -> bytes:
    return canonical(
        {
            "department": contract.department,
            "contract": contract.digest,
            "corrections": corrections.digest,
        }
    )


def sign_corrections(
    settings: Settings, name: str, contract: Contract, corrections: Corrections
) -> None:
    """Sign what the officer reviewed and record it; UsageError for strangers."""
    officer, ledger = person_name(name), open_ledger(settings)
    keys = officers.public_keys(settings, ledger.events(*officers.KINDS))
    private, _ = officers.key_files(settings, officer)
    if officer not in keys or not private.exists():
        raise UsageError(f"没有安全管理员“{officer}”。请先登记，再签署。")
    statement = _statement(contract, corrections)
    body = {
        "contract": contract.digest,
        "corrections": corrections.digest,
        "rules": [item.ref for item in corrections.items],
        "officer": officer,
        "key": sm3(keys[officer]),
    }
    signature = private_key(private).sign(statement).hex()
    path = settings.layers.correction_signature(sm3(statement), sm3(officer.encode()))
    write_private(path, json.dumps({"signature": signature}))
    ledger.append(SIGNED, officer, contract.department, body)


def check_corrections(
    settings: Settings, contract: Contract, corrections: Corrections
) -> None:
    """NotSigned unless an officer of today signed exactly these."""
    ledger = open_ledger(settings)
    keys = officers.public_keys(settings, ledger.events(*officers.KINDS))
    statement = _statement(contract, corrections)
    wanted = {"contract": contract.digest, "corrections": corrections.digest}
    signers = {
        event.body["officer"]
        for event in ledger.newest(SIGNED, contract.department)
        if wanted.items() <= event.body.items()
    }
    if not any(
        valid(keys[officer], _signature(settings, statement, officer), statement)
        for officer in signers & keys.keys()
    ):
        raise NotSigned(
            f"{contract.department} 的更正规则 {corrections.digest[:12]} 尚无人签署。"
            "请安全管理员审阅后执行："
            f"./lake quarantine sign {contract.department} --officer 姓名"
        )


def _signature(settings: Settings, statement: bytes, officer: str) -> str:
    path = settings.layers.correction_signature(sm3(statement), sm3(officer.encode()))
    try:
        return str(json.loads(path.read_text("utf-8"))["signature"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
