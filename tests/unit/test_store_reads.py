"""The store's log against the ledger: what is found, and what is not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit.store_reads import STEP, Access, findings
from lake_config.contract_loader import load_contracts
from lake_config.duties import Duty
from lake_config.settings import load
from ops.store_log import Request, _taken, keep, requests
from ops.store_reads import accesses

THEN = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
LATER = THEN + STEP + timedelta(hours=1)
BATCH = "civil_affairs.funerals.2026-11-03"
TABLE = "civil_affairs.funerals"
MINUTE = timedelta(minutes=1)


def access(
    duty: str, about: str = BATCH, at: datetime = THEN, read: bool = True
) -> Access:
    return Access(at, duty, "civil_affairs", "funerals", about, read)


@pytest.mark.parametrize(
    ("duty", "kind", "about", "minutes"),
    [
        (Duty.COLLECTOR, "collected", BATCH, 30),
        (Duty.COLLECTOR, "failed", BATCH, 200),
        (Duty.COLLECTOR, "failed", "civil_affairs.*.2026-11-03", 10),
        (Duty.MASKER, "masked", BATCH, 90),
        (Duty.PUBLISHER, "published", BATCH, 90),
        (Duty.RETENTION, "deletion_done", TABLE, -60),
        (Duty.SHARING, "read", TABLE, -14),
    ],
)
def test_a_recorded_read_is_no_finding(
    duty: Duty, kind: str, about: str, minutes: int
) -> None:
    where = TABLE if about == TABLE else BATCH
    recorded = {(kind, about): [THEN + minutes * MINUTE]}
    assert findings([access(duty, where)], recorded, LATER) == []


@pytest.mark.parametrize(
    ("duty", "recorded"),
    [
        (Duty.MASKER, {}),
        (Duty.MASKER, {("masked", BATCH): [THEN - 10 * MINUTE]}),
        (Duty.MASKER, {("masked", BATCH): [THEN + STEP + 10 * MINUTE]}),
        (Duty.MASKER, {("read", BATCH): [THEN]}),
        (Duty.COLLECTOR, {("collected", "civil_affairs.funerals.2026-11-02"): [THEN]}),
        (Duty.SHARING, {("published", BATCH): [THEN + 3 * MINUTE]}),
        (Duty.SHARING, {("read", BATCH): [THEN - 20 * MINUTE]}),
        (Duty.AUDITOR, {("masked", BATCH): [THEN]}),
        ("", {("masked", BATCH): [THEN]}),
    ],
)
def test_an_unrecorded_read_is_found(
    duty: str, recorded: dict[tuple[str, str], list[datetime]]
) -> None:
    found = findings([access(duty), access(duty)], recorded, LATER)
    assert [(it.what, it.count) for it in found if "gap" not in it.what] == [
        (f"unrecorded_read:{duty or 'stranger'}", 2)
    ]


def test_a_step_at_work_is_left_until_it_can_have_ended() -> None:
    reading = [access(Duty.MASKER)]
    assert findings(reading, {}, THEN + STEP - MINUTE) == []
    assert len(findings(reading, {}, THEN + STEP + MINUTE)) == 1
    assert len(findings([access("")], {}, THEN + MINUTE)) == 1


def test_writing_is_no_read() -> None:
    assert findings([access("", read=False)], {}, LATER) == []


def test_work_without_a_line_in_the_log_is_a_gap() -> None:
    recorded = {("collected", BATCH): [THEN], ("collected", TABLE): [THEN]}
    (gap,) = findings([], recorded, LATER)
    assert (gap.what, gap.department, gap.table) == (
        "store_log_gap",
        "civil_affairs",
        "funerals",
    )
    assert findings([access(Duty.COLLECTOR, read=False)], recorded, LATER) == []


def test_requests_in_the_lakes_words() -> None:
    settings = load()
    contracts = load_contracts(settings.contracts)
    name = settings.store_prefix

    def one(zone: str, key: str, **more: object) -> list[tuple[object, ...]]:
        facts = {
            "time": THEN.isoformat(),
            "account": f"{name}-masker",
            "operation": "GetObject",
            "bucket": f"{name}-{zone}-civil-affairs",
            "key": key,
            "status": 200,
            "source": "127.0.0.1",
        }
        request = Request(**{**facts, **more})
        found = accesses(settings, contracts, [request])
        return [(it.duty, it.table, it.about, it.read) for it in found]

    raw, staged = "funerals/2026-11-03/a/part-0", "analysts/funerals/2026-11-03/a/p"
    read = ("masker", "funerals", BATCH, True)
    assert one("raw", raw) == one("staging", staged) == [read]
    assert one("shared", "analysts/funerals/p") == [("masker", "funerals", TABLE, True)]
    assert one("raw", raw, account="root") == [("", "funerals", BATCH, True)]
    assert one("raw", raw, status=206) == [read]
    assert one("raw", raw, status=403) == []
    assert one("raw", raw, operation="PutObject")[0][3] is False
    assert one("raw", "funerals/2026-11-03/a/_delta_log/0.json")[0][3] is False
    assert one("elsewhere", raw) == one("raw", "strange/key") == []


def entry(**more: object) -> bytes:
    api = {
        "name": "GetObject", "bucket": "b", "object": "k", "statusCode": 200,
    }  # fmt: skip
    told = {
        "time": "2026-11-03T02:00:00.123456789Z",
        "accessKey": "lake-masker",
        "remotehost": "127.0.0.1",
        "requestHeader": {"X-Amz-Server-Side-Encryption-Customer-Key": "c2VjcmV0"},
        "api": api,
    }
    return json.dumps({**told, **more}).encode()


def test_of_an_entry_nothing_secret_is_kept(tmp_path: Path) -> None:
    """MinIO's audit entry tells the keys of raw with the request's headers."""
    assert _taken(tmp_path, entry()) == _taken(tmp_path, b"") == 200
    (path,) = tmp_path.glob("*.jsonl")
    assert path.name == "2026-11-03.jsonl"
    assert "c2VjcmV0" not in path.read_text("utf-8")
    (kept,) = requests(tmp_path, THEN)
    assert (kept.account, kept.bucket, kept.key) == ("lake-masker", "b", "k")
    assert not list(requests(tmp_path, THEN + MINUTE))


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", entry(api={}), entry(time="?")])
def test_what_is_no_entry_is_refused(tmp_path: Path, body: bytes) -> None:
    assert _taken(tmp_path, body) == 400
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_line_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    request = Request(THEN.isoformat(), "a", "GetObject", "b", "k", 200, "s")
    keep(tmp_path, request)
    with (tmp_path / f"{THEN:%Y-%m-%d}.jsonl").open("ab") as file:
        file.write(b'{"torn\n')
    keep(tmp_path, request)
    assert list(requests(tmp_path, THEN)) == [request, request]
