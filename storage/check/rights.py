"""Every right of every duty tried once: what the table grants works, all else is refused.

With accounts of the check's own, where the store lets the administrator make them, and
with the duties' real accounts, on keys of the check's own in the real buckets.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lake_config.duties import DEPARTMENT_ZONES, LEDGER, Duty, Right, may
from lake_config.errors import SettingsError
from lake_config.layers import bucket, ledger_bucket
from lake_config.settings import store_account
from storage.accounts import policy
from storage.administrator import NO_ADMINISTRATION, Login
from storage.check.findings import DoesNotApply, Finding, finding
from storage.check.place import Place, md5
from storage.check.wire import DENIED, Answer
from storage.check.write_once import SUSPENDED

DEPARTMENT = "own"
BODY = b"rows"
SWITCHES = {
    "policy": b'{"Version":"2012-10-17","Statement":[]}',
    "versioning": SUSPENDED,
    "lifecycle": b"<LifecycleConfiguration></LifecycleConfiguration>",
    "encryption": b"<ServerSideEncryptionConfiguration></ServerSideEncryptionConfiguration>",
    "object-lock": b"<ObjectLockConfiguration></ObjectLockConfiguration>",
}
Ask = Callable[[Login], Answer]


@dataclass(frozen=True, slots=True)
class Party:
    """The duties' logins, a bucket per zone, and where the check's keys begin.

    `kept` is a real ledger's bucket: what the administrator put there would stay for years.
    """

    logins: dict[Duty, Login]
    buckets: dict[str, str]
    key: str
    kept: str = ""


def rights(place: Place) -> Finding:
    """Does the store keep the policies that are made from the table?"""
    if not place.accounts.served():
        raise DoesNotApply("没有账号管理接口：只核验存储管理员建好的职责账号")
    return _tried(place, _own_party(place))


def real_rights(place: Place) -> Finding:
    """Do the duties' own accounts have these policies, and no other?"""
    return _tried(place, _real_party(place))


def _tried(place: Place, party: Party) -> Finding:
    """Reads, lists, writes, deletions, copies and the bucket's own switches."""
    stranger = place.bucket(f"foreign-{secrets.token_hex(2)}")
    for name in (stranger, *party.buckets.values()):
        place.put(f"{name}/{party.key}/seed", BODY)
    try:
        attempts = [*_attempts(place, party, stranger)]
    finally:
        for name in party.buckets.values():
            place.empty(name, party.key)
    zones = len(party.buckets)
    return finding(attempts, f"{len(Duty)} 项职责 × {zones} 个区")


def _attempts(place: Place, party: Party, stranger: str) -> Iterator[tuple[str, bool]]:
    for duty in Duty:
        yield from _in_zones(place, party, duty)
        yield from _copies(place, party, duty)
        yield from _switches(place, party, duty)
        yield from _at_the_stranger(place, party, duty, stranger)
        yield from _at_the_kept_ledger(place, party, duty)


def _own_party(place: Place) -> Party:
    buckets = {
        zone: place.bucket(bucket("", zone, DEPARTMENT)[1:])
        for zone in DEPARTMENT_ZONES
    }
    buckets[LEDGER] = place.bucket(ledger_bucket("")[1:])
    logins = {}
    for duty in Duty:
        made = policy(duty, place.prefix, [DEPARTMENT])
        made["Statement"].append(NO_ADMINISTRATION)
        logins[duty] = place.account(duty, made)
    return Party(logins, buckets, "check")


def _real_party(place: Place) -> Party:
    if not place.contracts:
        raise SettingsError("没有契约，也就没有部门的存储桶可供核验。")
    prefix, settings = place.settings.store_prefix, place.settings
    department = place.contracts[0].department
    buckets = {zone: bucket(prefix, zone, department) for zone in DEPARTMENT_ZONES}
    logins = {duty: Login(*store_account(settings, duty)) for duty in Duty}
    key = f"_storage_check/{secrets.token_hex(4)}"
    return Party(logins, buckets, key, ledger_bucket(prefix))


def judged(answer: Answer, wanted: bool) -> bool:
    """Done where it is granted; else refused as such, not for some other reason."""
    return answer.ok if wanted else answer.status == DENIED


def _in_zones(place: Place, party: Party, duty: Duty) -> Iterator[tuple[str, bool]]:
    login = party.logins[duty]
    for zone in party.buckets:
        path = f"{party.buckets[zone]}/{party.key}"
        seed, fresh = f"{path}/seed-{duty}", f"{path}/{duty}"
        place.put(seed, BODY)
        asks: list[tuple[str, Right, Answer]] = [
            ("读取", Right.READ, place.ask("GET", seed, login)),
            ("列出", Right.READ, _list(place, party, zone, login)),
            ("写入", Right.WRITE, place.ask("PUT", fresh, login, body=BODY)),
            ("覆盖", Right.WRITE, place.ask("PUT", seed, login, body=BODY)),
            ("分段写入", Right.WRITE, _begin_parts(place, fresh, login)),
            ("批量删除", Right.DELETE, _delete_many(place, party, zone, duty)),
            ("删除", Right.DELETE, place.ask("DELETE", seed, login)),
        ]
        for what, right, answer in asks:
            granted = may(duty, zone, right)
            good = answer.ok == granted and _said_so(what, answer, granted)
            yield f"{duty} {what} {zone}：应{'允许' if granted else '拒绝'}", good


