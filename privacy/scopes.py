"""For whom, for what, and whose data: what decides treatments and keys."""

from __future__ import annotations

from dataclasses import dataclass

from audit.ledger import Ledger
from lake_config.errors import KeyUnavailable
from lake_config.settings import Settings
from privacy.key_changes import make_first
from privacy.key_states import FIRST, Version, current
from privacy.keys import group_scope, key_id_in, own_scope
from privacy.linkage import group_for


@dataclass(frozen=True, slots=True)
class Linked:
    """The classes that are masked under a linkage group's keys instead of the own ones."""

    scope: str
    classes: tuple[str, ...]
    version: Version


@dataclass(frozen=True, slots=True)
class Scope:
    """One department's data for one recipient and purpose, under the versions in force."""

    recipient: str
    purpose: str
    department: str
    version: Version = FIRST
    linked: Linked | None = None

    @property
    def own(self) -> str:
        return own_scope(self.recipient, self.purpose, self.department)

    def key_name(self, key_class: str) -> str:
        """The id of one class's key."""
        if self.linked and key_class in self.linked.classes:
            return key_id_in(self.linked.scope, key_class, self.linked.version)
        return key_id_in(self.own, key_class, self.version)


def scope_in_force(
    settings: Settings, ledger: Ledger, recipient: str, purpose: str, department: str
) -> Scope:
    """With the current versions; KeyUnavailable where there is none, NotSigned where a
    linkage group lacks signatures. Writes nothing."""
    whose = (recipient, purpose, department)
    group = group_for(settings, ledger, *whose)
    linked = None
    if group:
        scope = group_scope(group.name, purpose)
        linked = Linked(scope, group.classes, _current(ledger, scope))
    return Scope(*whose, _current(ledger, own_scope(*whose)), linked)


def first_keys(
    settings: Settings,
    ledger: Ledger,
    recipient: str,
    purpose: str,
    department: str,
    actor: str,
) -> None:
    """Keys for what is masked for the first time; what had keys before is left alone."""
    group = group_for(settings, ledger, recipient, purpose, department)
    if group:
        make_first(settings, ledger, group_scope(group.name, purpose), actor)
    own = own_scope(recipient, purpose, department)
    make_first(settings, ledger, own, actor)


def _current(ledger: Ledger, scope: str) -> Version:
    found = current(ledger, scope)
    if found is None:
        raise KeyUnavailable(
            f"{scope} 没有现行的密钥：没有生成过，或已销毁。步骤没有开始。"
            "需要继续时请执行 ./lake keys rotate 生成新版。"
        )
    return found
