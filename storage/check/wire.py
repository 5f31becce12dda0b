"""One request as it goes over the wire, and its answer as it comes back.

The SDK would send only what is sensible, retry, and hide headers; a check wants none of
that. Knows nothing of what is asked, or why.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import urllib3
from minio import time
from minio.credentials import Credentials
from minio.signer import sign_v4_s3, sign_v4_sts

from storage.administrator import Login

DENIED = 403
CODE = re.compile(rb'<Code>(\w+)</Code>|"Code"\s*:\s*"(\w+)"')


@dataclass(frozen=True, slots=True)
class Answer:
    """What the store said."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Done; S3 also reports failures inside an answer of 200."""
        return 200 <= self.status < 300 and b"<Error>" not in self.body

    @property
    def code(self) -> str:
        found = CODE.search(self.body)
        return next(filter(None, found.groups())).decode() if found else ""

    def word(self, tag: str) -> str:
        """The first value of an element."""
        found = re.search(f"<{tag}>([^<]*)</{tag}>", self.body.decode(errors="replace"))
        return found[1].strip('"').replace("&#34;", "") if found else ""


@dataclass(frozen=True, slots=True)
class Request:
    """A signed request, ready to be sent, as often as wanted."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    def send(self, http: urllib3.PoolManager) -> Answer:
        """Once: what was sent twice would have answered for two."""
        answer = http.request(
            self.method,
            self.url,
            body=self.body or None,
            headers=dict(self.headers),
            redirect=False,
            retries=False,
        )
        return Answer(answer.status, answer.data, answer.headers)


def signed(
    endpoint: str,
    region: str,
    login: Login,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    loose: Mapping[str, str] | None = None,
    body: bytes = b"",
    session: bool = False,
) -> Request:
    """For the storage, or for the `session` service at the same address.

    `loose` headers are sent without being covered by the signature.
    """
    place = urlsplit(endpoint)
    asked = urlencode(sorted((query or {}).items()), quote_via=quote)
    url = SplitResult(place.scheme, place.netloc, quote(path), asked, "")
    digest, now = hashlib.sha256(body).hexdigest(), time.utcnow()
    covered: dict[str, Any] = {
        "Host": place.netloc,
        "x-amz-date": time.to_amz_date(now),
        "x-amz-content-sha256": digest,
        **(headers or {}),
    }
    if login.token:
        covered["X-Amz-Security-Token"] = login.token
    sign = sign_v4_sts if session else sign_v4_s3
    done = sign(
        method=method,
        url=url,
        region=region,
        headers=covered,
        credentials=Credentials(login.access, login.secret, login.token),
        content_sha256=digest,
        date=now,
    )
    headers_sent = {name: str(value) for name, value in done.items()}
    return Request(method, url.geturl(), {**headers_sent, **(loose or {})}, body)
