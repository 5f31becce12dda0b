"""The store under test: the check's own buckets and accounts there, and their removal."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import urllib3

from lake_config.contract import Contract
from lake_config.settings import Settings
from storage.administrator import Accounts, Login, client, connections
from storage.check.wire import Answer, Request, signed

VERSION = re.compile(r"<Key>([^<]+)</Key>.*?<VersionId>([^<]*)</VersionId>", re.DOTALL)


class Victim(Protocol):
    """A server of the same kind that may be killed; it holds nothing but this check."""

    settings: Settings

    def kill(self) -> None:
        """At once, without a chance to finish anything."""

    def revive(self) -> None:
        """On the same data; answers when this returns."""


@dataclass
class Place:
    """Where and how hard to try. Everything made here is removed by `clean`."""

    settings: Settings
    login: Login
    rounds: int
    contracts: tuple[Contract, ...] = ()
    victim: Callable[[], AbstractContextManager[Victim]] | None = None
    locked_until: float = 0.0
    _buckets: list[str] = field(default_factory=list)
    _accounts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.prefix = f"{self.settings.store_prefix}-check-{secrets.token_hex(3)}"
        self.http = connections(self.settings)
        self.store = client(self.settings, self.login, self.http)
        self.accounts = Accounts(self.settings, self.login)

    def bucket(self, name: str, lock: bool = False) -> str:
        """A fresh bucket of this run."""
        full = f"{self.prefix}-{name}"
        self.store.make_bucket(full, self.settings.store_region, object_lock=lock)
        self._buckets.append(full)
        return full

    def account(self, name: str, policy: dict[str, Any]) -> Login:
        """A fresh account that may do just this."""
        login = Login(f"{self.prefix}-{name}", secrets.token_urlsafe(24))
        self._accounts.append(login.access)
        self.accounts.put_policy(login.access, policy)
        self.accounts.put_account(login)
        self.accounts.attach(login.access, login.access)
        return login

    def request(
        self, method: str, path: str, login: Login | None = None, **parts: Any
    ) -> Request:
        where = self.settings.store, self.settings.store_region
        return signed(*where, login or self.login, method, f"/{path}", **parts)

    def ask(
        self, method: str, path: str, login: Login | None = None, **parts: Any
    ) -> Answer:
        """Sent again where the connection was found closed; never so in a race."""
        request = self.request(method, path, login, **parts)
        try:
            return request.send(self.http)
        except (urllib3.exceptions.ProtocolError, urllib3.exceptions.SSLError):
            return request.send(self.http)

    def put(self, path: str, body: bytes, **parts: Any) -> Answer:
        return self.ask("PUT", path, body=body, **parts)

    def content(self, path: str) -> bytes | None:
        """What lies there, as the administrator sees it."""
        answer = self.ask("GET", path)
        return answer.body if answer.ok else None

    def clean(self) -> None:
        """Remove what this run made; what is locked goes when its lock ends."""
        time.sleep(max(0.0, self.locked_until - time.time()))
        for name in self._accounts:
            self.accounts.remove(name)
        for name in self._buckets:
            # A rule that is still there would go on marking what is deleted.
            self.ask("DELETE", name, query={"lifecycle": ""})
            self.empty(name)
            self.ask("DELETE", name)

    def empty(self, name: str, key: str = "") -> None:
        """Every version of every object that begins so, and every mark of a deletion."""
        for path, version in self._versions(name, key):
            self.ask("DELETE", f"{name}/{path}", query={"versionId": version})

    def _versions(self, name: str, key: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        more = {"versions": "", "prefix": key}
        while more:
            page = self.ask("GET", name, query=more)
            found += VERSION.findall(page.body.decode(errors="replace"))
            marks = page.word("NextKeyMarker"), page.word("NextVersionIdMarker")
            asked = {"versions": "", "prefix": key, "key-marker": marks[0]}
            more = {**asked, "version-id-marker": marks[1]} if marks[0] else {}
        return found


def md5(body: bytes) -> Mapping[str, str]:
    """S3 wants it beside some bodies; it protects nothing."""
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    return {"Content-MD5": b64encode(digest).decode()}