def _said_so(what: str, answer: Answer, granted: bool) -> bool:
    """A refusal names itself; one of many deletions is refused inside the answer."""
    if what == "批量删除":
        return True
    return judged(answer, granted)


def _list(place: Place, party: Party, zone: str, login: Login) -> Answer:
    query = {"list-type": "2", "prefix": party.key}
    return place.ask("GET", party.buckets[zone], login, query=query)


def _begin_parts(place: Place, path: str, login: Login) -> Answer:
    answer = place.ask("POST", path, login, query={"uploads": ""})
    if upload := answer.word("UploadId"):
        place.ask("DELETE", path, query={"uploadId": upload})
    return answer


def _delete_many(place: Place, party: Party, zone: str, duty: Duty) -> Answer:
    """Judged by what is left: the answer may say 200 and refuse inside."""
    path = f"{party.buckets[zone]}/{party.key}/many-{duty}"
    place.put(path, BODY)
    key = path.partition("/")[2]
    body = f"<Delete><Object><Key>{key}</Key></Object></Delete>".encode()
    place.ask(
        "POST",
        party.buckets[zone],
        party.logins[duty],
        query={"delete": ""},
        body=body,
        headers=md5(body),
    )
    left = place.content(path) is not None
    return Answer(DENIED if left else 204, b"", {})


def _copies(place: Place, party: Party, duty: Duty) -> Iterator[tuple[str, bool]]:
    """A copy inside the store reads and writes: it must not smuggle."""
    for source, target in itertools.permutations(party.buckets, 2):
        seed = f"{party.buckets[source]}/{party.key}/seed"
        path = f"{party.buckets[target]}/{party.key}/to-{duty}"
        headers = {"x-amz-copy-source": f"/{seed}"}
        answer = place.ask("PUT", path, party.logins[duty], headers=headers)
        granted = may(duty, source, Right.READ) and may(duty, target, Right.WRITE)
        yield f"{duty} 从 {source} 复制到 {target}", judged(answer, granted)


def _switches(place: Place, party: Party, duty: Duty) -> Iterator[tuple[str, bool]]:
    """Nobody but the administrator turns the bucket's own switches."""
    login = party.logins[duty]
    for zone, name in party.buckets.items():
        for what, body in SWITCHES.items():
            query, sent = {what: ""}, md5(body)
            answer = place.ask("PUT", name, login, query=query, body=body, headers=sent)
            yield f"{duty} 改动 {zone} 的 {what}", answer.status == DENIED
        answer = place.ask("GET", name, login, query={"policy": ""})
        yield f"{duty} 查看 {zone} 的策略", answer.status == DENIED
        # It is not empty: even a store that allows this would not lose it.
        gone = place.ask("DELETE", name, login)
        yield f"{duty} 删除桶 {zone}", gone.status == DENIED


def _at_the_kept_ledger(
    place: Place, party: Party, duty: Duty
) -> Iterator[tuple[str, bool]]:
    """Only what leaves nothing there, unless a policy is wrong."""
    if not party.kept:
        return
    login, path = party.logins[duty], f"{party.kept}/{party.key}/{duty}"
    listed = place.ask("GET", party.kept, login, query={"list-type": "2"})
    yield f"{duty} 列出 {LEDGER}", judged(listed, may(duty, LEDGER, Right.READ))
    if not may(duty, LEDGER, Right.WRITE):  # what it may write would stay for years
        written = place.ask("PUT", path, login, body=BODY)
        yield f"{duty} 写入 {LEDGER}", judged(written, False)


def _at_the_stranger(
    place: Place, party: Party, duty: Duty, stranger: str
) -> Iterator[tuple[str, bool]]:
    """A bucket that no policy names."""
    login, seed = party.logins[duty], f"{stranger}/{party.key}/seed"
    asks = {
        "读取": place.ask("GET", seed, login),
        "列出": place.ask("GET", stranger, login, query={"list-type": "2"}),
        "写入": place.ask("PUT", f"{seed}-{duty}", login, body=BODY),
        "删除": place.ask("DELETE", seed, login),
        "新建桶": place.ask("PUT", f"{place.prefix}-{duty}-new", login),
    }
    for what, answer in asks.items():
        yield f"{duty} 在无关的桶{what}", answer.status == DENIED
