"""A narrowed, temporary login must not find a way to more than it was given.

Replays the class of CVE-2025-62506: from a session that may read one bucket, everything is
tried that could mint another login, widen a policy, or reach the account's other buckets.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from minio.error import MinioAdminException

from storage.administrator import NO_ADMINISTRATION, Login, admin_client
from storage.check.findings import DoesNotApply, Finding, finding
from storage.check.place import Place
from storage.check.wire import DENIED
from storage.check.write_once import SUSPENDED

EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:*"], "Resource": ["arn:aws:s3:::*"]},
        {"Effect": "Allow", "Action": ["admin:*"]},
    ],
}
ADMINISTRATION = "minio/admin/v3"
"""Where the administration API lies on those stores that have it."""
ALL = json.dumps(EVERYTHING).encode()
MINTED: dict[str, dict[str, Any] | None] = {"全部权限": EVERYTHING, "本人权限": None}
PASSWORD = secrets.token_urlsafe(24)


def sessions(place: Place) -> Finding:
    """With an account that may administer nothing, and with one of which nothing is said."""
    if not place.accounts.served():
        raise DoesNotApply("没有账号管理接口，也就不向作业发放临时凭据")
    narrow, wide = place.bucket("narrow"), place.bucket("wide")
    for name in (narrow, wide):
        place.put(f"{name}/rows", b"rows")

    def tried() -> Iterator[tuple[str, bool]]:
        for kind, more in (("held", [NO_ADMINISTRATION]), ("plain", [])):
            whole = _policy(narrow, wide)
            whole["Statement"] += more
            account = place.account(f"session-{kind}", whole)
            session = _session(place, account, _reading(narrow))
            if session is None:
                raise DoesNotApply("没有发放临时凭据的接口；数据湖的作业不用它")
            escape = _Escape(place, session, narrow, wide)
            yield "收窄后仍可读本桶", place.ask("GET", f"{narrow}/rows", session).ok
            for what, request in escape.requests().items():
                yield what, escape.refused(request)
            for what, policy in MINTED.items():
                yield f"另发凭据：{what}", not escape.mint(policy)
                yield f"换取凭据：{what}", not escape.again(policy)

    return finding(tried())


def _policy(*buckets: str) -> dict[str, Any]:
    both = [f"arn:aws:s3:::{name}" for name in buckets]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": both},
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
                "Resource": [f"{arn}/*" for arn in both],
            },
        ],
    }


def _reading(bucket: str) -> dict[str, Any]:
    may = {"Effect": "Allow", "Action": ["s3:GetObject"]}
    resource = [f"arn:aws:s3:::{bucket}/*"]
    return {"Version": "2012-10-17", "Statement": [{**may, "Resource": resource}]}


def _session(place: Place, login: Login, policy: dict[str, Any] | None) -> Login | None:
    """A temporary login, for an account or for another session; None when refused."""
    form = {"Action": "AssumeRole", "Version": "2011-06-15", "DurationSeconds": "3600"}
    if policy:
        form["Policy"] = json.dumps(policy)
    sort = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(form).encode()
    answer = place.ask("POST", "", login, headers=sort, body=body, session=True)
    if not answer.ok:
        return None
    access, secret = answer.word("AccessKeyId"), answer.word("SecretAccessKey")
    return Login(access, secret, answer.word("SessionToken"))


Asked = tuple[str, str, dict[str, str], bytes]


class _Escape:
    """The session, and what it must not come to."""

    def __init__(self, place: Place, session: Login, narrow: str, wide: str) -> None:
        self.place, self.session = place, session
        self.narrow, self.wide = narrow, wide

    def refused(self, asked: Asked) -> bool:
        """As not allowed: any other reason would say nothing."""
        method, path, query, body = asked
        answer = self.place.ask(method, path, self.session, query=query, body=body)
        return answer.status == DENIED

    def requests(self) -> dict[str, Asked]:
        return {**self._to_buckets(), **self._to_accounts(), **self._to_server()}

    def _to_buckets(self) -> dict[str, Asked]:
        narrow, wide = self.narrow, self.wide
        return {
            "读取别的桶": ("GET", f"{wide}/rows", {}, b""),
            "列出别的桶": ("GET", wide, {"list-type": "2"}, b""),
            "列出本桶": ("GET", narrow, {"list-type": "2"}, b""),
            "写入本桶": ("PUT", f"{narrow}/x", {}, b"x"),
            "写入别的桶": ("PUT", f"{wide}/x", {}, b"x"),
            "删除对象": ("DELETE", f"{narrow}/rows", {}, b""),
            "分段写入": ("POST", f"{wide}/x", {"uploads": ""}, b""),
            "新建桶": ("PUT", f"{wide}-new", {}, b""),
            "删除桶": ("DELETE", wide, {}, b""),
            "改桶策略": ("PUT", wide, {"policy": ""}, ALL),
            "查看桶策略": ("GET", wide, {"policy": ""}, b""),
            "停用版本保留": ("PUT", wide, {"versioning": ""}, SUSPENDED),
        }

    def _to_accounts(self) -> dict[str, Asked]:
        name, own = f"{self.place.prefix}-x", self.session.access
        given = {"policyName": "readwrite", "userOrGroup": own, "isGroup": "false"}
        wanted: dict[str, Asked] = {
            "新建账号": ("PUT", "add-user", {"accessKey": name}, b"x"),
            "改本人口令": ("PUT", "add-user", {"accessKey": own}, b"x"),
            "列出账号": ("GET", "list-users", {}, b""),
            "写策略": ("PUT", "add-canned-policy", {"name": name}, ALL),
            "列出策略": ("GET", "list-canned-policies", {}, b""),
            "给自己换策略": ("PUT", "set-user-or-group-policy", given, b""),
            "附加策略": ("POST", "idp/builtin/policy/attach", {}, b"x"),
            "改用户组": ("PUT", "update-group-members", {}, b"{}"),
            "列出他人凭据": ("GET", "list-service-accounts", {"user": name}, b""),
            "导出账号": ("GET", "export-iam", {}, b""),
            "导入账号": ("PUT", "import-iam", {}, b"PK"),
        }
        return {what: _administration(asked) for what, asked in wanted.items()}

    def _to_server(self) -> dict[str, Asked]:
        key = {"key-id": self.place.prefix}
        wanted: dict[str, Asked] = {
            "读取配置": ("GET", "get-config-kv", {"key": "api"}, b""),
            "修改配置": ("PUT", "set-config-kv", {}, b"x"),
            "新建密钥": ("POST", "kms/key/create", key, b""),
            "查看服务器": ("GET", "info", {}, b""),
            "加入复制站点": ("PUT", "site-replication/add", {}, b"x"),
        }
        return {what: _administration(asked) for what, asked in wanted.items()}

    def mint(self, policy: dict[str, Any] | None) -> bool:
        """A service account, with this policy or the maker's own: is it worth more?"""
        login = Login(f"X{secrets.token_hex(8)}", PASSWORD)
        try:
            admin_client(self.place.settings, self.session).add_service_account(
                access_key=login.access, secret_key=login.secret, policy=policy
            )
        except MinioAdminException:
            return False
        return self._worth_more(login)

    def again(self, policy: dict[str, Any] | None) -> bool:
        """Another session from this one: is it worth more?"""
        session = _session(self.place, self.session, policy)
        return session is not None and self._worth_more(session)

    def _worth_more(self, login: Login) -> bool:
        reads = self.place.ask("GET", f"{self.wide}/rows", login).ok
        writes = self.place.ask("PUT", f"{self.narrow}/more", login, body=b"x").ok
        return reads or writes


def _administration(asked: Asked) -> Asked:
    method, path, query, body = asked
    return method, f"{ADMINISTRATION}/{path}", query, body
