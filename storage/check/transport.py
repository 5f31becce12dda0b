"""The way to the store: only under TLS, only with a login, links that end, bytes that stay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import urllib3

from lake_config.settings import source_authorities
from storage.administrator import TIMEOUT, Login
from storage.check.findings import Finding, finding
from storage.check.place import Place

REFUSED = (301, 307, 308, 400, 403, 426)
SHORT = timedelta(seconds=2)
OBJECTS = 60


def encrypted_way(place: Place) -> Finding:
    """No plain http, and a certificate that only the lake's authority vouches for."""
    address = urlsplit(place.settings.store)
    path = f"{place.bucket('way')}/rows"
    place.put(path, b"secret rows")

    def tried() -> Iterator[tuple[str, bool]]:
        yield "地址为 https", address.scheme == "https"
        yield "拒绝明文连接", not _plainly(place, address.netloc, path)
        if place.settings.store_ca:
            yield "不认其他机构的证书", not _trusting_others(place)

    return finding(tried())


def _plainly(place: Place, netloc: str, path: str) -> bool:
    """Does a properly signed request without TLS reach the object?"""
    settings = replace(place.settings, store=f"http://{netloc}")
    plain = Place(settings, place.login, place.rounds)
    try:
        answer = plain.ask("GET", path)
    except (urllib3.exceptions.HTTPError, OSError):
        return False
    return answer.status not in REFUSED or b"secret" in answer.body


def _trusting_others(place: Place) -> bool:
    strange = urllib3.PoolManager(
        timeout=TIMEOUT, ssl_context=source_authorities(), retries=False
    )
    try:
        strange.request("GET", place.settings.store)
    except (urllib3.exceptions.HTTPError, OSError):
        return False
    return True


def closed_door(place: Place) -> Finding:
    """Without a login, with a wrong one, or with a changed request, nothing goes."""
    bucket = place.bucket("door")
    path = f"{bucket}/rows"
    place.put(path, b"rows")
    wrong = Login(place.login.access, "not-the-secret-of-anybody")
    nobody = Login("nobody-at-all", place.login.secret)
    url = f"{place.settings.store}/{path}"
    good = place.request("GET", path)
    signature = good.headers["Authorization"]
    altered = {**good.headers, "Authorization": signature[:-4] + "0000"}
    asks = {
        "不登录读取": place.http.request("GET", url, retries=False).status,
        "不登录写入": place.http.request("PUT", url, body=b"x", retries=False).status,
        "不登录列出": place.http.request(
            "GET", url.removesuffix("/rows"), retries=False
        ).status,
        "口令不对": place.ask("GET", path, wrong).status,
        "账号不存在": place.ask("GET", path, nobody).status,
        "签名被改动": replace(good, headers=altered).send(place.http).status,
        "签名用于别的对象": replace(good, url=f"{url}-other").send(place.http).status,
        "签名用于删除": replace(good, method="DELETE").send(place.http).status,
    }
    kept = ("对象未受影响", place.content(path) == b"rows")
    return finding(
        [*((what, status in (400, 401, 403)) for what, status in asks.items()), kept]
    )


def links_end(place: Place) -> Finding:
    """A link opens one object, one way, for so long."""
    bucket = place.bucket("links")
    for key in ("rows", "other"):
        place.put(f"{bucket}/{key}", key.encode())
    url = place.store.presigned_get_object(bucket, "rows", expires=SHORT)
    longer = url.replace(f"X-Amz-Expires={SHORT.seconds}", "X-Amz-Expires=600")
    at_once = _follow(place, "GET", url)
    strayed = {
        "改指别的对象": _follow(place, "GET", url.replace("/rows?", "/other?")),
        "改作写入": _follow(place, "PUT", url),
        "改作删除": _follow(place, "DELETE", url),
        "延长期限": _follow(place, "GET", longer),
    }
    time.sleep(SHORT.total_seconds() + 1.5)
    strayed["到期之后"] = _follow(place, "GET", url)
    return finding(
        [
            ("期限内可读", at_once == 200),
            *((f"链接{what}", status == 403) for what, status in strayed.items()),
        ]
    )


def _follow(place: Place, method: str, url: str) -> int:
    return place.http.request(method, url, retries=False).status


def seen_at_once(place: Place) -> Finding:
    """What was acknowledged is read and listed at once: Delta's log is found by listing."""
    bucket = place.bucket("seen")
    other = Place(place.settings, place.login, place.rounds)

    def tried() -> Iterator[tuple[str, bool]]:
        for number in range(OBJECTS):
            key, body = f"log/{number:020}.json", str(number).encode()
            place.put(f"{bucket}/{key}", b"older")
            place.put(f"{bucket}/{key}", body)
            listed = other.ask(
                "GET", bucket, query={"list-type": "2", "prefix": "log/"}
            ).body.count(b"<Key>")
            found = other.content(f"{bucket}/{key}") == body
            yield f"第 {number + 1} 个对象", found and listed == number + 1

    return finding(tried())
