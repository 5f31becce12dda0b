"""Production's shape: zones in a real store, jobs on a real Spark cluster, by settings alone.

And what the lake is built against: on a bare Delta table in a store two drivers lose
commits (security.md C3, finding 3).
"""

from __future__ import annotations

import json
import secrets
import shutil
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import delta_sharing
import httpx
import pytest
from minio.error import S3Error
from minio.sse import SseCustomerKey
from pyspark.errors import PySparkException

from audit.ledger import open_ledger
from audit.verify import verify
from jobs.session import _joined, session
from lake_config.contract_loader import load_contracts
from lake_config.duties import RAW, Duty
from lake_config.layers import CURATED, Layers, bucket
from lake_config.settings import ROOT, Settings, write_private
from ops.processes import free_port, listening, start, stop, wait_until
from ops.running import start_sharing
from ops.spark_cluster import running_cluster
from ops.spark_service import _start, running_spark
from ops.store_server import ADMIN, StoreServer
from sharing.people import enrol
from storage.administrator import administrator, client
from storage.department_keys import BYTES, SEALED, sealing
from storage.setup import set_up
from storage.store import store_of
from tests.lib.one_department import (
    BROKEN,
    DEPARTMENT,
    TABLE,
    hand_over,
    signed_lake,
    teachers,
)
from tests.lib.small_lake import DAY, lake_command
from tests.lib.store_proxy import losing_answers

HELD_UP = 5
"""Seconds: longer than one driver can be behind the other."""


