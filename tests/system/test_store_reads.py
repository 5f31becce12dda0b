"""A real store's own log: what it served to whom, and what the ledger did not know."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from minio.error import S3Error

from audit.ledger import init_ledger, open_ledger
from audit.store_reads import STEP
from lake_config.contract_loader import load_contracts
from lake_config.duties import RAW, SHARED, Duty
from lake_config.errors import ReadsUnrecorded
from lake_config.layers import CURATED, bucket
from lake_config.settings import Settings, load, store_account
from ops.processes import stop
from ops.store_log import requests, start_receiver
from ops.store_reads import check_reads
from ops.store_server import start_store
from privacy.keys import init_keys
from storage.administrator import Login, administrator, client
from storage.department_keys import SEALED, sealing
from storage.setup import set_up

DEPARTMENT, TABLE = "civil_affairs", "funerals"
ROWS = b"rows of somebody"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    made = load({"LAKE_HOME": str(tmp_path_factory.mktemp("logged"))})
    init_keys(made)
    init_ledger(made)
    receiver, sending = start_receiver(made)
    server = start_store(made, sending=sending)
    made = replace(server.settings, store_encryption=SEALED)
    set_up(made, load_contracts(made.contracts))
    yield made
    stop(server.service)
    stop(receiver)


def as_duty(lake: Settings, duty: Duty) -> Callable[[str, str], bytes]:
    mine = client(lake, Login(*store_account(lake, duty)))

    def read(zone: str, key: str) -> bytes:
        name = bucket(lake.store_prefix, zone, DEPARTMENT)
        answer = mine.get_object(name, key, ssec=sealing(lake, zone, DEPARTMENT))
        return answer.read()

    return read


def put(lake: Settings, duty: Duty, zone: str, key: str) -> None:
    name = bucket(lake.store_prefix, zone, DEPARTMENT)
    mine = client(lake, Login(*store_account(lake, duty)))
    key_of_raw = sealing(lake, zone, DEPARTMENT)
    mine.put_object(name, key, io.BytesIO(ROWS), len(ROWS), sse=key_of_raw)


def logged(lake: Settings, number: int) -> None:
    """The store tells in its own time."""
    since = datetime.now(UTC) - timedelta(minutes=5)
    for _ in range(1_200):
        found = list(requests(lake.layers.store_log, since))
        if sum(it.operation == "GetObject" for it in found) >= number:
            return
        time.sleep(0.1)
    raise AssertionError(found)


def alerts(lake: Settings) -> list[tuple[str, str]]:
    found = open_ledger(lake).events("alert")
    return [(event.body["table"], event.body["what"]) for event in found]


def test_reads_that_nobody_recorded(
    lake: Settings, seen: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).date()
    key = f"{TABLE}/{today}/attempt/part-0.parquet"
    shared = f"{CURATED}/{TABLE}/part-0.parquet"
    put(lake, Duty.COLLECTOR, RAW, key)
    put(lake, Duty.PUBLISHER, SHARED, shared)
    later = datetime.now(UTC) + STEP + timedelta(minutes=10)
    assert as_duty(lake, Duty.COLLECTOR)(RAW, key) == ROWS
    logged(lake, 1)
    body = {"department": DEPARTMENT, "table": TABLE, "date": f"{today}"}
    body |= {"step": "land", "exit_code": 10, "error": "SourceUnavailable"}
    about = f"{DEPARTMENT}.{TABLE}.{today}"
    open_ledger(lake).append("failed", "jobs", about, body)
    check_reads(lake, later)
    assert alerts(lake) == []

    assert as_duty(lake, Duty.MASKER)(RAW, key) == ROWS  # covered by the same event
    assert as_duty(lake, Duty.SHARING)(SHARED, shared) == ROWS
    admin = client(lake, administrator(lake))
    admin.get_object(bucket(lake.store_prefix, SHARED, DEPARTMENT), shared).read()
    with pytest.raises(S3Error):  # what is refused is no read
        as_duty(lake, Duty.SHARING)(RAW, key)
    logged(lake, 5)
    with pytest.raises(ReadsUnrecorded, match="2 项"):
        check_reads(lake, later)
    expected = {
        (TABLE, "unrecorded_read:stranger"),
        (TABLE, "unrecorded_read:sharing"),
    }
    assert set(alerts(lake)) == expected and len(alerts(lake)) == 2
    with pytest.raises(ReadsUnrecorded):
        check_reads(lake, later)
    assert len(alerts(lake)) == 2, "told once"
    since = datetime.now(UTC) - timedelta(minutes=5)
    log = requests(lake.layers.store_log, since)
    served = sum(it.operation == "GetObject" and it.status == 200 for it in log)
    said = capsys.readouterr().out
    assert "非职责账号" in said
    seen(f"store log: {served} reads served, {len(expected)} of them told of")


def test_the_log_tells_no_key(lake: Settings) -> None:
    secret = lake.secret(f"store_key_{DEPARTMENT}")
    kept = [path for path in lake.layers.store_log.rglob("*") if path.is_file()]
    assert kept
    for path in kept:
        assert secret not in path.read_text("utf-8"), path.name
        assert path.stat().st_mode & 0o077 == 0
    line = json.loads(kept[0].read_text("utf-8").splitlines()[0])
    assert set(line) == {
        "time", "account", "operation", "bucket", "key", "status", "source",
    }  # fmt: skip
