"""Which linkage group data is masked under, and that nobody joins without two signatures.

A declared group that is not signed by two officers of today, or whose day is over, stops the
masking of what it names: going back to the department's own keys in silence would break
joins that people rely on, and going on would join what nobody allows any more.
"""

from __future__ import annotations

from audit.events import canonical
from audit.ledger import Ledger
from lake_config.calendar import city_today
from lake_config.digests import sm3
from lake_config.errors import KeyUnavailable, NotSigned, UsageError
from lake_config.linkage import FILE_NAME, Group, read_groups
from lake_config.settings import Settings
from privacy.warrants import (
    LINK,
    NEEDED,
    Warrant,
    sign_warrant,
    signers,
)


def group_for(
    settings: Settings, ledger: Ledger, recipient: str, purpose: str, department: str
) -> Group | None:
    """The group in force that names this data; None where no group does."""
    for group in read_groups(settings):
        if group.covers(recipient, purpose, department):
            _refuse_unless_in_force(settings, ledger, group)
            return group
    return None


def require_group(
    settings: Settings, ledger: Ledger, name: str, key_class: str
) -> None:
    """KeyUnavailable or NotSigned unless the group is in force and joins on this class."""
    group = _declared(settings, name)
    if group is None or key_class not in group.classes:
        raise KeyUnavailable(
            f"没有声明可关联组“{name}”，或其不含类别 {key_class}，步骤没有开始。"
            f"请核对 {FILE_NAME}。"
        )
    _refuse_unless_in_force(settings, ledger, group)


def sign_group(
    settings: Settings, ledger: Ledger, name: str, officer: str
) -> tuple[Group, tuple[str, ...]]:
    """One officer signs a declared group; the group, and who has signed it by now."""
    group = _declared(settings, name)
    if group is None:
        raise UsageError(f"{FILE_NAME} 没有声明可关联组“{name}”。请先写明再签署。")
    sign_warrant(settings, ledger, officer, _warrant(group))
    return group, signers(settings, ledger, _warrant(group))


def _declared(settings: Settings, name: str) -> Group | None:
    groups = read_groups(settings)
    return next((group for group in groups if group.name == name), None)


def _warrant(group: Group) -> Warrant:
    """What officers sign: every word of the declaration; its reason by digest."""
    facts = {
        "recipients": list(group.recipients),
        "purpose": group.purpose,
        "departments": list(group.departments),
        "classes": list(group.classes),
        "reason_digest": sm3(canonical({"reason": group.reason})),
    }
    return Warrant(LINK, group.name, facts, group.until.isoformat())


def _refuse_unless_in_force(settings: Settings, ledger: Ledger, group: Group) -> None:
    if group.until < city_today():
        raise KeyUnavailable(
            f"可关联组“{group.name}”已于 {group.until} 到期，步骤没有开始。"
            f"请续期并重新签署，或从 {FILE_NAME} 删去。"
        )
    found = signers(settings, ledger, _warrant(group))
    if len(found) < NEEDED:
        raise NotSigned(
            f"可关联组“{group.name}”须 {NEEDED} 名安全管理员签署，已有 {len(found)} 人，"
            f"步骤没有开始。请执行：./lake keys link {group.name} --officer 姓名"
        )