@pytest.fixture(scope="module")
def lake(
    store_server: StoreServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """One department's delivery through all steps, its commands run as people run them."""
    folder = tmp_path_factory.mktemp("cluster")
    made = signed_lake(folder / "lake", folder / "contracts", "丙")
    write_private(made.layers.secrets / ADMIN, store_server.settings.secret(ADMIN))
    made = replace(
        made,
        store=store_server.settings.store,
        store_ca=store_server.settings.store_ca,
        store_prefix="cluster",
        store_encryption=SEALED,
        sharing_url=f"http://127.0.0.1:{free_port()}/delta-sharing",
    )
    set_up(made, load_contracts(made.contracts))
    hand_over(made, teachers(), DAY)
    with running_cluster(made) as master:
        made = replace(made, spark_master=master)
        with running_spark(made, brief=True):
            code, said = lake_command(made, "run", DEPARTMENT, "--date", f"{DAY}")
            assert code == 0, said
            yield made


@pytest.fixture(scope="module")
def sharing(lake: Settings) -> Iterator[Settings]:
    service = start_sharing(lake)
    yield lake
    stop(service)


def profile_of(lake: Settings, name: str) -> Any:
    path = lake.home / f"{name}.share"
    write_private(path, json.dumps(enrol(lake, name, 1)))
    return path


def test_the_same_rows_are_published(sharing: Settings) -> None:
    profile = profile_of(sharing, "分析")
    found = delta_sharing.load_as_pandas(f"{profile}#suihua.{DEPARTMENT}.{TABLE}")
    wanted = [row for number, row in enumerate(teachers()) if number != BROKEN]
    assert Counter(found["subject"]) == Counter(row[3] for row in wanted)
    assert found["identity_number"].nunique() == len(wanted)
    assert not set(found["identity_number"]) & {row[1] for row in teachers()}
    assert verify(sharing).ok


def test_a_range_of_a_file_is_that_range(sharing: Settings) -> None:
    """The official client asks for whole files; other clients ask for parts."""
    profile = json.loads(profile_of(sharing, "部分").read_text())
    bearer = {"Authorization": f"Bearer {profile['bearerToken']}"}
    where = f"{sharing.sharing_url}/shares/suihua/schemas/{DEPARTMENT}/tables/{TABLE}"
    lines = httpx.post(f"{where}/query", json={}, headers=bearer).text.splitlines()
    url = json.loads(lines[2])["file"]["url"]
    whole = httpx.get(url).content
    for asked, part in (
        ("bytes=0-3", whole[:4]),
        ("bytes=5-", whole[5:]),
        ("bytes=-8", whole[-8:]),
    ):
        answer = httpx.get(url, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, part)
    assert httpx.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert httpx.head(url).headers["content-length"] == str(len(whole))


def test_nothing_of_the_zones_lies_on_this_machine(lake: Settings) -> None:
    assert not lake.layers.zones.exists()
    assert not list(lake.layers.scratch.rglob("*.*"))
    keys = [
        path for path in lake.home.rglob("*") if path.suffix in (".parquet", ".csv")
    ]
    assert [path for path in keys if "sources" not in path.parts] == []


def test_spark_is_kept_to_its_duty_s_zones(lake: Settings) -> None:
    """A server shares its account with all who use it."""
    shared = lake.layers.shared_table(CURATED, DEPARTMENT, TABLE)
    collector = session(lake, Duty.COLLECTOR, "test")
    address = store_of(lake, Duty.COLLECTOR).spark_address(shared)
    with pytest.raises(PySparkException, match="(?i)forbidden|denied"):
        collector.read.format("delta").load(address).count()
    with pytest.raises(PySparkException, match="(?i)forbidden|denied"):
        collector.range(1).write.format("delta").save(f"{address}-other")


def test_raw_is_opened_by_its_departments_key_alone(
    lake: Settings, store_server: StoreServer
) -> None:
    """Neither by the administrator's login, nor by another key, nor on the disk."""
    admin = client(lake, administrator(lake))
    name = bucket(lake.store_prefix, RAW, DEPARTMENT)
    found = [item.object_name for item in admin.list_objects(name, recursive=True)]
    files = [key for key in found if not key.endswith("/")]
    other = SseCustomerKey(secrets.token_bytes(BYTES))
    own = sealing(lake, RAW, DEPARTMENT)
    assert {Path(key).suffix for key in files} >= {".csv", ".json", ".parquet"}
    for key in files:
        for wrong in (None, other):
            with pytest.raises(S3Error):
                admin.get_object(name, key, ssec=wrong)
        answer = admin.get_object(name, key, ssec=own)
        answer.close()
    data = store_server.settings.layers.store_server / "data"
    delivered = "赵老师".encode("gb18030")
    assert not [path for path in (data / name).rglob("*") if _holds(path, delivered)]


def _holds(path: Path, told: bytes) -> bool:
    return path.is_file() and told in path.read_bytes()


def test_no_secret_stands_in_what_spark_was_started_with(lake: Settings) -> None:
    told = [
        path.read_text("utf-8", "replace")
        for path in (lake.layers.state / "spark").rglob("connect-*.conf")
    ]
    told += [
        path.read_text("utf-8", "replace")
        for path in lake.layers.logs.rglob("spark*.log")
    ]
    for duty in Duty:
        secret = lake.secret(f"store_{duty}").partition(":")[2]
        assert not any(secret in text for text in told), duty
    key = lake.secret(f"store_key_{DEPARTMENT}")
    assert not any(key in text for text in told)


@contextmanager
def drivers(lake: Settings, folder: Path) -> Iterator[list[Any]]:
    """Two Spark servers that may both write in raw; the way of their commits is slow."""
    duties = {Duty.COLLECTOR: free_port(), Duty.RETENTION: free_port()}
    other = Layers(folder)
    shutil.copytree(lake.layers.secrets, other.secrets)
    slow = losing_answers(lake.store, lake.store_ca, folder / "no", held_up=HELD_UP)
    with slow as proxy, ExitStack() as stack:
        alone = replace(
            lake, home=folder, store=proxy, store_ca="", spark_master="local[1]"
        )
        for duty, port in duties.items():
            server = _start(alone, duty, port, True)
            stack.callback(stop, server)
            wait_until(server, partial(listening, port), 90)
        yield [_joined(alone, f"sc://localhost:{port}") for port in duties.values()]


def test_two_drivers_lose_commits_of_a_bare_table(
    lake: Settings, tmp_path: Path
) -> None:
    """Why there is one publisher per table: both are told that their commit stands."""
    facts = (DEPARTMENT, TABLE, DAY, "bare")
    address = store_of(lake, Duty.COLLECTOR).spark_address(
        lake.layers.raw_attempt(*facts)
    )
    with drivers(lake, tmp_path / "drivers") as both:
        both[0].range(0).write.format("delta").save(address)
        for spark in both:  # the first time takes longer than the way is slow
            assert append(spark, address, threading.Barrier(1))()
        start = threading.Barrier(2)
        ends = [append(spark, address, start) for spark in both]
        acknowledged = sum(end() for end in ends)
        found = both[0].read.format("delta").load(address).count()
    assert (acknowledged, found) == (2, 3), "one of two acknowledged rows is lost"


def append(spark: Any, address: str, start: threading.Barrier) -> Any:
    """One row appended in a thread; whether it was acknowledged."""
    ends: list[bool] = []

    def run() -> None:
        start.wait()
        try:
            spark.range(1).write.format("delta").mode("append").save(address)
        except PySparkException:
            ends.append(False)
        else:
            ends.append(True)

    thread = threading.Thread(target=run)
    thread.start()

    def ended() -> bool:
        thread.join()
        return ends == [True]

    return ended


def test_a_container_s_process_becomes_a_master(lake: Settings, tmp_path: Path) -> None:
    """What docker/entry starts; without the cluster's secret it does not."""
    port = free_port()
    command = [sys.executable, "-m", "ops.spark_cluster", "master"]
    where = ["--host", "127.0.0.1", "--port", str(port)]
    log, environment = tmp_path / "log", {"PYTHONPATH": str(ROOT)}
    stranger = {**environment, "LAKE_HOME": str(tmp_path / "other")}
    refused = start("master", [*command, *where], log, stranger)
    assert refused.process.wait(60) != 0 and "spark_cluster" in log.read_text()
    known = {**environment, **lake.environment}
    master = start("master", [*command, *where], log, known)
    try:
        wait_until(master, partial(listening, port), 60)
    finally:
        stop(master)


def test_receipts_say_who_published(lake: Settings) -> None:
    receipts = [event.body for event in open_ledger(lake).events("published")]
    assert [body["lease"] for body in receipts] == [1]
