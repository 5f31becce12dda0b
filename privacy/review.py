"""What an officer reviews and signs: per column what it is, and what becomes of it.

Pure: no files, no ledger. Which facts are compared with which is in in_force.py.
"""

from __future__ import annotations

from dataclasses import dataclass

from audit.events import canonical
from lake_config.contract import CLASSIFICATIONS, SHARE_TYPES, Contract
from lake_config.digests import sm3
from privacy.policy import treatments_of
from privacy.strength import weaker

Facts = dict[str, list[str]]
"""`table.column` to its semantic type, classification, its table's share type, and its
treatment for each purpose."""


@dataclass(frozen=True, slots=True)
class Review:
    """What one signature is about."""

    department: str
    contract: str
    policy: str
    facts: Facts

    @property
    def statement(self) -> bytes:
        """The very bytes that are signed."""
        return canonical(
            {"contract": self.contract, "policy": self.policy, "facts": self.facts}
        )

    @property
    def facts_digest(self) -> str:
        return digest_of(self.facts)


def review_of(contract: Contract, policy_version: str) -> Review:
    """What the security administrator is asked to sign."""
    facts = facts_of(contract)
    return Review(contract.department, contract.digest, policy_version, facts)


def facts_of(contract: Contract) -> Facts:
    return {
        f"{table.name}.{column.name}": [
            column.semantic_type,
            column.classification,
            table.share_type,
            *treatments_of(column.semantic_type),
        ]
        for table in contract.tables
        for column in table.columns
    }


def digest_of(facts: Facts) -> str:
    return sm3(canonical(facts))


def lowered(now: Facts, before: Facts) -> list[str]:
    """Columns that are protected less than before; one that was never seen is new."""
    return sorted(
        name for name in before.keys() & now if _less(now[name], before[name])
    )


def _less(now: list[str], before: list[str]) -> bool:
    """Any other semantic type counts: more sensitive is not always more protected."""
    if len(now) != len(before):
        return True
    kind, level, share, *treated = zip(now, before, strict=True)
    return (
        kind[0] != kind[1]
        or CLASSIFICATIONS.index(level[0]) < CLASSIFICATIONS.index(level[1])
        or SHARE_TYPES.index(share[0]) < SHARE_TYPES.index(share[1])
        or any(weaker(*pair) for pair in treated)
    )


def needed(lower: list[str]) -> int:
    """How many officers must sign."""
    return 2 if lower else 1
