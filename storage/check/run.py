"""Tries every property in turn, and says what was found. Writes nothing but to the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import urllib3
from minio.error import MinioAdminException, MinioException, S3Error

from lake_config.errors import LakeError
from storage.administrator import told
from storage.check.findings import DoesNotApply, Outcome, Property, Verdict
from storage.check.place import Place
from storage.check.registry import PROPERTIES

Say = Callable[[Verdict], None]


def check_store(
    place: Place, properties: Sequence[Property] = PROPERTIES, say: Say | None = None
) -> list[Verdict]:
    """A verdict for each; the check's own buckets and accounts are gone afterwards."""
    with told("登录"):
        place.store.list_buckets()
    found = []
    try:
        for verdict in _verdicts(place, properties):
            found.append(verdict)
            if say:
                say(verdict)
    finally:
        with told("清理核验用的存储桶和账号"):
            place.clean()
    return found


def _verdicts(place: Place, properties: Sequence[Property]) -> Iterator[Verdict]:
    for item in properties:
        begun = time.monotonic()
        outcome, tried, held, note = _tried(place, item)
        seconds = round(time.monotonic() - begun, 2)
        yield Verdict(item, outcome, tried, held, seconds, note)


def _tried(place: Place, item: Property) -> tuple[Outcome, int, int, str]:
    """What breaks off has not passed."""
    try:
        found = item.check(place)
    except DoesNotApply as reason:
        return Outcome.NOT_APPLICABLE, 0, 0, str(reason)
    except S3Error as error:
        return Outcome.FAILED, 0, 0, f"中断：{error.code}"
    except LakeError as error:
        return Outcome.FAILED, 0, 0, str(error)
    except (
        MinioException,
        MinioAdminException,
        urllib3.exceptions.HTTPError,
        OSError,
    ) as error:
        return Outcome.FAILED, 0, 0, f"中断：{type(error).__name__}"
    return found.outcome, found.tried, found.held, found.note


def fit(verdicts: Sequence[Verdict]) -> bool:
    """Every property was tried, and none failed."""
    names = {verdict.property.name for verdict in verdicts}
    complete = names == {item.name for item in PROPERTIES}
    return complete and all(it.outcome != Outcome.FAILED for it in verdicts)


def as_fact(verdict: Verdict) -> dict[str, Any]:
    """For the verdict's file."""
    return {
        "name": verdict.property.name,
        "outcome": str(verdict.outcome),
        "tried": verdict.tried,
        "held": verdict.held,
        "seconds": verdict.seconds,
        "note": verdict.note,
    }
