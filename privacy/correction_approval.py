"""Officers sign corrections by content: no quarantined row is changed on anybody's word.

A signature is over the digests of a department's corrections and of its contract, and
counts as one under a contract does: it stands in the ledger and verifies under the key of
an officer of today.
"""

from __future__ import annotations

from audit.events import canonical
from audit.ledger import open_ledger
from lake_config.contract import Contract
from lake_config.corrections import Corrections
from lake_config.errors import NotSigned
from lake_config.settings import Settings
from privacy.signatures import keep_signature, signed, who_signed

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
    ledger, statement = open_ledger(settings), _statement(contract, corrections)
    officer, key, signature = signed(settings, ledger, name, statement)
    body = {
        "contract": contract.digest,
        "corrections": corrections.digest,
        "rules": [item.ref for item in corrections.items],
        "officer": officer,
        "key": key,
    }
    place = settings.layers.correction_signature
    keep_signature(place, statement, officer, signature)
    ledger.append(SIGNED, officer, contract.department, body)


def check_corrections(
    settings: Settings, contract: Contract, corrections: Corrections
) -> None:
    """NotSigned unless an officer of today signed exactly these."""
    ledger, statement = open_ledger(settings), _statement(contract, corrections)
    wanted = {"contract": contract.digest, "corrections": corrections.digest}
    recorded = (
        event.body["officer"]
        for event in ledger.newest(SIGNED, contract.department)
        if wanted.items() <= event.body.items()
    )
    place = settings.layers.correction_signature
    if not who_signed(settings, ledger, statement, recorded, place):
        raise NotSigned(
            f"{contract.department} 的更正规则 {corrections.digest[:12]} 尚无人签署。"
            "请安全管理员审阅后执行："
            f"./lake quarantine sign {contract.department} --officer 姓名"
        )
