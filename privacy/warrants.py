"""Warrants: what takes the signatures of two officers, and may then be done once.

A warrant says what (re-link, destroy, reveal, a linkage group, a grant), about what, with
which facts and until when; officers sign exactly that. The first signature opens it, the
second makes it hold. What was done under it names its digest, and opens it for nobody
again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from audit.events import canonical
from audit.ledger import Ledger
from lake_config.calendar import city_today
from lake_config.digests import sm3
from lake_config.errors import NotSigned
from lake_config.settings import Settings
from privacy.signatures import keep_signature, signed, who_signed

SIGNED = "warrant_signed"
LINK, RELINK, DESTROY, REVEAL = "link", "relink", "destroy", "reveal"
GRANT = "grant"
WORDS = {
    LINK: "可关联组",
    RELINK: "重关联表",
    DESTROY: "销毁密钥",
    REVEAL: "还原身份",
    GRANT: "授权",
}
DONE_BY = {RELINK: "relinked", REVEAL: "vault_opened"}
"""The event that uses a warrant up. A key is destroyed once anyhow; a linkage group and a
grant hold until their day."""
NEEDED = 2
OPEN_DAYS = 7
"""So long the second officer may take, and what was signed may wait."""


@dataclass(frozen=True, slots=True)
class Warrant:
    """Plain facts: names, numbers, dates and digests, never a value."""

    what: str
    about: str
    facts: dict[str, Any]
    until: str
    number: int = 1

    @property
    def statement(self) -> bytes:
        """The very bytes that are signed."""
        return canonical(asdict(self))

    @property
    def digest(self) -> str:
        return sm3(self.statement)

    @property
    def subject(self) -> str:
        return f"{self.what} {self.about}"


def open_warrant(
    ledger: Ledger, what: str, about: str, facts: dict[str, Any]
) -> Warrant:
    """The one that waits for its second signature or its deed; else a new one."""
    today = city_today()
    earlier = _earlier(ledger, what, about)
    for warrant in earlier:
        waits = warrant.until >= today.isoformat() and not used(ledger, warrant)
        if warrant.facts == facts and waits:
            return warrant
    number = 1 + max((warrant.number for warrant in earlier), default=0)
    until = today + timedelta(days=OPEN_DAYS)
    return Warrant(what, about, facts, until.isoformat(), number)


def _earlier(ledger: Ledger, what: str, about: str) -> list[Warrant]:
    return [
        Warrant(what, about, body["facts"], body["until"], body["number"])
        for body in (it.body for it in ledger.newest(SIGNED, f"{what} {about}"))
    ]


def used(ledger: Ledger, warrant: Warrant) -> bool:
    """Was done under it what it allows?"""
    kind = DONE_BY.get(warrant.what)
    done: Iterable[Any] = ledger.newest(kind, warrant.about) if kind else ()
    return any(event.body["warrant"] == warrant.digest for event in done)


def sign_warrant(
    settings: Settings, ledger: Ledger, name: str, warrant: Warrant
) -> None:
    """One officer's signature, recorded; UsageError for strangers."""
    officer, key, signature = signed(settings, ledger, name, warrant.statement)
    place = settings.layers.warrant_signature
    keep_signature(place, warrant.statement, officer, signature)
    body = {
        **asdict(warrant),
        "digest": warrant.digest,
        "officer": officer,
        "key": key,
    }
    del body["about"]
    ledger.append(SIGNED, officer, warrant.subject, body)


def signers(
    settings: Settings, ledger: Ledger, warrant: Warrant, after: int = -1
) -> tuple[str, ...]:
    """Officers of today who signed exactly this, behind entry `after` of the ledger."""
    recorded = (
        event.body["officer"]
        for event in ledger.newest(SIGNED, warrant.subject)
        if event.body["digest"] == warrant.digest and event.index > after
    )
    place = settings.layers.warrant_signature
    return who_signed(settings, ledger, warrant.statement, recorded, place)


def require_warrant(settings: Settings, ledger: Ledger, warrant: Warrant) -> None:
    """NotSigned unless two officers of today signed it, it is not over and not used."""
    found = signers(settings, ledger, warrant)
    about = f"{WORDS[warrant.what]}（{warrant.about}）"
    if date.fromisoformat(warrant.until) < city_today():
        raise NotSigned(f"{about}的批准已于 {warrant.until} 到期，请重新签署。")
    if len(found) < NEEDED:
        raise NotSigned(
            f"{about}须 {NEEDED} 名安全管理员签署，已有 {len(found)} 人。"
            "请安全管理员各以同样的参数加 --officer 姓名 执行一次。"
        )
    if used(ledger, warrant):
        raise NotSigned(f"{about}的批准已用过一次，请重新签署。")
