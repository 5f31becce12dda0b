"""The ledger's and the officers' commands for people."""

from __future__ import annotations

from rich.console import Console

from audit.ledger import init_ledger
from audit.verify import verify
from lake_config.errors import LedgerBroken
from lake_config.settings import Settings
from ops.pipeline import find_contract
from privacy.approval import lowered_columns, sign
from privacy.keys import init_keys
from privacy.officers import enrol_officer, revoke_officer
from privacy.policy import POLICY_VERSION


def init_lake(settings: Settings, officers: list[str]) -> None:
    """Keys, ledger and officers of a new lake; what exists is left alone."""
    init_keys(settings)
    init_ledger(settings)
    for name in officers:
        enrol_officer(settings, name)
    Console().print(f"数据湖已就绪：{settings.home}", highlight=False)


def verify_ledger(settings: Settings) -> None:
    """Print the number of events and `ok`, or name the first bad place."""
    result = verify(settings)
    if not result.ok:
        raise LedgerBroken(f"账本核验未通过：{result.place}。{result.message}")
    copied = ""
    if settings.store:
        from ops.ledger_copies import compare_copies

        copied = f"，与存储中的副本一致（{compare_copies(settings):,} 字节）"
    Console().print(f"{result.events} events ok{copied}", highlight=False)


def approve_contract(settings: Settings, department: str, officer: str) -> None:
    """An officer signs the pair (contract, masking policy) by content."""
    contract = find_contract(settings, department)
    console, lower = Console(), lowered_columns(settings, contract, POLICY_VERSION)
    sign(settings, officer, contract, POLICY_VERSION)
    if lower:
        console.print("与现行保护相比降低或改动、须两人签署的列：" + "、".join(lower))
    console.print(
        f"{officer} 已签署：{contract.business_name} 契约 {contract.digest[:12]}，"
        f"脱敏策略 {POLICY_VERSION}。",
        highlight=False,
        markup=False,
    )


def revoke(settings: Settings, officer: str) -> None:
    """What rested on this officer's signature alone is not published any more."""
    revoke_officer(settings, officer)
    Console().print(
        f"安全管理员{officer}已停用，其签署不再有效；有关契约须由其他安全管理员重新签署。"
    )
