"""Sixteen ways to get at a locked object with the administrator's own key; none may work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from storage.check.findings import Finding, finding
from storage.check.place import Place, md5
from storage.check.races import begun

LOCKED = timedelta(seconds=25)
"""Long enough to try everything, short enough to tidy up after it."""
BODY = b"a signed head of the ledger"
BYPASS = {"x-amz-bypass-governance-retention": "true"}
RETENTION = (
    "<Retention><Mode>{}</Mode><RetainUntilDate>{}</RetainUntilDate></Retention>"
)
LIFECYCLE = (
    "<LifecycleConfiguration><Rule><ID>x</ID><Status>Enabled</Status><Filter><Prefix>"
    "</Prefix></Filter><Expiration><Date>{}</Date></Expiration></Rule></LifecycleConfiguration>"
)
SUSPENDED = (
    b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"
)
UNLOCKED = "<ObjectLockConfiguration></ObjectLockConfiguration>"
DELETE = "<Delete><Object><Key>{}</Key><VersionId>{}</VersionId></Object></Delete>"


def write_once(place: Place) -> Finding:
    """COMPLIANCE holds against everybody; GOVERNANCE against who does not ask to pass."""
    bucket = place.bucket("kept", lock=True)
    attacks = _Attacks(place, bucket)
    found = finding(attacks.all(), "以管理员身份")
    if time.time() > place.locked_until:
        return Finding(found.tried, 0, "存储太慢：锁定期内没有试完，请重试")
    return found


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class _Attacks:
    """One object under a lock; after every attack it must be there, as it was."""

    def __init__(self, place: Place, bucket: str) -> None:
        self.place, self.bucket = place, bucket
        self.path = f"{bucket}/head"
        put = place.put(self.path, BODY)
        self.version = {"versionId": put.headers.get("x-amz-version-id", "")}
        until = datetime.now(UTC) + LOCKED
        place.locked_until = until.timestamp() + 1
        self.until = _time(until)
        self._retain("COMPLIANCE", self.until)

    def all(self) -> Iterator[tuple[str, bool]]:
        yield "锁定期写入", self._mode() == "COMPLIANCE"
        for name, attack in WAYS.items():
            attack(self)
            yield name, self._stands()
        yield "治理模式下普通删除", self._governance()

    def _stands(self) -> bool:
        """The version, its content, its mode and its time."""
        found = self.place.ask("GET", self.path, query=self.version)
        return found.ok and found.body == BODY and self._mode() == "COMPLIANCE"

    def _mode(self) -> str:
        query = {**self.version, "retention": ""}
        held = self.place.ask("GET", self.path, query=query)
        ends = held.word("RetainUntilDate").split(".")[0].rstrip("Z")
        return held.word("Mode") if ends >= self.until.rstrip("Z") else ""

    def _retain(self, mode: str, until: str, bypass: bool = False) -> None:
        body = RETENTION.format(mode, until).encode() if mode else b"<Retention/>"
        self._set(self.path, "retention", body, BYPASS if bypass else {}, self.version)

    def _set(
        self,
        path: str,
        what: str,
        body: bytes,
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
    ) -> None:
        asked = {**(query or {}), what: ""}
        sent = {**md5(body), **(headers or {})}
        self.place.put(path, body, query=asked, headers=sent)

    def delete(self) -> None:
        self.place.ask("DELETE", self.path)

    def delete_version(self) -> None:
        self.place.ask("DELETE", self.path, query=self.version)

    def delete_version_passing(self) -> None:
        self.place.ask("DELETE", self.path, query=self.version, headers=BYPASS)

    def delete_many(self) -> None:
        body = DELETE.format("head", self.version["versionId"]).encode()
        self._delete_many(body, {})

    def delete_many_passing(self) -> None:
        body = DELETE.format("head", self.version["versionId"]).encode()
        self._delete_many(body, BYPASS)

    def _delete_many(self, body: bytes, headers: dict[str, str]) -> None:
        sent = {**md5(body), **headers}
        query = {"delete": ""}
        self.place.ask("POST", self.bucket, query=query, body=body, headers=sent)

    def overwrite(self) -> None:
        self.place.put(self.path, b"another")

    def shorten(self) -> None:
        self._retain("COMPLIANCE", _time(datetime.now(UTC) + timedelta(seconds=1)))

    def shorten_passing(self) -> None:
        soon = _time(datetime.now(UTC) + timedelta(seconds=1))
        self._retain("COMPLIANCE", soon, bypass=True)

    def weaken(self) -> None:
        self._retain("GOVERNANCE", self.until, bypass=True)

    def unlock(self) -> None:
        self._retain("", "", bypass=True)

    def copy_over(self) -> None:
        self.place.put(f"{self.bucket}/other", b"another")
        source = {"x-amz-copy-source": f"/{self.bucket}/other"}
        self.place.put(self.path, b"", headers=source)

    def parts_over(self) -> None:
        upload, whole = begun(self.place, self.path, b"another")
        query = {"uploadId": upload}
        self.place.ask("POST", self.path, query=query, body=whole)

    def expire(self) -> None:
        """A rule whose day is past: what a sweeper would do at its next round."""
        past = datetime.now(UTC) - timedelta(days=2)
        body = LIFECYCLE.format(past.strftime("%Y-%m-%dT00:00:00Z")).encode()
        self._set(self.bucket, "lifecycle", body)

    def forget_versions(self) -> None:
        self._set(self.bucket, "versioning", SUSPENDED)
        self.place.ask("DELETE", self.path)

    def forget_lock(self) -> None:
        self._set(self.bucket, "object-lock", UNLOCKED.encode())
        self.delete_version()

    def remove_bucket(self) -> None:
        force = {"x-minio-force-delete": "true"}
        self.place.ask("DELETE", self.bucket, headers=force)

    def _governance(self) -> bool:
        """Deleting it without asking to pass is refused; asking works, so it was meant."""
        path = f"{self.bucket}/lighter"
        put = self.place.put(path, BODY)
        version = {"versionId": put.headers.get("x-amz-version-id", "")}
        body = RETENTION.format("GOVERNANCE", self.until).encode()
        self._set(path, "retention", body, {}, version)
        refused = self.place.ask("DELETE", path, query=version)
        passing = self.place.ask("DELETE", path, query=version, headers=BYPASS)
        return not refused.ok and passing.ok


WAYS = {
    "删除": _Attacks.delete,
    "删除版本": _Attacks.delete_version,
    "带绕过标记删除版本": _Attacks.delete_version_passing,
    "批量删除版本": _Attacks.delete_many,
    "带绕过标记批量删除": _Attacks.delete_many_passing,
    "覆盖写入": _Attacks.overwrite,
    "缩短锁定期": _Attacks.shorten,
    "带绕过标记缩短锁定期": _Attacks.shorten_passing,
    "降为治理模式": _Attacks.weaken,
    "取消锁定": _Attacks.unlock,
    "复制覆盖": _Attacks.copy_over,
    "分段覆盖": _Attacks.parts_over,
    "到期规则": _Attacks.expire,
    "停用版本保留后删除": _Attacks.forget_versions,
    "取消桶的锁定后删除": _Attacks.forget_lock,
    "强制删除整个桶": _Attacks.remove_bucket,
}
