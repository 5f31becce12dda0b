"""Many writers at once, one winner: on this rest receipts, leases and Delta's commits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import urllib3

from storage.check.findings import Finding, finding
from storage.check.place import Place
from storage.check.wire import Answer, Request

WRITERS = 16
PARTED_WRITERS = 6
LOST = (409, 412)
UNHEARD = Answer(0, b"", {})
PART = (
    "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{}</ETag></Part>"
    "</CompleteMultipartUpload>"
)


def race(place: Place, requests: Sequence[Request]) -> list[Answer]:
    """All sent at the same moment, on connections of their own."""
    gate = Barrier(len(requests))

    def run(request: Request) -> Answer:
        gate.wait()
        try:
            return request.send(place.http)
        except urllib3.exceptions.ProtocolError:
            return UNHEARD

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(run, requests))


def one_winner(
    place: Place, path: str, bodies: Sequence[bytes], answers: Sequence[Answer]
) -> bool:
    """One was told that it won, its content lies there, and all others were refused.

    Who was not answered may have won; then nobody else was told so.
    """
    won = [number for number, answer in enumerate(answers) if answer.ok]
    unheard = [number for number, answer in enumerate(answers) if answer is UNHEARD]
    lost = [answer for answer in answers if answer.status in LOST]
    if len(won) + len(unheard) + len(lost) != len(answers) or len(won) > 1:
        return False
    return place.content(path) in [bodies[number] for number in won or unheard]


def _bodies(key: str, count: int) -> list[bytes]:
    return [f"{key} {number} ".encode() * 200 for number in range(count)]


def create_once(place: Place) -> Finding:
    """With `If-None-Match: *`; in a plain bucket and in one that keeps versions."""
    buckets = (place.bucket("new"), place.bucket("new-kept", lock=True))

    def rounds() -> Iterator[tuple[str, bool]]:
        for number in range(place.rounds):
            path = f"{buckets[number % 2]}/once/{number}"
            bodies = _bodies(path, WRITERS)
            wanted = {"If-None-Match": "*"}
            requests = [
                place.request("PUT", path, body=body, loose=wanted) for body in bodies
            ]
            answers = race(place, requests)
            yield f"第 {number + 1} 轮", one_winner(place, path, bodies, answers)

    return finding(rounds(), f"每轮 {WRITERS} 个写入者")


def replace_once(place: Place) -> Finding:
    """With `If-Match`: who read the same state cannot both replace it."""
    bucket = place.bucket("state")

    def rounds() -> Iterator[tuple[str, bool]]:
        for number in range(place.rounds):
            path = f"{bucket}/state/{number}"
            seen = place.put(path, b"first").headers.get("ETag", "")
            bodies = _bodies(path, WRITERS)
            requests = [
                place.request("PUT", path, body=body, loose={"If-Match": seen})
                for body in bodies
            ]
            answers = race(place, requests)
            yield f"第 {number + 1} 轮", one_winner(place, path, bodies, answers)
            late = place.put(path, b"late", loose={"If-Match": seen})
            yield f"第 {number + 1} 轮的迟到者", late.status in LOST

    return finding(rounds(), f"每轮 {WRITERS} 个写入者，另有一个迟到者")


def create_once_in_parts(place: Place) -> Finding:
    """The same for objects that were put in parts: the last call decides."""
    bucket = place.bucket("parts")

    def rounds() -> Iterator[tuple[str, bool]]:
        for number in range(max(2, place.rounds // 4)):
            path = f"{bucket}/large/{number}"
            bodies = _bodies(path, PARTED_WRITERS)
            requests = [_last_call(place, path, body) for body in bodies]
            answers = race(place, requests)
            yield f"第 {number + 1} 轮", one_winner(place, path, bodies, answers)

    return finding(rounds(), f"每轮 {PARTED_WRITERS} 个分段写入者")


def _last_call(place: Place, path: str, body: bytes) -> Request:
    """An upload with its one part in place, and the request that ends it."""
    upload, whole = begun(place, path, body)
    wanted = {"If-None-Match": "*"}
    return place.request(
        "POST", path, query={"uploadId": upload}, body=whole, loose=wanted
    )


def begun(place: Place, path: str, body: bytes) -> tuple[str, bytes]:
    """Upload id and the body of the call that would complete it."""
    upload = place.ask("POST", path, query={"uploads": ""}).word("UploadId")
    part = {"partNumber": "1", "uploadId": upload}
    etag = place.put(path, body, query=part).headers.get("ETag", "")
    return upload, PART.format(etag).encode()
