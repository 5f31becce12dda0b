"""What was acknowledged is there after the server was killed in the middle of its work."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import urllib3

from storage.check.findings import DoesNotApply, Finding, finding
from storage.check.place import Place, Victim
from storage.check.races import begun

WRITERS = 6
SIZES = (300, 64 << 10, 1 << 20)
PARTED = 2 << 20
LIVES = (0.5, 1.5)
"""Seconds from the first write to the kill."""


def durable(place: Place) -> Finding:
    """On a second server of the same kind: the one the lake uses is not killed."""
    if place.victim is None:
        raise DoesNotApply("服务不是本机启动的，不能为核验而强行终止；请按厂商说明核验")
    with place.victim() as victim:
        there = Place(victim.settings, place.login, place.rounds)
        bucket = there.bucket("killed")
        rounds = range(max(3, place.rounds // 10))
        kept = [one for _ in rounds for one in _after_a_life(there, victim, bucket)]
    return finding(kept, f"强行终止 {len(rounds)} 次")


def _after_a_life(place: Place, victim: Victim, bucket: str) -> list[tuple[str, bool]]:
    """Compared once it is back; then the bucket is emptied, or a long run fills the disk."""
    kept = list(_compared(place, _one_life(place, victim, bucket)))
    place.empty(bucket)
    return kept


def _one_life(place: Place, victim: Victim, bucket: str) -> list[tuple[str, str]]:
    """(path, digest) of all that was acknowledged before the kill."""
    over, done = Event(), list[tuple[str, str]]()
    killer = Thread(target=_kill_later, args=(victim, over))
    with ThreadPoolExecutor(WRITERS) as pool:
        killer.start()
        for _ in range(WRITERS):
            pool.submit(_write_until, place, bucket, over, done)
    killer.join()
    victim.revive()
    return done


def _kill_later(victim: Victim, over: Event) -> None:
    time.sleep(random.uniform(*LIVES))  # noqa: S311 (a moment, not a secret)
    victim.kill()
    over.set()


def _write_until(
    place: Place, bucket: str, over: Event, done: list[tuple[str, str]]
) -> None:
    while not over.is_set():
        name = os.urandom(8).hex()
        path, size = f"{bucket}/{name[:2]}/{name}", SIZES[name.encode()[0] % len(SIZES)]
        parted = name.encode()[1] % 4 == 0
        body = os.urandom(PARTED if parted else size)
        try:
            acknowledged = _put(place, path, body, parted)
        except (urllib3.exceptions.HTTPError, OSError):
            continue
        if acknowledged:
            done.append((path, hashlib.sha256(body).hexdigest()))


def _put(place: Place, path: str, body: bytes, parted: bool) -> bool:
    if not parted:
        return place.put(path, body).ok
    upload, whole = begun(place, path, body)
    query = {"uploadId": upload}
    return place.ask("POST", path, query=query, body=whole).ok


def _compared(
    place: Place, acknowledged: list[tuple[str, str]]
) -> Iterator[tuple[str, bool]]:
    for path, digest in acknowledged:
        found = place.content(path)
        same = found is not None and hashlib.sha256(found).hexdigest() == digest
        yield "已确认的对象丢失或改变", same
