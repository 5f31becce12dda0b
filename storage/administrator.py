"""The administrator's hands on a store: its buckets, and its accounts where it has an API.

Used by set-up and by the storage check; no job ever holds these credentials.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import urllib3
from minio import Minio, MinioAdmin
from minio.credentials import StaticProvider
from minio.error import MinioAdminException, MinioException, S3Error

from lake_config.errors import SettingsError, StoreUnavailable
from lake_config.settings import Settings

ADMINISTRATOR = "store_admin"
TIMEOUT = urllib3.Timeout(connect=5, read=30)
NO_ADMINISTRATION = {"Sid": "NoAdministration", "Effect": "Deny", "Action": ["admin:*"]}
"""Else an account could make itself a second one, which outlives its secret's change."""
GONE = ("XMinioAdminNoSuchUser", "XMinioAdminNoSuchPolicy")


@dataclass(frozen=True, slots=True)
class Login:
    """Who somebody is to the store; a session has a token besides."""

    access: str
    secret: str
    token: str | None = None


def connections(settings: Settings, retries: int = 3) -> urllib3.PoolManager:
    """Connections that trust the store's own authority, where one is named."""
    trusted = ssl.create_default_context(cafile=settings.store_ca or None)
    retry = urllib3.Retry(retries, backoff_factor=0.2, status_forcelist=[503])
    return urllib3.PoolManager(
        timeout=TIMEOUT, retries=retry, ssl_context=trusted, maxsize=32
    )


def client(
    settings: Settings, login: Login, http: urllib3.PoolManager | None = None
) -> Minio:
    """The store as this login sees it."""
    place = urlsplit(settings.store)
    return Minio(
        place.netloc,
        access_key=login.access,
        secret_key=login.secret,
        session_token=login.token,
        secure=place.scheme == "https",
        region=settings.store_region,
        http_client=http or connections(settings),
    )


def admin_client(settings: Settings, login: Login) -> MinioAdmin:
    """The accounts as this login may manage them."""
    place = urlsplit(settings.store)
    return MinioAdmin(
        endpoint=place.netloc,
        credentials=StaticProvider(login.access, login.secret, login.token),
        region=settings.store_region,
        secure=place.scheme == "https",
        http_client=connections(settings),
    )


def administrator(settings: Settings) -> Login:
    """The store's administrator, from a private file."""
    if not settings.store:
        raise SettingsError(
            "没有设置对象存储。请把 LAKE_STORE 设为存储地址（https://…），"
            f"并把管理员账号写入 secrets/{ADMINISTRATOR}（格式 账号:口令，权限 0600）。"
        )
    access, _, secret = settings.secret(ADMINISTRATOR).partition(":")
    return Login(access, secret)


@contextmanager
def told(what: str) -> Iterator[None]:
    """The store's refusals in the lake's words: its code, never its text."""
    try:
        yield
    except S3Error as error:
        raise StoreUnavailable(
            f"对象存储没有完成“{what}”（{error.code}）。"
            f"请核对 secrets/{ADMINISTRATOR} 中的账号和存储服务的状态，然后重新执行。"
        ) from None
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise StoreUnavailable(
            f"对象存储没有完成“{what}”（{type(error).__name__}）。"
            "请检查 LAKE_STORE 的地址、LAKE_STORE_CA 的证书和存储服务的状态。"
        ) from None


def ordered(policy: dict[str, Any]) -> dict[str, Any]:
    """The same policy with its sets as sorted lists."""
    parts = [
        {
            name: sorted(value) if isinstance(value, list) else value
            for name, value in part.items()
        }
        for part in policy["Statement"]
    ]
    return {**policy, "Statement": sorted(parts, key=lambda part: str(part.get("Sid")))}


class Accounts:
    """The store's accounts and policies, by the administration API."""

    def __init__(self, settings: Settings, login: Login) -> None:
        self._api = admin_client(settings, login)

    def served(self) -> bool:
        """Does this store have such an API at all?"""
        try:
            self._api.policy_list()
        except (MinioAdminException, ValueError):
            return False
        return True

    def policy(self, name: str) -> Any:
        """The policy as the store has it, in one order; None when there is none."""
        try:
            return ordered(json.loads(self._api.policy_info(policy_name=name)))
        except MinioAdminException as error:
            return _nothing(error)

    def put_policy(self, name: str, policy: dict[str, Any]) -> None:
        self._api.policy_add(policy_name=name, policy=policy)

    def account(self, name: str) -> Any:
        """The account's facts; None when there is none."""
        try:
            return json.loads(self._api.user_info(access_key=name))
        except MinioAdminException as error:
            return _nothing(error)

    def put_account(self, login: Login) -> None:
        self._api.user_add(access_key=login.access, secret_key=login.secret)

    def attach(self, policy: str, account: str) -> None:
        """This policy, and no other."""
        self._api.policy_set(policy_name=policy, user=account)

    def remove(self, name: str) -> None:
        """An account and its policy of the same name."""
        for removed in (self._api.user_remove, self._api.policy_remove):
            try:
                removed(name)
            except MinioAdminException as error:
                _nothing(error)


def _nothing(error: MinioAdminException) -> None:
    """None where the store says that there is no such thing; any other error goes on."""
    if not any(word in str(error) for word in GONE):
        raise error
