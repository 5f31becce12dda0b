"""Which protection is in force: what newly signed facts are compared with.

Per column the facts of the latest contract under which something of the department was
published; before that, of the latest one that enough officers signed. A contract that was
refused counts for nothing, and columns of removed tables are remembered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from audit.events import Event
from lake_config.errors import NotSigned
from privacy.review import Facts, Review, lowered, needed

Pair = tuple[str, str]


def in_force(
    events: Iterable[Event], known: Mapping[str, Facts], review: Review
) -> Facts:
    """The facts `review` is compared with; its own signatures do not speak for it."""
    signed: Facts = {}
    published: Facts = {}
    signers: dict[Pair, set[str]] = defaultdict(set)
    digests: dict[Pair, str] = {}
    for event in events:
        if event.kind == "approved" and event.subject == review.department:
            pair, digest = _pair(event), event.body["facts"]
            digests[pair] = digest
            signers[pair].add(event.body["officer"])
            facts = _facts(known, digest, review)
            lower = lowered(facts, signed | published)
            enough = len(signers[pair]) >= needed(lower)
            if enough and pair != (review.contract, review.policy):
                signed |= facts
        elif _publishes(event, review):
            published |= _facts(known, digests.get(_pair(event)), review)
    return signed | published


def _pair(event: Event) -> Pair:
    return event.body["contract"], event.body["policy"]


def _publishes(event: Event, review: Review) -> bool:
    return (
        event.kind == "published"
        and event.body["ok"]
        and event.body["department"] == review.department
    )


def _facts(known: Mapping[str, Facts], digest: str | None, review: Review) -> Facts:
    found = known.get(digest or "")
    if found is None:
        raise NotSigned(
            f"{review.department} 以前签署的审阅内容缺失或被改动，无法比较。"
            "请安全管理员从备份恢复 state/approvals。"
        )
    return found
